import assert from 'node:assert/strict';
import { StateStoreError } from '../../../dist/errors/errors.js';
import { serdes } from '../../../dist/serde/serdes.js';
import type { EngineKind } from '../../../dist/state/engine/engine.js';
import { Stores } from '../../../dist/state/stores/stores.js';
import { StateHarness } from '../state-harness.js';

/** What every key-value store must do, whatever its engine. */
export function keyValueContract(engine: EngineKind): void {
  const harness = () =>
    new StateHarness(Stores.keyValueStore({ name: 'kv', engine, keySerde: serdes.string, valueSerde: serdes.string }));

  it('should give back what was put, before and after the commit', () => {
    const test = harness();
    test.store.put('a', '1');
    assert.equal(test.store.get('a'), '1');
    test.commit();
    assert.equal(test.store.get('a'), '1');
    assert.equal(test.store.get('b'), undefined);
    test.close();
  });

  it('should keep the old value with putIfAbsent and say which it was', () => {
    const test = harness();
    assert.equal(test.store.putIfAbsent('a', '1'), undefined);
    assert.equal(test.store.putIfAbsent('a', '2'), '1');
    assert.equal(test.store.get('a'), '1');
    test.close();
  });

  it('should delete with delete and with a null value', () => {
    const test = harness();
    test.store.putAll([
      ['a', '1'],
      ['b', '2'],
    ]);
    test.commit();
    assert.equal(test.store.delete('a'), '1');
    assert.equal(test.store.delete('a'), undefined);
    test.store.put('b', null);
    assert.deepEqual([...test.store.all()], []);
    test.commit();
    assert.deepEqual([...test.store.all()], []);
    assert.equal(test.store.approximateNumEntries(), 0);
    test.close();
  });

  it('should walk ranges in both directions over committed and uncommitted entries', () => {
    const test = harness();
    for (const key of ['d', 'a', 'c']) test.store.put(key, key);
    test.commit();
    test.state.flush();
    test.store.put('b', 'b');
    test.store.put('c', 'C');
    test.store.delete('d');
    test.store.put('e', 'e');
    assert.deepEqual(keys(test.store.all()), ['a', 'b', 'c', 'e']);
    assert.deepEqual(keys(test.store.reverseAll()), ['e', 'c', 'b', 'a']);
    assert.deepEqual([...test.store.range('b', 'c')].flat(), ['b', 'b', 'c', 'C']);
    assert.deepEqual(keys(test.store.reverseRange('b', 'd')), ['c', 'b']);
    assert.deepEqual(keys(test.store.range(undefined, 'b')), ['a', 'b']);
    assert.deepEqual(keys(test.store.range('c', undefined)), ['c', 'e']);
    assert.deepEqual(keys(test.store.range('z', 'a')), []);
    assert.equal(test.store.approximateNumEntries(), 4);
    test.close();
  });

  it('should find keys by their first bytes', () => {
    const test = harness();
    for (const key of ['a', 'ab', 'abc', 'ac', 'b', 'ÿ']) test.store.put(key, key);
    assert.deepEqual(keys(test.store.prefixScan(Buffer.from('ab'))), ['ab', 'abc']);
    test.commit();
    assert.deepEqual(keys(test.store.prefixScan(Buffer.from('ab'))), ['ab', 'abc']);
    assert.deepEqual(keys(test.store.prefixScan(Buffer.from([0xc3]))), ['ÿ']);
    assert.equal(keys(test.store.prefixScan(Buffer.alloc(0))).length, 6);
    test.close();
  });

  it('should take empty keys, empty values and keys longer than LMDB allows, in byte order', () => {
    const test = new StateHarness(
      Stores.keyValueStore({ name: 'kv', engine, keySerde: serdes.bytes, valueSerde: serdes.string }),
    );
    const long = Buffer.alloc(5000, 0x61);
    const longer = Buffer.concat([long, Buffer.from('b')]);
    const expected = [
      Buffer.alloc(0),
      Buffer.alloc(1),
      Buffer.alloc(2),
      Buffer.from([0, 1]),
      long.subarray(0, 1900),
      long.subarray(0, 1901),
      long,
      longer,
      Buffer.from('b'),
    ];
    for (const key of [...expected].reverse()) test.store.put(key, '');
    test.commit();
    test.state.flush();
    assert.deepEqual(keys(test.store.all()), expected);
    assert.deepEqual(keys(test.store.reverseAll()), [...expected].reverse());
    assert.deepEqual(keys(test.store.range(long.subarray(0, 1901), long)), [long.subarray(0, 1901), long]);
    assert.deepEqual(keys(test.store.reverseRange(long, longer)), [longer, long]);
    assert.equal(test.store.get(long), '');
    test.store.delete(long);
    test.commit();
    test.state.flush();
    assert.equal(test.store.get(long), undefined);
    assert.equal(test.store.get(longer), '');
    test.close();
  });

  it('should hide uncommitted changes from interactive reads', () => {
    const test = harness();
    test.store.put('a', '1');
    test.commit();
    test.store.put('a', '2');
    test.store.put('b', '2');
    assert.equal(test.readOnly.get('a'), '1');
    assert.deepEqual(keys(test.readOnly.all()), ['a']);
    test.commit();
    assert.equal(test.readOnly.get('a'), '2');
    assert.deepEqual(keys(test.readOnly.reverseAll()), ['b', 'a']);
    test.close();
  });

  it('should drop uncommitted changes on abort', () => {
    const test = harness();
    test.store.put('a', '1');
    test.commit();
    test.store.put('a', '2');
    test.store.delete('a');
    test.store.put('b', '1');
    test.state.abort();
    assert.deepEqual([...test.store.all()], [['a', '1']]);
    assert.equal(test.store.get('a'), '1');
    test.close();
  });

  it('should write one changelog record per key and commit, with the last value and its time', () => {
    const test = harness();
    test.recordTimestampMs = 10;
    test.store.put('b', '1');
    test.store.put('a', '1');
    test.recordTimestampMs = 20;
    test.store.put('b', '2');
    test.store.delete('c');
    test.commit();
    assert.deepEqual(
      test.changelog.map(({ key, value, timestamp }) => [String(key), value && String(value), timestamp]),
      [
        ['b', '2', 20],
        ['a', '1', 10],
        ['c', null, 20],
      ],
    );
    test.commit();
    assert.equal(test.changelog.length, 3);
    test.close();
  });

  it('should refuse a null key and a commit whose changes are not in the changelog', () => {
    const test = harness();
    assert.throws(() => test.store.get(null as unknown as string), { code: 'STORE_INVALID_KEY' });
    test.store.put('a', '1');
    assert.throws(() => test.state.commit(new Map()), { code: 'ILLEGAL_STATE' });
    test.state.abort();
    test.close();
  });

  it('should raise STORE_CLOSED once its task has closed', () => {
    const test = harness();
    const { store, readOnly } = test;
    test.close();
    assert.equal(store.isOpen, false);
    for (const call of [() => store.get('a'), () => store.put('a', '1'), () => store.all(), () => readOnly.get('a')]) {
      assert.throws(call, (error) => hasCode(error, 'STORE_CLOSED'));
    }
  });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof StateStoreError && error.code === code;
}

function keys<K>(entries: Iterable<readonly [K, unknown]>): K[] {
  return [...entries].map(([key]) => key);
}
