import assert from 'node:assert/strict';
import { serdes } from '../../dist/serde/serdes.js';
import { CacheBudget } from '../../dist/state/cache/cache-budget.js';
import { MemoryEngine } from '../../dist/state/engine/memory-engine.js';
import type { StateEngine } from '../../dist/state/engine/engine.js';
import type { KeyValueStore } from '../../dist/state/stores/key-value-store.js';
import type { StoreBuilder } from '../../dist/state/stores/store-builder.js';
import { Stores } from '../../dist/state/stores/stores.js';
import { TaskState } from '../../dist/state/task-state.js';
import { ManualClock, removeTemporaryDirectories, StateHarness } from './state-harness.js';

const STRINGS = { keySerde: serdes.string, valueSerde: serdes.string } as const;
const kv = (name: string, more: object = {}) => Stores.keyValueStore({ name, ...STRINGS, ...more });

function taskState(builders: readonly StoreBuilder[], engine?: StateEngine): TaskState {
  return new TaskState({
    taskId: '0_1',
    builders,
    ...(engine && { persistentEngine: engine }),
    context: { recordTimestampMs: () => 5, recordContext: () => undefined, writeExpired: () => undefined },
    cacheBudget: new CacheBudget(),
    changelogTopic: (store) => `app-${store}-changelog`,
    clock: new ManualClock(),
  });
}

const asBuilder = (builder: unknown): StoreBuilder => builder as StoreBuilder;

describe('TaskState', () => {
  afterEach(removeTemporaryDirectories);

  it('should write to the engine by size and by time, and keep what waits readable', () => {
    const test = new StateHarness(kv('kv', { engine: 'lmdb' }), { flush: { flushBytes: 2000, flushIntervalMs: 1000 } });
    const stored = (): string | undefined => test.state.changelogOffset('kv')?.toString();
    test.store.put('a', '1');
    test.commit();
    assert.equal(test.readOnly.get('a'), '1');
    assert.equal(stored(), '1');
    test.crashAndReopen();
    assert.equal(test.restoredRecords, 1, 'nothing was due: the crash costs the tail');
    test.clock.nowMs += 1000;
    test.state.flushIfDue();
    test.crashAndReopen();
    assert.equal(test.restoredRecords, 0, 'due by time');
    for (let n = 0; n < 20; n++) test.store.put(`key ${n}`, 'x'.repeat(50));
    test.commit();
    test.crashAndReopen();
    assert.equal(test.restoredRecords, 0, 'due by size');
    assert.equal(test.store.get('key 19'), 'x'.repeat(50));
    test.close();
  });

  it('should keep from the disk what was committed without offsets, until a commit knows them', () => {
    const test = new StateHarness(kv('kv', { engine: 'lmdb' }), { flush: { flushBytes: 1, flushIntervalMs: 1000 } });
    test.store.put('a', '1');
    test.commit(false);
    assert.equal(test.state.isFlushDue, true);
    assert.equal(test.state.isPlaced, false);
    assert.equal(test.readOnly.get('a'), '1');
    test.state.flush();
    test.stopAndReopen();
    assert.equal(test.restoredRecords, 1, 'even a clean stop leaves it to the changelog');
    test.state.flush();
    assert.equal(test.state.isFlushDue, false);
    test.store.put('a', '2');
    assert.equal(test.state.isFlushDue, true, 'the open transaction counts');
    test.commit(false);
    test.store.put('b', '3');
    test.commit();
    assert.equal(test.state.isPlaced, true);
    test.crashAndReopen();
    assert.equal(test.restoredRecords, 0);
    assert.deepEqual(
      [...test.store.all()],
      [
        ['a', '2'],
        ['b', '3'],
      ],
    );
    test.close();
  });

  it('should not bring a deleted key back from a changelog that the disk is ahead of', () => {
    const versions = Stores.versionedKeyValueStore({ name: 'v', ...STRINGS, historyRetentionMs: 60_000 });
    const test = new StateHarness(versions, { flush: { flushBytes: 1 } });
    test.store.put('k', 'old', 1_000);
    test.store.put('k', null, 3_000);
    test.commit(false);
    // Comes late, and ends where the deletion begins.
    test.store.put('k', 'late', 2_000);
    test.commit(false);
    // Now the deletion is forgotten, and with it the end of the late version.
    test.store.put('other', 'new', 1_000_000);
    test.commit(false);
    test.state.flush();
    assert.equal(test.store.get('k'), undefined);
    test.crashAndReopen();
    assert.equal(test.store.get('k'), undefined);
    test.close();
  });

  it('should ask for an early write and then for a commit as the transaction grows', () => {
    const test = new StateHarness(kv('kv', { engine: 'memory' }), {
      flush: { earlyWriteBytes: 10_000, maxOpenBytes: 25_000 },
    });
    let early = 0;
    let written = 0;
    while (!test.state.wantsCommit) {
      test.store.put(String(written++), 'x'.repeat(100));
      if (!test.state.wantsEarlyWrite) continue;
      test.drain();
      early++;
      assert.equal(test.readOnly.get('0'), undefined, 'early written is not committed');
    }
    assert.equal(early, 2);
    assert.ok(test.changelog.length > 50 && test.changelog.length < written);
    test.commit();
    assert.equal(test.changelog.length, written);
    assert.equal(test.state.openBytes, 0);
    assert.equal(test.state.wantsEarlyWrite, false);
    test.close();
  });

  it('should write a key again that changes after an early write', () => {
    const test = new StateHarness(kv('kv', { engine: 'memory' }));
    test.store.put('a', '1');
    test.store.put('b', '1');
    test.drain();
    test.store.put('a', '2');
    test.commit();
    assert.deepEqual(
      test.changelog.map(({ key, value }) => `${String(key)}=${String(value)}`),
      ['a=1', 'b=1', 'a=2'],
    );
    test.close();
  });

  it('should keep a store without changelog out of the changelog', () => {
    const test = new StateHarness(kv('kv', { engine: 'lmdb', changelog: { enabled: false } }));
    assert.equal(test.builder.changelog, undefined);
    test.store.put('a', '1');
    test.commit();
    assert.equal(test.changelog.length, 0);
    test.stopAndReopen();
    assert.equal(test.store.get('a'), '1');
    test.close();
  });

  it('should run stores on both engines in one task, each with its own offset', () => {
    const engine = new MemoryEngine();
    const state = taskState([asBuilder(kv('m', { engine: 'memory' })), asBuilder(kv('p', { engine: 'lmdb' }))], engine);
    for (const name of ['m', 'p']) (state.store(name) as KeyValueStore<string, string>).put('k', name);
    const records: string[] = [];
    state.drainChangelog((store, key, value, timestampMs) =>
      records.push([store, String(key), String(value), timestampMs].join(' ')),
    );
    state.commit(
      new Map([
        ['m', 3],
        ['p', 9],
      ]),
    );
    state.flush();
    assert.deepEqual(records, ['m k m 5', 'p k p 5']);
    assert.equal(state.changelogOffset('m'), 3);
    assert.equal(engine.metadata('offset:p'), '9');
    assert.equal(engine.metadata('offset:m'), undefined);
    assert.deepEqual(state.storeNames, ['m', 'p']);
    state.close(true);
  });

  it('should flush caches until none has anything left, downstream stores first found last', () => {
    const up = kv('up', { engine: 'memory', caching: true });
    const down = kv('down', { engine: 'memory', caching: true });
    // Listed against the flow, so that one round is not enough.
    const state = taskState([asBuilder(down), asBuilder(up)]);
    const seen: string[] = [];
    const stores = {
      up: state.store('up') as ReturnType<typeof up.build>['store'],
      down: state.store('down') as ReturnType<typeof up.build>['store'],
    };
    stores.up.setUpdateListener(({ key, newValue }) => stores.down.put(key, `${newValue}!`), false);
    stores.down.setUpdateListener(({ key, newValue }) => void seen.push(`${key}=${newValue}`), false);
    stores.up.put('a', '1');
    state.flushCaches();
    assert.deepEqual(seen, ['a=1!']);
    state.close(true);
  });

  it('should refuse state that was written with other serdes', () => {
    const engine = new MemoryEngine();
    const first = taskState([asBuilder(kv('kv'))], engine);
    first.flush();
    const other = Stores.keyValueStore({ name: 'kv', keySerde: serdes.string, valueSerde: serdes.int32 });
    assert.throws(() => taskState([asBuilder(other)], engine), {
      code: 'STATE_INCOMPATIBLE',
      message: /kv was written as .*string.*now says .*int32/,
    });
  });

  it('should empty a store whose changelog has lost its offset', () => {
    const test = new StateHarness(kv('kv', { engine: 'lmdb' }));
    for (let n = 0; n < 25_000; n++) test.store.put(String(n), 'v');
    test.commit();
    test.state.flush();
    test.store.put('open', 'v');
    test.state.reset('kv');
    assert.deepEqual([...test.store.all()], []);
    assert.equal(test.state.changelogOffset('kv'), undefined);
    test.state.restore('kv', [{ key: Buffer.from('a'), value: Buffer.from('1'), timestamp: 0 }], 7);
    assert.deepEqual([...test.readOnly.all()], [['a', '1']]);
    assert.equal(test.state.changelogOffset('kv'), 7);
    test.close();
  });

  it('should name the stores it has when asked for another, and refuse two of one name', () => {
    const state = taskState([asBuilder(kv('one'))]);
    assert.throws(() => state.store('two'), { code: 'STORE_NOT_FOUND', message: /has: one/ });
    assert.throws(() => taskState([asBuilder(kv('one')), asBuilder(kv('one'))]), { code: 'STORE_INVALID_OPTION' });
  });
});
