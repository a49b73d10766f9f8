import type { MemoryKafka } from '../../dist/client/memory/memory-kafka.js';
import { CacheBudget } from '../../dist/state/cache/cache-budget.js';
import type { CachingKeyValueStore } from '../../dist/state/stores/stores.js';
import type { ValueAndTimestamp } from '../../dist/state/stores/serde-codec.js';
import { TaskState } from '../../dist/state/task-state.js';
import type { VirtualClock } from '../../dist/time/virtual-clock.js';
import type { HistorySettings } from './history-settings.js';
import type { OpenStore } from './probe.js';
import type { SimulatedDisk, TaskFiles } from './simulated-disk.js';
import { shown, textStoreBuilder } from './text-store.js';
import { demand } from './workload.js';

export interface StoreCheckDeps {
  readonly settings: HistorySettings;
  readonly kafka: MemoryKafka;
  readonly clock: VirtualClock;
}

/** Compares stores with what their changelogs say, read from the beginning by a reader with `read_committed`. */
export class StoreCheck {
  constructor(private readonly deps: StoreCheckDeps) {}

  /** Stores of running tasks, at a moment when nothing is uncommitted. */
  checkLive(stores: readonly OpenStore[]): void {
    for (const { life, name, partition, store } of stores) {
      const where = `store ${name} of partition ${partition} in ${life.identity}`;
      this.#compare(where, store.contents(), this.#changelog(name, partition));
    }
  }

  /** What a disk holds, brought up to date with the tail of the changelog as a new owner would do it. */
  checkDisk(disk: SimulatedDisk): void {
    for (const [taskId, files] of disk.tasks) this.#checkTask(disk, taskId, files);
  }

  #checkTask(disk: SimulatedDisk, taskId: string, files: TaskFiles): void {
    const { settings, kafka, clock } = this.deps;
    const names = [...files.stores];
    const partition = Number(taskId.slice(taskId.indexOf('_') + 1));
    const state = new TaskState({
      taskId,
      builders: names.map((name) =>
        textStoreBuilder(name, settings, name === 'ticks' || name === 'seen' ? false : settings.isCached),
      ),
      persistentEngine: files.copy(),
      context: { recordTimestampMs: () => 0, recordContext: () => undefined, writeExpired: () => undefined },
      cacheBudget: new CacheBudget(),
      changelogTopic,
      clock,
    });
    for (const name of names) {
      const offset = state.changelogOffset(name);
      // Without an offset it is restored from the beginning.
      if (offset === undefined) continue;
      const tail = kafka.records(changelogTopic(name), partition).filter((record) => record.offset >= offset);
      state.restore(name, tail, offset);
      const where = `store ${name} of task ${taskId} on ${disk.name}, at offset ${offset}`;
      this.#compare(where, this.#contents(state, name), this.#changelog(name, partition));
    }
  }

  #contents(state: TaskState, name: string): Map<string, string> {
    if (!this.deps.settings.isTimestamped) {
      return new Map([...(state.store(name) as CachingKeyValueStore<string, string>).all()]);
    }
    const store = state.store(name) as CachingKeyValueStore<string, ValueAndTimestamp<string>>;
    return new Map([...store.all()].map(([key, { value, timestampMs }]) => [key, `${value} @${timestampMs}`]));
  }

  #changelog(name: string, partition: number): Map<string, string> {
    const { kafka, settings } = this.deps;
    const contents = new Map<string, string>();
    for (const { key, value, timestamp } of kafka.records(changelogTopic(name), partition)) {
      const text = key?.toString() ?? '';
      if (value === null) contents.delete(text);
      else contents.set(text, shown(value.toString(), timestamp, settings));
    }
    return contents;
  }

  #compare(where: string, actual: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string>): void {
    for (const key of new Set([...actual.keys(), ...expected.keys()])) {
      const [has, should] = [actual.get(key), expected.get(key)];
      demand(
        has === should,
        () => `${where}: ${key} is ${has ?? 'absent'}, but its changelog says ${should ?? 'absent'}`,
      );
    }
  }
}

export function changelogTopic(store: string): string {
  return `app-${store}-changelog`;
}
