import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serdes, Stores, type KeyValueStore } from '@millrace/framework';
// The engine is no part of the framework's public interface.
import { CacheBudget } from '../../../packages/framework/dist/state/cache/cache-budget.js';
import { LmdbEngine } from '../../../packages/framework/dist/state/engine/lmdb/lmdb-engine.js';
import { TaskState } from '../../../packages/framework/dist/state/task-state.js';
import { systemClock } from '../../../packages/framework/dist/time/clock.js';
import { round } from '../common/results.js';

/** Reading, changing and writing each key once, in an order that jumps about, through an LMDB store that has them all. */
export interface StoreFigures {
  readonly keys: number;
  /** First writes of each key, in ascending order. */
  readonly insertsPerSecond: number;
  readonly changesPerSecond: number;
  /** A commit may write to LMDB; nothing else runs meanwhile. */
  readonly longestCommitMs: number;
  readonly fileMiB: number;
}

/** Operations between two commits: about 100 ms of work. */
const COMMIT_EVERY = 10_000;
const VALUE_BYTES = 100;
/** Prime and no divisor of a round number: multiples of it, modulo the number of keys, visit each key once. */
const STRIDE = 7919;

export function storePart(sizes: readonly number[]): StoreFigures[] {
  return sizes.map((keys) => {
    if (keys % STRIDE === 0) throw new Error(`--store-keys must not be a multiple of ${STRIDE}.`);
    const figures = measure(keys);
    console.log(
      `store, ${keys} keys: ${figures.changesPerSecond} changes/s (${figures.insertsPerSecond} inserts/s), ` +
        `longest commit ${figures.longestCommitMs} ms, file ${figures.fileMiB} MiB`,
    );
    return figures;
  });
}

function measure(keys: number): StoreFigures {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  try {
    const file = join(directory, 'data');
    const state = openState(file);
    const store = state.store('table') as KeyValueStore<string, Buffer>;
    const commits = new Commits(state);
    const insertSeconds = time(() => {
      for (let index = 0; index < keys; index++) {
        store.put(keyOf(index), Buffer.alloc(VALUE_BYTES));
        commits.count();
      }
      state.flush();
    });
    const changeSeconds = time(() => {
      for (let step = 0; step < keys; step++) {
        change(store, keyOf((step * STRIDE) % keys));
        commits.count();
      }
      state.flush();
    });
    checkAll(store, keys);
    state.close(true);
    return {
      keys,
      insertsPerSecond: Math.round(keys / insertSeconds),
      changesPerSecond: Math.round(keys / changeSeconds),
      longestCommitMs: round(commits.longestMs),
      fileMiB: Math.round(statSync(file).size / 2 ** 20),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function openState(file: string): TaskState {
  const { string, bytes } = serdes;
  return new TaskState({
    taskId: '0_0',
    builders: [
      Stores.keyValueStore({
        name: 'table',
        keySerde: string,
        valueSerde: bytes,
        engine: 'lmdb',
        changelog: { enabled: false },
      }),
    ],
    persistentEngine: new LmdbEngine({ file, isDurable: false }),
    context: { recordTimestampMs: () => 0, recordContext: () => undefined, writeExpired: () => undefined },
    cacheBudget: new CacheBudget(0),
    changelogTopic: (name) => name,
    clock: systemClock,
  });
}

class Commits {
  longestMs = 0;
  private open = 0;

  constructor(private readonly state: TaskState) {}

  count(): void {
    if (++this.open < COMMIT_EVERY) return;
    this.open = 0;
    const startMs = performance.now();
    this.state.commit(new Map());
    this.longestMs = Math.max(this.longestMs, performance.now() - startMs);
  }
}

function change(store: KeyValueStore<string, Buffer>, key: string): void {
  const value = store.get(key);
  if (value === undefined) throw new Error(`${key} is not in the store.`);
  const next = Buffer.from(value);
  next.writeUInt32BE(next.readUInt32BE(0) + 1, 0);
  store.put(key, next);
}

/** Some keys of the whole range must have been changed exactly once. */
function checkAll(store: KeyValueStore<string, Buffer>, keys: number): void {
  for (let index = 0; index < keys; index += Math.ceil(keys / 1000)) {
    const changes = store.get(keyOf(index))?.readUInt32BE(0);
    if (changes !== 1) throw new Error(`${keyOf(index)} was changed ${changes} times.`);
  }
}

function keyOf(index: number): string {
  return `key-${String(index).padStart(10, '0')}`;
}

function time(work: () => void): number {
  const startMs = performance.now();
  work();
  return (performance.now() - startMs) / 1000;
}
