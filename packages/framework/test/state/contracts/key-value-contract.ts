import assert from 'node:assert/strict';
import { serdes } from '../../../dist/serde/serdes.js';
import type { ReadOnlyKeyValueStore } from '../../../dist/state/stores/key-value-store.js';
import type { ValueAndTimestamp } from '../../../dist/state/stores/serde-codec.js';
import type { StoreBuilder } from '../../../dist/state/stores/store-builder.js';
import { Stores, type CachingKeyValueStore, type SerdeStoreOptions } from '../../../dist/state/stores/stores.js';
import { StateHarness } from '../state-harness.js';
import type { StoreKindUnderTest, StoreVariant } from './store-kind.js';

/** One of the two kinds that differ only in what a value is. */
export interface KeyValueValues<V> {
  readonly title: string;
  readonly hasTimes: boolean;
  of(text: string, timestampMs: number): V;
  text(value: V): string;
  builder<K>(
    options: SerdeStoreOptions<K, string>,
  ): StoreBuilder<CachingKeyValueStore<K, V>, ReadOnlyKeyValueStore<K, V>>;
}

type Kind<V> = StoreKindUnderTest<ReadOnlyKeyValueStore<string, V>, CachingKeyValueStore<string, V>>;

export const plainKeyValues: KeyValueValues<string> = {
  title: 'key-value',
  hasTimes: false,
  of: (text) => text,
  text: (value) => value,
  builder: (options) => Stores.keyValueStore(options),
};

export const timestampedKeyValues: KeyValueValues<ValueAndTimestamp<string>> = {
  title: 'timestamped key-value',
  hasTimes: true,
  of: (value, timestampMs) => ({ value, timestampMs }),
  text: ({ value }) => value,
  builder: (options) => Stores.timestampedKeyValueStore(options),
};

export const keyValueKind = kindOf(plainKeyValues);
export const timestampedKeyValueKind = kindOf(timestampedKeyValues);

function kindOf<V>(values: KeyValueValues<V>): Kind<V> {
  const { of, text, title, hasTimes } = values;
  const STRINGS = { name: 'store', keySerde: serdes.string, valueSerde: serdes.string };
  return {
    ...{ title, hasTimes, isCaching: true },
    builder: (variant) => values.builder({ ...STRINGS, ...variant }),
    put: (store, key, value, timeMs) => store.put(key, value === null ? null : of(value, timeMs)),
    get(store, key) {
      const found = store.get(key);
      return found === undefined ? undefined : text(found);
    },
    walks: (store) => [
      () => store.all(),
      () => store.reverseAll(),
      () => store.range('a', 'c'),
      () => store.reverseRange('a', 'c'),
      () => store.prefixScan(Buffer.from('a')),
    ],
    calls: (store) => [() => store.get('a'), () => store.approximateNumEntries()],
    writes: (store) => [
      () => store.put('a', of('1', 0)),
      () => store.putIfAbsent('a', of('1', 0)),
      () => store.putAll([['a', of('1', 0)]]),
      () => store.delete('a'),
    ],
    contract: (variant) => keyValueContract(values, variant),
  };
}

/** What key-value stores promise beyond what all stores do. */
function keyValueContract<V>({ of, text, builder, hasTimes }: KeyValueValues<V>, variant: StoreVariant): void {
  const open = () =>
    new StateHarness(builder({ name: 'store', ...variant, keySerde: serdes.string, valueSerde: serdes.string }));
  const value = (content: string): V => of(content, 10);
  const textOf = (found: V | undefined) => found && text(found);

  it('should keep the old value with putIfAbsent and say which it was', () => {
    const test = open();
    assert.equal(test.store.putIfAbsent('a', value('1')), undefined);
    assert.deepEqual(test.store.putIfAbsent('a', value('2')), value('1'));
    assert.deepEqual(test.store.get('a'), value('1'));
    test.store.delete('a');
    assert.equal(test.store.putIfAbsent('a', value('3')), undefined);
    assert.deepEqual(test.store.get('a'), value('3'));
    test.close();
  });

  it('should take many entries with putAll, and give back with delete what was there', () => {
    const test = open();
    test.store.putAll([
      ['a', value('1')],
      ['b', value('2')],
      ['c', value('3')],
      ['c', null],
    ]);
    test.commit();
    assert.deepEqual(keys(test.store.all()), ['a', 'b']);
    assert.equal(textOf(test.store.delete('a')), '1');
    assert.equal(test.store.delete('a'), undefined);
    assert.equal(test.store.approximateNumEntries(), 1);
    assert.equal(test.readOnly.approximateNumEntries(), 2);
    test.close();
  });

  it('should walk ranges in both directions over committed and uncommitted entries, bounds included', () => {
    const test = open();
    for (const key of ['d', 'a', 'c']) test.store.put(key, value(key));
    test.commit();
    test.state.flush();
    test.store.put('b', value('b'));
    test.store.put('c', value('C'));
    test.store.delete('d');
    test.store.put('e', value('e'));
    assert.deepEqual(keys(test.store.all()), ['a', 'b', 'c', 'e']);
    assert.deepEqual(keys(test.store.reverseAll()), ['e', 'c', 'b', 'a']);
    const [first, second] = test.store.range('b', 'c');
    assert.deepEqual(
      [first, second],
      [
        ['b', value('b')],
        ['c', value('C')],
      ],
    );
    assert.deepEqual(keys(test.store.reverseRange('b', 'd')), ['c', 'b']);
    assert.deepEqual(keys(test.store.range(undefined, 'b')), ['a', 'b']);
    assert.deepEqual(keys(test.store.reverseRange('c', undefined)), ['e', 'c']);
    assert.deepEqual(keys(test.store.range('z', 'a')), []);
    assert.equal(test.store.approximateNumEntries(), 4);
    test.close();
  });

  it('should find keys by their first bytes', () => {
    const test = open();
    for (const key of ['a', 'ab', 'abc', 'ac', 'b', 'ÿ']) test.store.put(key, value(key));
    assert.deepEqual(keys(test.store.prefixScan(Buffer.from('ab'))), ['ab', 'abc']);
    test.commit();
    assert.deepEqual(keys(test.readOnly.prefixScan(Buffer.from('ab'))), ['ab', 'abc']);
    assert.deepEqual(keys(test.store.prefixScan(Buffer.from([0xc3]))), ['ÿ']);
    assert.equal(keys(test.store.prefixScan(Buffer.alloc(0))).length, 6);
    test.close();
  });

  it('should order empty keys and keys longer than LMDB allows by their bytes, and take empty values', () => {
    const test = new StateHarness(
      builder({ name: 'store', ...variant, keySerde: serdes.bytes, valueSerde: serdes.string }),
    );
    const long = Buffer.alloc(5000, 0x61);
    const longer = Buffer.concat([long, Buffer.from('b')]);
    const expected = [Buffer.alloc(0), Buffer.alloc(1), Buffer.alloc(2), Buffer.from([0, 1])].concat(
      [long.subarray(0, 1900), long.subarray(0, 1901), long, longer],
      [Buffer.from('b')],
    );
    for (const key of [...expected].reverse()) test.store.put(key, value(''));
    test.commit();
    test.state.flush();
    assert.deepEqual(keys(test.store.all()), expected);
    assert.deepEqual(keys(test.store.reverseAll()), [...expected].reverse());
    assert.deepEqual(keys(test.store.range(long.subarray(0, 1901), long)), [long.subarray(0, 1901), long]);
    assert.deepEqual(keys(test.store.reverseRange(long, longer)), [longer, long]);
    assert.equal(textOf(test.store.get(long)), '');
    test.close();
  });

  it(`should give changelog records the time of the ${hasTimes ? 'value, and restore it' : 'record'}`, () => {
    const test = open();
    test.recordTimestampMs = 20;
    test.store.put('a', of('1', 30));
    test.store.delete('b');
    test.commit();
    assert.deepEqual(
      test.changelog.map(({ key, value: bytes, timestamp }) => [String(key), bytes && String(bytes), timestamp]),
      [
        ['a', '1', hasTimes ? 30 : 20],
        ['b', null, 20],
      ],
    );
    test.state.reset('store');
    test.state.restore('store', test.changelog, 2);
    assert.deepEqual([...test.store.all()], [['a', of('1', 30)]]);
    test.close();
  });

  walkWhileChanging(open, value);
}

function walkWhileChanging<V>(
  open: () => StateHarness<CachingKeyValueStore<string, V>, ReadOnlyKeyValueStore<string, V>>,
  value: (text: string) => V,
): void {
  const filled = () => {
    const test = open();
    for (let n = 0; n < 3000; n++) test.store.put(String(n).padStart(4, '0'), value(String(n)));
    test.commit();
    test.state.flush();
    return test;
  };

  it('should keep iterators valid when entries ahead are written, deleted, committed and flushed', () => {
    const test = filled();
    const iterator = test.store.range('0010', '0999');
    assert.deepEqual(iterator.next().value, ['0010', value('10')]);
    test.store.delete('0011');
    test.store.put('0012', value('new'));
    test.store.put('0012a', value('inserted'));
    assert.deepEqual(iterator.next().value, ['0012', value('new')]);
    test.store.delete('0013');
    test.commit();
    assert.deepEqual(iterator.next().value, ['0012a', value('inserted')]);
    test.state.flush();
    assert.deepEqual(iterator.next().value, ['0014', value('14')]);
    test.store.put('0500', value('late'));
    const rest = new Map(iterator);
    assert.equal(rest.size, 985);
    assert.deepEqual(rest.get('0500'), value('late'));
    test.close();
  });

  it('should let queries walk across commits and flushes without seeing anything twice', () => {
    const test = filled();
    const seen: string[] = [];
    let step = 0;
    for (const [key] of test.readOnly.reverseAll()) {
      seen.push(key);
      if (++step % 100 !== 0) continue;
      test.store.put(key, value('again'));
      test.store.put(`${key}+`, value('behind'));
      test.commit();
      if (step % 500 === 0) test.state.flush();
    }
    assert.equal(seen.length, 3000);
    assert.equal(new Set(seen).size, 3000);
    assert.equal(test.readOnly.approximateNumEntries(), 3030);
    test.close();
  });
}

function keys<K>(entries: Iterable<readonly [K, unknown]>): K[] {
  return [...entries].map(([key]) => key);
}
