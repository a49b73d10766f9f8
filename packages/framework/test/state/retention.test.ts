import assert from 'node:assert/strict';
import { serdes } from '../../dist/serde/serdes.js';
import { Stores } from '../../dist/state/stores/stores.js';
import type { TaskState } from '../../dist/state/task-state.js';
import { Windowed } from '../../dist/time/windowed.js';
import { ENGINES, removeTemporaryDirectories, StateHarness } from './state-harness.js';

const STRINGS = { keySerde: serdes.string, valueSerde: serdes.string } as const;
const MINUTE_MS = 60_000;

for (const engine of ENGINES) {
  describe(`retention on ${engine}`, () => {
    afterEach(removeTemporaryDirectories);

    it('should keep windows, sessions and versions of a day with an hour of retention within two hours of entries', () => {
      const retentionMs = 60 * MINUTE_MS;
      const flush = { flushBytes: 50_000 };
      const windows = new StateHarness(
        Stores.windowStore({ ...STRINGS, name: 'w', engine, retentionMs, windowSizeMs: MINUTE_MS }),
        { flush },
      );
      const sessions = new StateHarness(Stores.sessionStore({ ...STRINGS, name: 's', engine, retentionMs }), { flush });
      const versions = new StateHarness(
        Stores.versionedKeyValueStore({ ...STRINGS, name: 'v', engine, historyRetentionMs: retentionMs }),
        { flush },
      );
      const most = { windows: 0, sessions: 0, versions: 0 };
      const count = (state: TaskState, name: string): number => {
        state.flush();
        return state.approximateEntries(name);
      };
      for (let minute = 0; minute < 24 * 60; minute++) {
        const timeMs = minute * MINUTE_MS;
        for (let key = 0; key < 20; key++) {
          windows.store.put(`k${key}`, 'value', timeMs);
          sessions.store.put(new Windowed(`k${key}`, { startMs: timeMs, endMs: timeMs + 1000 }), 'value');
          versions.store.put(`k${key}`, key % 5 === 0 ? null : 'value', timeMs);
        }
        for (const test of [windows, sessions, versions]) test.commit();
        if (minute % 60 !== 59) continue;
        most.windows = Math.max(most.windows, count(windows.state, 'w'));
        most.sessions = Math.max(most.sessions, count(sessions.state, 's'));
        most.versions = Math.max(most.versions, count(versions.state, 'v'));
      }
      // 20 keys x 60 minutes are live; at most half an hour's segment more is kept, and a version has its latest, too.
      assert.ok(most.windows >= 1200 && most.windows <= 1900, String(most.windows));
      assert.ok(most.sessions >= 1200 && most.sessions <= 1900, String(most.sessions));
      assert.ok(most.versions >= 1200 && most.versions <= 2000, String(most.versions));
      for (const test of [windows, sessions, versions]) test.close();
    }).timeout(60_000);

    it('should delete expired entries as fast as new ones come, however many there are in a commit', () => {
      const windows = new StateHarness(
        Stores.windowStore({ ...STRINGS, name: 'w', engine, retentionMs: 2 * MINUTE_MS, windowSizeMs: 1000 }),
        { flush: { flushBytes: 1 } },
      );
      const perCommit = 30_000;
      let most = 0;
      for (let commit = 0; commit < 9; commit++) {
        for (let n = 0; n < perCommit; n++) windows.store.put(`k${n}`, '', commit * MINUTE_MS);
        windows.commit();
        windows.changelog.length = 0;
        most = Math.max(most, windows.state.approximateEntries('w'));
      }
      // Two minutes are live, and one waits to be deleted.
      assert.ok(most <= 4 * perCommit, String(most));
      windows.close();
    }).timeout(60_000);
  });
}
