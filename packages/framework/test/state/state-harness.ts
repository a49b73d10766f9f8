import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CacheBudget } from '../../dist/state/cache/cache-budget.js';
import { TaskDirectory } from '../../dist/state/directory/task-directory.js';
import type { StoreUpdate } from '../../dist/state/cache/update-cache.js';
import type { EngineKind } from '../../dist/state/engine/engine.js';
import type { StateFlushOptions } from '../../dist/state/state-options.js';
import type { CachingStore } from '../../dist/state/stores/key-value-store.js';
import type { StateStore } from '../../dist/state/stores/state-store.js';
import type { StoreBuilder } from '../../dist/state/stores/store-builder.js';
import type { RestoreRecord } from '../../dist/state/stores/store-environment.js';
import { TaskState } from '../../dist/state/task-state.js';
import type { Clock } from '../../dist/time/clock.js';

/** A clock that stands still until it is told. */
export class ManualClock implements Clock {
  nowMs = 1_700_000_000_000;

  now(): number {
    return this.nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  async sleep(ms: number): Promise<void> {
    await Promise.resolve();
    this.nowMs += ms;
  }
}

export interface HarnessOptions {
  readonly cacheMaxBytes?: number;
  readonly flush?: StateFlushOptions;
}

const directories: string[] = [];

/** A directory that {@link removeTemporaryDirectories} deletes. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-state-'));
  directories.push(directory);
  return directory;
}

export function removeTemporaryDirectories(): void {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
}

/**
 * One task with one store, its changelog as an array, and what a runtime does with both: commit, abort, clean stop,
 * crash, restore.
 */
export class StateHarness<S extends StateStore, R> {
  readonly clock = new ManualClock();
  readonly changelog: RestoreRecord[] = [];
  readonly path: string;
  readonly budget: CacheBudget;
  recordTimestampMs = 0;
  recordContext: unknown = undefined;
  expired = 0;
  /** What the cache passed on, of a builder with `caching`. */
  readonly updates: StoreUpdate<unknown, unknown>[] = [];
  restoredRecords = 0;
  #state!: TaskState;
  #directory: TaskDirectory | undefined;

  constructor(
    readonly builder: StoreBuilder<S, R>,
    private readonly options: HarnessOptions = {},
  ) {
    this.path = builder.settings.engine === 'lmdb' ? join(temporaryDirectory(), '0_0') : '';
    this.budget = new CacheBudget(options.cacheMaxBytes);
    this.#open();
  }

  get state(): TaskState {
    return this.#state;
  }

  get store(): S {
    return this.#state.store(this.builder.name) as S;
  }

  get readOnly(): R {
    return this.#state.readOnlyStore(this.builder.name) as R;
  }

  /**
   * What a runtime does for a commit, with a changelog that takes everything.
   *
   * @param isPlaced false: it does not ask where the changelog ends
   */
  commit(isPlaced = true): void {
    this.#state.flushCaches();
    this.drain();
    this.#state.commit(isPlaced ? new Map([[this.builder.name, this.changelog.length]]) : undefined);
  }

  /** Produces what the changelog lacks. */
  drain(): void {
    this.#state.drainChangelog((_store, key, value, timestamp) => this.changelog.push({ key, value, timestamp }));
  }

  /** Drops the transaction, together with what of it is in the changelog (as consumers see an aborted transaction). */
  abort(committedLength: number): void {
    this.#state.abort();
    this.changelog.length = committedLength;
  }

  /** Stops with all committed changes in the engine, and starts again. */
  stopAndReopen(): void {
    this.#state.close(true);
    this.#directory?.close(true);
    this.#open();
  }

  /** Loses everything that is in memory, and starts again. */
  crashAndReopen(): void {
    this.#state.close(false);
    this.#directory?.close(false);
    this.#open();
  }

  close(): void {
    this.#state.close(true);
    this.#directory?.close(true);
  }

  #open(): void {
    if (this.path !== '') {
      const { clock, path } = this;
      this.#directory = new TaskDirectory({ path, applicationId: 'app', taskId: '0_0', clock });
    }
    this.#state = new TaskState({
      taskId: '0_0',
      builders: [this.builder as unknown as StoreBuilder],
      ...(this.#directory && { persistentEngine: this.#directory.engine }),
      context: {
        recordTimestampMs: () => this.recordTimestampMs,
        recordContext: () => this.recordContext,
        writeExpired: () => {
          this.expired++;
        },
      },
      cacheBudget: this.budget,
      changelogTopic: (store) => `app-${store}-changelog`,
      clock: this.clock,
      ...(this.options.flush && { flush: this.options.flush }),
    });
    this.#listen();
    this.#restore();
  }

  #listen(): void {
    const { store } = this;
    if (isCaching(store)) store.setUpdateListener((update) => void this.updates.push(update), true);
  }

  #restore(): void {
    const { name } = this.builder;
    const from = this.#state.changelogOffset(name) ?? 0;
    this.restoredRecords = this.changelog.length - from;
    for (let at = from; at < this.changelog.length; at += 7) {
      const batch = this.changelog.slice(at, at + 7);
      this.#state.restore(name, batch, at + batch.length);
    }
  }
}

function isCaching(store: StateStore): store is StateStore & CachingStore<unknown, unknown> {
  return 'setUpdateListener' in store;
}

/** Both engines run every contract. */
export const ENGINES: readonly EngineKind[] = ['memory', 'lmdb'];
