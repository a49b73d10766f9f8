import { writeSync } from 'node:fs';
import { serdes } from '../../dist/serde/serdes.js';
import { CacheBudget } from '../../dist/state/cache/cache-budget.js';
import { TaskDirectory } from '../../dist/state/directory/task-directory.js';
import type { KeyValueStore } from '../../dist/state/stores/key-value-store.js';
import type { StoreBuilder } from '../../dist/state/stores/store-builder.js';
import { Stores } from '../../dist/state/stores/stores.js';
import { TaskState } from '../../dist/state/task-state.js';
import { systemClock } from '../../dist/time/clock.js';

/** Keys of each store: enough that a flush takes a while, few enough that each is overwritten again and again. */
export const KEYS = 400;
export const STORES = ['first', 'second'];

export function openState(path: string): { readonly directory: TaskDirectory; readonly state: TaskState } {
  const directory = new TaskDirectory({ path, applicationId: 'app', taskId: '0_0', clock: systemClock });
  const builders = STORES.map((name) =>
    Stores.keyValueStore({ name, keySerde: serdes.string, valueSerde: serdes.string }),
  );
  const state = new TaskState({
    taskId: '0_0',
    builders: builders as unknown as StoreBuilder[],
    persistentEngine: directory.engine,
    context: { recordTimestampMs: () => 0, recordContext: () => undefined, writeExpired: () => undefined },
    cacheBudget: new CacheBudget(),
    changelogTopic: (store) => store,
    clock: systemClock,
    flush: { flushBytes: 1 },
  });
  return { directory, state };
}

/**
 * Writes round after round: each round gives every key of both stores the round's number and commits it as the
 * changelogs' offset, then prints a dot. Never ends by itself.
 */
function main(path: string): void {
  const { state } = openState(path);
  let round = state.changelogOffset('first') ?? 0;
  for (;;) {
    round++;
    for (const name of STORES) {
      const store = state.store(name) as KeyValueStore<string, string>;
      for (let key = 0; key < KEYS; key++) store.put(`key-${key}`, String(round).padEnd(10 + (round % 7) * 40, '.'));
    }
    state.drainChangelog(() => undefined);
    state.commit(new Map(STORES.map((name) => [name, round])));
    writeSync(1, '.');
  }
}

const [, script, path] = process.argv;
if (script?.endsWith('crash-child.js') === true && path !== undefined) main(path);
