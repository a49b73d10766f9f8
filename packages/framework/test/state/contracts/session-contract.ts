import assert from 'node:assert/strict';
import { serdes } from '../../../dist/serde/serdes.js';
import type { ReadOnlySessionStore } from '../../../dist/state/stores/session-store.js';
import { Stores, type CachingSessionStore } from '../../../dist/state/stores/stores.js';
import { Windowed } from '../../../dist/time/windowed.js';
import { StateHarness } from '../state-harness.js';
import { RETENTION_MS, type StoreKindUnderTest, type StoreVariant } from './store-kind.js';

type ReadOnly = ReadOnlySessionStore<string, string>;
type SessionStore = CachingSessionStore<string, string>;

const ALL = [0, Number.MAX_SAFE_INTEGER] as const;

const builderOf = (variant: StoreVariant) =>
  Stores.sessionStore({
    ...{ name: 'store', ...variant, retentionMs: RETENTION_MS },
    ...{ keySerde: serdes.string, valueSerde: serdes.string },
  });

const session = (key: string, startMs: number, endMs = startMs): Windowed<string> =>
  new Windowed(key, { startMs, endMs });

/** Its entries here are sessions of one record. */
export const sessionKind: StoreKindUnderTest<ReadOnly, SessionStore> = {
  title: 'session',
  ...{ hasTimes: true, isCaching: true },
  builder: builderOf,
  put: (store, key, value, timeMs) => store.put(session(key, timeMs), value),
  get: (store, key, timeMs) => store.fetchSession(key, timeMs, timeMs),
  walks: (store) => [
    () => store.findSessions('a', ...ALL),
    () => store.backwardFindSessions('a', ...ALL),
    () => store.findSessionsOfKeys('a', 'c', ...ALL),
    () => store.fetch('a'),
    () => store.backwardFetch('a'),
  ],
  calls: (store) => [() => store.fetchSession('a', 0, 10)],
  writes: (store) => [() => store.put(session('a', 0, 10), '1'), () => store.remove(session('a', 0, 10))],
  firstLiveMs: (observedMs) => observedMs - RETENTION_MS + 1,
  contract: sessionContract,
};

/** What session stores promise beyond what all stores do. */
function sessionContract(variant: StoreVariant): void {
  const open = () => new StateHarness(builderOf(variant));
  type Test = ReturnType<typeof open>;
  const put = (test: Test, key: string, startMs: number, endMs: number): void =>
    test.store.put(session(key, startMs, endMs), `${key}${startMs}-${endMs}`);
  const values = (entries: Iterable<readonly [Windowed<string>, string]>): string[] =>
    [...entries].map(([{ key, window }, value]) => {
      assert.equal(value, `${key}${window.startMs}-${window.endMs}`);
      return value;
    });
  /** Of two segments; half committed and flushed, half in the open transaction. Keys are beginnings of each other. */
  const filled = (): Test => {
    const test = open();
    put(test, 'b', 10, 20);
    put(test, 'a', 40, 50);
    put(test, 'a', 10, 20);
    test.commit();
    test.state.flush();
    put(test, 'a', 30, 50);
    put(test, 'a', 50, 90_000);
    put(test, 'aa', 10, 20);
    put(test, 'c', 10, 20);
    test.store.remove(session('c', 10, 20));
    return test;
  };

  it('should find one session by its bounds', () => {
    const test = filled();
    assert.equal(test.store.fetchSession('a', 30, 50), 'a30-50');
    assert.equal(test.store.fetchSession('a', 30, 49), undefined);
    assert.equal(test.store.fetchSession('a', 31, 50), undefined);
    assert.equal(test.store.fetchSession('c', 10, 20), undefined);
    test.close();
  });

  it('should find the sessions that a record may join, bounds included, by end and then start', () => {
    const test = filled();
    const { store } = test;
    const all = ['a10-20', 'a30-50', 'a40-50', 'a50-90000'];
    assert.deepEqual(values(store.findSessions('a', ...ALL)), all);
    assert.deepEqual(values(store.fetch('a')), all);
    assert.deepEqual(values(store.backwardFindSessions('a', ...ALL)), [...all].reverse());
    assert.deepEqual(values(store.backwardFetch('a')), [...all].reverse());
    assert.deepEqual(values(store.findSessions('a', 20, 30)), ['a10-20', 'a30-50']);
    assert.deepEqual(values(store.findSessions('a', 21, 40)), ['a30-50', 'a40-50']);
    assert.deepEqual(values(store.backwardFindSessions('a', 50, 49)), ['a40-50', 'a30-50']);
    assert.deepEqual(values(store.findSessions('a', 90_001, 90_001)), []);
    assert.deepEqual(values(store.fetch('aa')), ['aa10-20']);
    test.close();
  });

  it('should find the sessions of a range of keys, bounds included or left open', () => {
    const test = filled();
    const { store } = test;
    const find = (
      from: string | undefined,
      to: string | undefined,
      earliestEndMs = 0,
      latestStartMs: number = ALL[1],
    ) => values(store.findSessionsOfKeys(from, to, earliestEndMs, latestStartMs));
    assert.deepEqual(find(undefined, undefined), [...['a10-20', 'a30-50', 'a40-50', 'aa10-20', 'b10-20'], 'a50-90000']);
    assert.deepEqual(find('aa', 'b'), ['aa10-20', 'b10-20']);
    assert.deepEqual(find(undefined, 'aa', 20, 10), ['a10-20', 'aa10-20']);
    assert.deepEqual(find('a', 'a', 50, 40), ['a30-50', 'a40-50']);
    assert.deepEqual(find('b', undefined), ['b10-20']);
    assert.deepEqual(find('b', 'a'), []);
    test.close();
  });

  it('should hide expired sessions from every read, and from a restore', () => {
    const test = filled();
    test.commit();
    put(test, 'z', 90_000, 50 + RETENTION_MS);
    assert.deepEqual(values(test.store.fetch('a')), ['a50-90000']);
    assert.deepEqual(values(test.store.findSessionsOfKeys(undefined, undefined, ...ALL)), [
      'a50-90000',
      'z90000-100050',
    ]);
    assert.equal(test.store.fetchSession('a', 30, 50), undefined);
    assert.equal(test.readOnly.fetchSession('a', 30, 50), 'a30-50');
    test.commit();
    test.state.reset('store');
    test.state.restore('store', test.changelog, test.changelog.length);
    assert.deepEqual(values(test.readOnly.findSessionsOfKeys(undefined, undefined, ...ALL)), [
      'a50-90000',
      'z90000-100050',
    ]);
    test.close();
  });

  it('should refuse sessions that end before they start', () => {
    const test = open();
    assert.throws(() => test.store.put(session('a', 1000, 999), '1'), { code: 'STORE_INVALID_TIME' });
    assert.throws(() => test.store.put(session('a', 1000, NaN), '1'), { code: 'STORE_INVALID_TIME' });
    assert.deepEqual(values(test.store.fetch('a')), []);
    test.close();
  });
}
