import assert from 'node:assert/strict';
import { serdes } from '../../dist/serde/serdes.js';
import type { StoreUpdate } from '../../dist/state/cache/update-cache.js';
import { Stores, type SerdeStoreOptions } from '../../dist/state/stores/stores.js';
import { Windowed } from '../../dist/time/windowed.js';
import { ENGINES, removeTemporaryDirectories, StateHarness } from './state-harness.js';

const STRINGS = { keySerde: serdes.string, valueSerde: serdes.string } as const;

function options(engine: 'memory' | 'lmdb'): SerdeStoreOptions<string, string> {
  return { ...STRINGS, name: 'cached', engine, caching: true };
}

type Update = StoreUpdate<string, string>;
const brief = ({ key, newValue, oldValue }: Update): string => `${key}: ${oldValue ?? '-'} -> ${newValue ?? '-'}`;

for (const engine of ENGINES) {
  describe(`caching store on ${engine}`, () => {
    afterEach(removeTemporaryDirectories);

    it('should pass on the last update of each key before the commit, with the value of the last commit', () => {
      const test = new StateHarness(Stores.keyValueStore(options(engine)));
      const updates: Update[] = [];
      assert.equal(
        test.store.setUpdateListener((update) => void updates.push(update), true),
        true,
      );
      test.recordTimestampMs = 1;
      test.store.put('a', '1');
      test.store.put('b', '1');
      test.recordTimestampMs = 2;
      test.recordContext = 'second record';
      test.store.put('a', '2');
      assert.equal(updates.length, 0);
      test.commit();
      assert.deepEqual(updates.map(brief), ['b: - -> 1', 'a: - -> 2']);
      assert.equal(updates[1]?.timestampMs, 2);
      assert.equal(updates[1]?.recordContext, 'second record');
      test.store.put('a', '3');
      test.store.delete('b');
      test.store.put('c', 'short-lived');
      test.store.delete('c');
      test.commit();
      assert.deepEqual(updates.slice(2).map(brief), ['a: 2 -> 3', 'b: 1 -> -']);
      assert.equal(test.budget.usedBytes, 0);
      test.close();
    });

    it('should leave out old values when they are not asked for', () => {
      const test = new StateHarness(Stores.keyValueStore(options(engine)));
      const updates: Update[] = [];
      test.store.setUpdateListener((update) => void updates.push(update), false);
      test.store.put('a', '1');
      test.commit();
      test.store.put('a', '2');
      test.commit();
      assert.deepEqual(updates.map(brief), ['a: - -> 1', 'a: - -> 2']);
      test.close();
    });

    it('should pass on the least recently updated keys first when the budget is exceeded', () => {
      const test = new StateHarness(Stores.keyValueStore(options(engine)), { cacheMaxBytes: 600 });
      const updates: Update[] = [];
      test.store.setUpdateListener((update) => void updates.push(update), true);
      for (const key of ['a', 'b', 'c', 'a', 'd', 'e']) test.store.put(key, key);
      assert.ok(updates.length > 0);
      assert.ok(test.budget.usedBytes <= 600);
      assert.equal(updates[0]?.key, 'b');
      test.commit();
      assert.deepEqual(updates.map(({ key }) => key).sort(), ['a', 'b', 'c', 'd', 'e']);
      test.close();
    });

    it('should leave it to the writer to pass on each update with a budget of 0', () => {
      const test = new StateHarness(Stores.keyValueStore(options(engine)), { cacheMaxBytes: 0 });
      const updates: Update[] = [];
      assert.equal(
        test.store.setUpdateListener((update) => void updates.push(update), true),
        false,
      );
      test.store.put('a', '1');
      test.commit();
      assert.deepEqual(updates, []);
      test.close();
    });

    it('should take writes that a listener makes while it is told', () => {
      const test = new StateHarness(Stores.keyValueStore(options(engine)));
      const updates: Update[] = [];
      test.store.setUpdateListener((update) => {
        updates.push(update);
        if (update.key === 'a') test.store.put('from a', 'x');
      }, true);
      test.store.put('a', '1');
      test.commit();
      assert.deepEqual(updates.map(brief), ['a: - -> 1', 'from a: - -> x']);
      assert.equal(test.changelog.length, 2);
      test.close();
    });

    it('should pass on windows and sessions with their keys', () => {
      const windows = new StateHarness(
        Stores.windowStore({ ...options(engine), retentionMs: 60_000, windowSizeMs: 10_000 }),
      );
      const seen: string[] = [];
      windows.store.setUpdateListener(({ key, newValue }) => void seen.push(`${key.toString()}=${newValue}`), true);
      windows.store.put('k', 'v1', 20_000);
      windows.store.put('k', 'v2', 20_000);
      windows.commit();
      const sessions = new StateHarness(Stores.sessionStore({ ...options(engine), retentionMs: 60_000 }));
      sessions.store.setUpdateListener(({ key, newValue }) => void seen.push(`${key.toString()}=${newValue}`), true);
      sessions.store.put(new Windowed('k', { startMs: 5, endMs: 9 }), 's');
      sessions.commit();
      assert.deepEqual(seen, ['[k@20000/30000]=v2', '[k@5/9]=s']);
      windows.close();
      sessions.close();
    });
  });
}
