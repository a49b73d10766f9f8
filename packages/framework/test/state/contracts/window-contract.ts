import assert from 'node:assert/strict';
import { serdes } from '../../../dist/serde/serdes.js';
import type { ValueAndTimestamp } from '../../../dist/state/stores/serde-codec.js';
import type { StoreBuilder } from '../../../dist/state/stores/store-builder.js';
import { Stores, type CachingWindowStore, type WindowStoreOptions } from '../../../dist/state/stores/stores.js';
import type { ReadOnlyWindowStore } from '../../../dist/state/stores/window-store.js';
import type { Windowed } from '../../../dist/time/windowed.js';
import { StateHarness } from '../state-harness.js';
import { RETENTION_MS, type StoreKindUnderTest, type StoreVariant } from './store-kind.js';

/** One of the two kinds that differ only in what a value is. */
export interface WindowValues<V> {
  readonly title: string;
  of(text: string, timestampMs: number): V;
  text(value: V): string;
  builder(options: WindowStoreOptions<string, string>): StoreBuilder<WindowStore<V>, ReadOnly<V>>;
}

type ReadOnly<V> = ReadOnlyWindowStore<string, V>;
type WindowStore<V> = CachingWindowStore<string, V>;
type Kind<V> = StoreKindUnderTest<ReadOnly<V>, WindowStore<V>>;

const ALL = [0, Number.MAX_SAFE_INTEGER] as const;

export const plainWindows: WindowValues<string> = {
  title: 'window',
  of: (text) => text,
  text: (value) => value,
  builder: (options) => Stores.windowStore(options),
};

export const timestampedWindows: WindowValues<ValueAndTimestamp<string>> = {
  title: 'timestamped window',
  of: (value, timestampMs) => ({ value, timestampMs }),
  text: ({ value }) => value,
  builder: (options) => Stores.timestampedWindowStore(options),
};

export const windowKind = kindOf(plainWindows);
export const timestampedWindowKind = kindOf(timestampedWindows);

function optionsOf(variant: StoreVariant): WindowStoreOptions<string, string> {
  const serdesOf = { keySerde: serdes.string, valueSerde: serdes.string };
  return { name: 'store', ...variant, ...serdesOf, retentionMs: RETENTION_MS, windowSizeMs: 10 };
}

function kindOf<V>(values: WindowValues<V>): Kind<V> {
  const { of, text, title } = values;
  return {
    ...{ title, hasTimes: true, isCaching: true },
    builder: (variant) => values.builder(optionsOf(variant)),
    put: (store, key, value, timeMs) => store.put(key, value === null ? null : of(value, 1), timeMs),
    get(store, key, timeMs) {
      const found = store.get(key, timeMs);
      return found === undefined ? undefined : text(found);
    },
    walks: (store) => [
      () => store.fetch('a', ...ALL),
      () => store.backwardFetch('a', ...ALL),
      () => store.fetchKeys('a', 'c', ...ALL),
      () => store.backwardFetchKeys('a', 'c', ...ALL),
      () => store.fetchAll(...ALL),
      () => store.backwardFetchAll(...ALL),
      () => store.all(),
      () => store.backwardAll(),
    ],
    calls: (store) => [() => store.get('a', 10_000)],
    writes: (store) => [() => store.put('a', of('1', 1), 10_000)],
    firstLiveMs: (observedMs) => observedMs - RETENTION_MS + 1,
    contract: (variant) => windowContract(values, variant),
  };
}

/** What window stores promise beyond what all stores do. */
function windowContract<V>({ of, text, builder }: WindowValues<V>, variant: StoreVariant): void {
  const open = (retainDuplicates = false) => new StateHarness(builder({ ...optionsOf(variant), retainDuplicates }));
  type Test = ReturnType<typeof open>;
  const put = (test: Test, key: string, startMs: number, value = `${key}${startMs}`): void =>
    test.store.put(key, of(value, 1), startMs);
  const ofKey = (entries: Iterable<readonly [number, V]>): string[] =>
    [...entries].map(([startMs, value]) => `${startMs}=${text(value)}`);
  const windows = (entries: Iterable<readonly [Windowed<string>, V]>): string[] =>
    [...entries].map(([{ key, window }]) => `${key}@${window.startMs}/${window.endMs}`);
  /** Of two segments; half committed and flushed, half in the open transaction. Keys are beginnings of each other. */
  const filled = (): Test => {
    const test = open();
    for (const key of ['b', 'a']) for (const startMs of [90_000, 10, 20]) put(test, key, startMs);
    test.commit();
    test.state.flush();
    for (const startMs of [30, 90_010]) put(test, 'a', startMs);
    for (const key of ['aa', 'c']) put(test, key, 20);
    test.store.put('c', null, 20);
    return test;
  };

  it('should find the windows of a key by their start, bounds included, in both directions', () => {
    const test = filled();
    const { store } = test;
    assert.deepEqual(ofKey(store.fetch('a', 20, 90_000)), ['20=a20', '30=a30', '90000=a90000']);
    assert.deepEqual(ofKey(store.backwardFetch('a', 20, 90_000)), ['90000=a90000', '30=a30', '20=a20']);
    assert.deepEqual(ofKey(store.fetch('a', 21, 29)), []);
    assert.deepEqual(ofKey(store.fetch('a', 30, 20)), []);
    assert.deepEqual(ofKey(store.fetch('aa', ...ALL)), ['20=aa20']);
    assert.deepEqual(ofKey(store.fetch('c', ...ALL)), []);
    assert.equal(store.get('a', 25), undefined);
    test.close();
  });

  it('should find the windows of a range of keys, bounds included or left open', () => {
    const test = filled();
    const { store } = test;
    const early = ['a@10/20', 'a@20/30', 'a@30/40', 'aa@20/30', 'b@10/20', 'b@20/30'];
    const late = ['a@90000/90010', 'a@90010/90020', 'b@90000/90010'];
    assert.deepEqual(windows(store.fetchKeys('aa', 'b', 10, 20)), ['aa@20/30', 'b@10/20', 'b@20/30']);
    assert.deepEqual(windows(store.fetchKeys(undefined, 'aa', 20, 90_000)), [
      ...['a@20/30', 'a@30/40', 'aa@20/30'],
      'a@90000/90010',
    ]);
    assert.deepEqual(windows(store.fetchKeys('b', undefined, 20, 30)), ['b@20/30']);
    assert.deepEqual(windows(store.fetchKeys('b', 'a', ...ALL)), []);
    const all = [...early, ...late];
    for (const found of [store.all(), store.fetchAll(...ALL), store.fetchKeys(undefined, undefined, ...ALL)]) {
      assert.deepEqual(windows(found), all, 'by segment of time, then key, then start');
    }
    const backward = [...all].reverse();
    assert.deepEqual(windows(store.backwardAll()), backward);
    assert.deepEqual(windows(store.backwardFetchAll(...ALL)), backward);
    assert.deepEqual(windows(store.backwardFetchKeys('a', 'b', ...ALL)), backward);
    assert.deepEqual(windows(store.backwardFetchKeys('a', 'aa', 10, 20)), ['aa@20/30', 'a@20/30', 'a@10/20']);
    assert.deepEqual(windows(store.fetchAll(10, 10)), ['a@10/20', 'b@10/20']);
    test.close();
  });

  it('should hide expired windows from every read, and from a restore', () => {
    const test = filled();
    test.commit();
    put(test, 'z', 90_000 + RETENTION_MS);
    assert.deepEqual(windows(test.store.all()), [
      'a@90010/90020',
      `z@${90_000 + RETENTION_MS}/${90_010 + RETENTION_MS}`,
    ]);
    assert.deepEqual(ofKey(test.store.fetch('a', ...ALL)), ['90010=a90010']);
    assert.deepEqual(windows(test.store.backwardFetchKeys('a', 'b', ...ALL)), ['a@90010/90020']);
    assert.equal(test.store.get('a', 90_000), undefined);
    assert.equal(windows(test.readOnly.all()).length, 9);
    test.commit();
    const live = windows(test.readOnly.all());
    assert.equal(live.length, 2);
    test.state.reset('store');
    test.state.restore('store', test.changelog, test.changelog.length);
    assert.deepEqual(windows(test.store.all()), live);
    test.close();
  });

  if (variant.caching) return;

  it('should keep duplicates in the order in which they came, over restarts and restores', () => {
    const test = open(true);
    put(test, 'a', 10, 'first');
    put(test, 'a', 20, 'later');
    put(test, 'a', 10, 'second');
    test.store.put('a', null, 10);
    test.commit();
    assert.equal(test.changelog.length, 3, 'null does nothing');
    test.stopAndReopen();
    put(test, 'a', 10, 'third');
    test.commit();
    test.crashAndReopen();
    const expected = ['10=first', '10=second', '10=third', '20=later'];
    assert.deepEqual(ofKey(test.store.fetch('a', ...ALL)), expected);
    assert.deepEqual(ofKey(test.readOnly.backwardFetch('a', ...ALL)), [...expected].reverse());
    test.state.reset('store');
    test.state.restore('store', test.changelog, test.changelog.length);
    put(test, 'a', 10, 'fourth');
    assert.deepEqual(ofKey(test.store.fetch('a', 10, 10)), [...expected.slice(0, 3), '10=fourth']);
    test.close();
  });
}
