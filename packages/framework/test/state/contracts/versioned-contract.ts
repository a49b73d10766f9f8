import assert from 'node:assert/strict';
import { serdes } from '../../../dist/serde/serdes.js';
import { Stores } from '../../../dist/state/stores/stores.js';
import type { ReadOnlyVersionedStore, VersionedStore } from '../../../dist/state/stores/versioned-store.js';
import { StateHarness } from '../state-harness.js';
import { RETENTION_MS, TIME_MS, type StoreKindUnderTest, type StoreVariant } from './store-kind.js';

const ALL = [0, Number.MAX_SAFE_INTEGER] as const;

const builderOf = ({ engine }: StoreVariant) =>
  Stores.versionedKeyValueStore({
    ...{ name: 'store', engine, historyRetentionMs: RETENTION_MS },
    ...{ keySerde: serdes.string, valueSerde: serdes.string },
  });

/** Its entries here are versions; there is no walk over all keys. */
export const versionedKind: StoreKindUnderTest<
  ReadOnlyVersionedStore<string, string>,
  VersionedStore<string, string>
> = {
  title: 'versioned',
  ...{ hasTimes: true, isCaching: false },
  builder: builderOf,
  put: (store, key, value, timeMs) => void store.put(key, value, timeMs),
  get: (store, key, timeMs) => store.asOf(key, timeMs)?.value,
  walks: (store) => [() => store.versions('a', ...ALL)],
  calls: (store) => [() => store.get('a'), () => store.asOf('a', TIME_MS)],
  writes: (store) => [() => store.put('a', '1', TIME_MS), () => store.delete('a', TIME_MS)],
  firstLiveMs: (observedMs) => observedMs - RETENTION_MS,
  contract: versionedContract,
};

/** What versioned stores promise beyond what all stores do. */
function versionedContract(variant: StoreVariant): void {
  const open = () => new StateHarness(builderOf(variant));
  const record = (value: string, timestampMs: number, validToMs?: number) => ({ value, timestampMs, validToMs });

  /** v10 [10, 20), v20 [20, 30), deleted [30, 40), v40 from 40 on; put out of order, half of them committed. */
  const filled = () => {
    const test = open();
    test.store.put('a', 'v40', 40);
    test.store.put('a', 'v10', 10);
    test.commit();
    test.state.flush();
    test.store.put('a', null, 30);
    test.store.put('a', 'v20', 20);
    return test;
  };

  it('should give back the version that held at a time, its start included and its end not', () => {
    const test = filled();
    const { store } = test;
    assert.equal(store.asOf('a', 9), undefined);
    assert.deepEqual(store.asOf('a', 10), record('v10', 10, 20));
    assert.deepEqual(store.asOf('a', 19), record('v10', 10, 20));
    assert.deepEqual(store.asOf('a', 20), record('v20', 20, 30));
    assert.equal(store.asOf('a', 30), undefined);
    assert.equal(store.asOf('a', 39), undefined);
    assert.deepEqual(store.asOf('a', 40), record('v40', 40));
    assert.deepEqual(store.asOf('a', ALL[1]), record('v40', 40));
    assert.deepEqual(store.get('a'), record('v40', 40));
    assert.deepEqual(test.readOnly.asOf('a', 30), record('v10', 10, 40));
    assert.equal(store.get('aa'), undefined);
    test.close();
  });

  it('should list the versions that held in a span of time, both ends included, oldest first', () => {
    const test = filled();
    const { store } = test;
    const [v10, v20, v40] = [record('v10', 10, 20), record('v20', 20, 30), record('v40', 40)];
    assert.deepEqual([...store.versions('a', ...ALL)], [v10, v20, v40]);
    assert.deepEqual([...store.versions('a', 19, 20)], [v10, v20]);
    assert.deepEqual([...store.versions('a', 20, 40)], [v20, v40]);
    assert.deepEqual([...store.versions('a', 30, 39)], []);
    assert.deepEqual([...store.versions('a', 0, 9)], []);
    assert.deepEqual([...store.versions('a', 40, 30)], []);
    assert.deepEqual([...test.readOnly.versions('a', ...ALL)], [record('v10', 10, 40), v40]);
    test.close();
  });

  it('should say where a version ends that was put, and replace one of the same time', () => {
    const test = filled();
    const { store } = test;
    assert.deepEqual(store.put('a', 'v15', 15), { isWritten: true, validToMs: 20 });
    assert.deepEqual(store.put('a', 'again', 15), { isWritten: true, validToMs: 20 });
    assert.deepEqual(store.asOf('a', 14), record('v10', 10, 15));
    assert.deepEqual(store.asOf('a', 15), record('again', 15, 20));
    assert.deepEqual(store.put('a', 'v50', 50), { isWritten: true, validToMs: undefined });
    assert.deepEqual(store.put('a', 'first', 0), { isWritten: true, validToMs: 10 });
    test.store.put('b', 'far', 500_000);
    assert.deepEqual(store.put('a', 'expired', 399_999), { isWritten: false, validToMs: undefined });
    assert.equal(store.get('a')?.value, 'v50');
    test.close();
  });

  it('should give back with delete what held then, and keep the history', () => {
    const test = filled();
    const { store } = test;
    assert.deepEqual(store.delete('a', 25), record('v20', 20, 30));
    assert.deepEqual(store.asOf('a', 24), record('v20', 20, 25));
    assert.equal(store.asOf('a', 25), undefined);
    assert.deepEqual(store.delete('a', 45), record('v40', 40));
    assert.equal(store.get('a'), undefined);
    assert.deepEqual(store.asOf('a', 44), record('v40', 40, 45));
    assert.equal(store.delete('a', 45), undefined);
    assert.equal(store.delete('none', 45), undefined);
    test.close();
  });

  it('should write each version to the changelog, oldest first, so that compaction leaves the latest', () => {
    const test = filled();
    test.commit();
    assert.deepEqual(
      test.changelog.map(({ key, value, timestamp }) => [String(key), value && String(value), timestamp]),
      [
        ['a', 'v10', 10],
        ['a', 'v40', 40],
        ['a', 'v20', 20],
        ['a', null, 30],
      ],
    );
    test.close();
  });

  it('should forget versions that were replaced before the history retention, but never the latest', () => {
    const test = filled();
    test.store.put('b', 'only', 40);
    test.commit();
    test.store.put('a', 'far', 90_000);
    test.store.put('c', 'farther', 30 + RETENTION_MS);
    const kept = [record('v40', 40, 90_000), record('far', 90_000)];
    assert.deepEqual([...test.store.versions('a', ...ALL)], kept);
    assert.equal(test.store.asOf('a', 29), undefined);
    assert.deepEqual(test.store.get('b'), record('only', 40));
    assert.equal([...test.readOnly.versions('a', ...ALL)].length, 3);
    test.commit();
    test.stopAndReopen();
    assert.deepEqual([...test.readOnly.versions('a', ...ALL)], kept);
    test.state.reset('store');
    test.state.restore('store', test.changelog, test.changelog.length);
    assert.deepEqual([...test.store.versions('a', ...ALL)], kept);
    assert.deepEqual(test.store.get('b'), record('only', 40));
    test.close();
  });
}
