import type { MemoryKafka } from '../../dist/client/memory/memory-kafka.js';
import type { ConsumedRecord } from '../../dist/client/records.js';
import { CacheBudget } from '../../dist/state/cache/cache-budget.js';
import { TaskState } from '../../dist/state/task-state.js';
import type { VirtualClock } from '../../dist/time/virtual-clock.js';
import type { OpenStore } from './probe.js';
import type { SimulatedDisk, TaskFiles } from './simulated-disk.js';
import type { Contents, StoreKind } from './store-kinds.js';
import { demand } from './workload.js';

export interface StoreCheckDeps {
  readonly kinds: ReadonlyMap<string, StoreKind>;
  readonly kafka: MemoryKafka;
  readonly clock: VirtualClock;
}

/** Compares stores with what their changelogs say, read from the beginning by a reader with `read_committed`. */
export class StoreCheck {
  readonly #cleaned = new Set<string>();

  constructor(private readonly deps: StoreCheckDeps) {}

  /** Stores of running tasks, at a moment when nothing is uncommitted. */
  checkLive(stores: readonly OpenStore[]): void {
    for (const { life, name, partition, store } of stores) {
      const where = `store ${name} of partition ${partition} in ${life.identity}`;
      const kind = this.#kind(name);
      this.#compare(where, kind.contents(store), this.#replay(kind, partition));
    }
  }

  /** The changelog was compacted: what its first records were can no longer be told. */
  onCleaned(changelog: string): void {
    this.#cleaned.add(changelog);
  }

  /**
   * What a disk holds: it must be the changelog up to the offset that is kept with it, neither more nor less, and all
   * of the changelog once it is brought up to date with the tail, as a new owner would do it.
   */
  checkDisk(disk: SimulatedDisk): void {
    for (const [taskId, files] of disk.tasks) this.#checkTask(disk, taskId, files);
  }

  #checkTask(disk: SimulatedDisk, taskId: string, files: TaskFiles): void {
    const { kafka, clock } = this.deps;
    const kinds = [...files.stores].map((name) => this.#kind(name));
    const partition = Number(taskId.slice(taskId.indexOf('_') + 1));
    const state = new TaskState({
      taskId,
      builders: kinds.map(({ builder }) => builder),
      persistentEngine: files.copy(),
      context: { recordTimestampMs: () => 0, recordContext: () => undefined, writeExpired: () => undefined },
      cacheBudget: new CacheBudget(),
      changelogTopic: (name) => this.#kind(name).changelog,
      clock,
    });
    for (const kind of kinds) {
      const { name, changelog } = kind;
      const offset = state.changelogOffset(name);
      // Without an offset it is restored from the beginning.
      if (offset === undefined) continue;
      const records = kafka.records(changelog, partition);
      const isOld = (record: ConsumedRecord): boolean => record.offset < offset;
      const where = `store ${name} of task ${taskId} on ${disk.name}, at offset ${offset}`;
      if (!this.#cleaned.has(changelog)) {
        this.#compare(where, kind.contents(state.store(name)), kind.replay(records.filter(isOld)));
      }
      const tail = records.filter((record) => !isOld(record));
      state.restore(name, tail, offset);
      this.#compare(`${where} with the tail`, kind.contents(state.store(name)), kind.replay(records));
    }
  }

  #replay(kind: StoreKind, partition: number): Contents {
    return kind.replay(this.deps.kafka.records(kind.changelog, partition));
  }

  #kind(name: string): StoreKind {
    const kind = this.deps.kinds.get(name);
    demand(kind !== undefined, () => `nobody has a store ${name}`);
    return kind;
  }

  #compare(where: string, actual: Contents, expected: Contents): void {
    for (const key of new Set([...actual.keys(), ...expected.keys()])) {
      const [has, should] = [actual.get(key), expected.get(key)];
      demand(
        has === should,
        () => `${where}: ${key} is ${has ?? 'absent'}, but its changelog says ${should ?? 'absent'}`,
      );
    }
  }
}
