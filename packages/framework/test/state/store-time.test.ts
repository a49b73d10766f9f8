import assert from 'node:assert/strict';
import { serdes } from '../../dist/serde/serdes.js';
import { Stores } from '../../dist/state/stores/stores.js';
import { Windowed } from '../../dist/time/windowed.js';
import { ENGINES, removeTemporaryDirectories, StateHarness } from './state-harness.js';

const STRINGS = { keySerde: serdes.string, valueSerde: serdes.string };
/** None of them can be ordered by its bytes. */
const WRONG = [NaN, -1, 1.5, Infinity, 2 ** 53, undefined as unknown as number];
const refusal = { code: 'STORE_INVALID_TIME' };

for (const engine of ENGINES) {
  describe(`times given to stores on ${engine}`, () => {
    after(removeTemporaryDirectories);
    const retentionMs = 10_000;

    for (const timeMs of WRONG) {
      it(`should be refused: ${String(timeMs)}`, () => {
        const values = new StateHarness(Stores.timestampedKeyValueStore({ ...STRINGS, name: 't', engine }));
        assert.throws(() => values.store.put('k', { value: 'v', timestampMs: timeMs }), refusal);
        values.close();

        const windows = new StateHarness(
          Stores.windowStore({ ...STRINGS, name: 'w', engine, retentionMs, windowSizeMs: 10 }),
        );
        assert.throws(() => windows.store.put('k', 'v', timeMs), refusal);
        assert.deepEqual([...windows.store.all()], []);
        windows.close();

        const sessions = new StateHarness(Stores.sessionStore({ ...STRINGS, name: 's', engine, retentionMs }));
        for (const window of [
          { startMs: timeMs, endMs: 5_000 },
          { startMs: 1_000, endMs: timeMs },
          { startMs: 1_000, endMs: 999 },
        ]) {
          assert.throws(() => sessions.store.put(new Windowed('k', window), 'v'), refusal);
        }
        assert.deepEqual([...sessions.store.fetch('k')], []);
        sessions.close();

        const versions = new StateHarness(
          Stores.versionedKeyValueStore({ ...STRINGS, name: 'v', engine, historyRetentionMs: retentionMs }),
        );
        assert.throws(() => versions.store.put('k', 'v', timeMs), refusal);
        assert.equal(versions.store.get('k'), undefined);
        versions.close();
      });
    }
  });
}
