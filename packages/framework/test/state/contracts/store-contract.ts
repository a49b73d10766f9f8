import assert from 'node:assert/strict';
import type { StateStore } from '../../../dist/state/stores/state-store.js';
import { StateHarness } from '../state-harness.js';
import { TIME_MS, type StoreKindUnderTest, type StoreVariant } from './store-kind.js';

/** Long ones are beyond what LMDB takes, and begin alike. */
const AWKWARD_KEYS = ['\0', '\0\0', 'a\0', 'ÿ', 'x'.repeat(1900), 'x'.repeat(1901), 'x'.repeat(5000)].concat(
  `${'x'.repeat(5000)}y`,
);
/** None of them can be ordered by its bytes. */
const WRONG_TIMES = [NaN, -1, 1.5, Infinity, 2 ** 53, undefined as unknown as number];

/** What every store must do, whatever its kind, its engine and its caching. */
export function storeContract<R extends StateStore, S extends R>(
  kind: StoreKindUnderTest<R, S>,
  variant: StoreVariant,
): void {
  const open = () => new StateHarness(kind.builder(variant));
  type Harness = ReturnType<typeof open>;
  const put = (test: Harness, key: string, value: string | null): void => kind.put(test.store, key, value, TIME_MS);
  const seen = (store: R): (string | undefined)[] => ['a', 'b', 'c', 'd'].map((key) => kind.get(store, key, TIME_MS));
  const walked = (store: R): unknown[][] => kind.walks(store).map((walk) => [...walk()]);
  /** a: 2 (was 1), b: deleted (was 1), c: 1, d: came and went; each of the two steps committed. */
  const fill = (test: Harness, commit = true): void => {
    for (const key of ['a', 'b']) put(test, key, '1');
    if (commit) test.commit();
    put(test, 'a', '2');
    put(test, 'b', null);
    put(test, 'c', '1');
    put(test, 'd', '1');
    put(test, 'd', null);
    if (commit) test.commit();
  };
  const filled = ['2', undefined, '1', undefined];

  it('should show a transaction to its task at once, and to queries after the commit', () => {
    const test = open();
    put(test, 'a', '1');
    put(test, 'b', '1');
    assert.deepEqual(seen(test.store), ['1', '1', undefined, undefined]);
    assert.deepEqual(walked(test.readOnly).flat(), []);
    test.commit();
    fill(test, false);
    assert.deepEqual(seen(test.store), filled);
    assert.deepEqual(seen(test.readOnly), ['1', '1', undefined, undefined]);
    const open_ = walked(test.store);
    test.drain();
    assert.deepEqual(
      seen(test.readOnly),
      ['1', '1', undefined, undefined],
      'what is in the changelog is not committed',
    );
    test.commit();
    assert.deepEqual(seen(test.readOnly), filled);
    assert.deepEqual(walked(test.readOnly), open_);
    test.close();
  });

  it('should drop what was not committed on abort, and keep the rest', () => {
    const test = open();
    put(test, 'a', '1');
    test.commit();
    const before = walked(test.store);
    fill(test, false);
    test.drain();
    test.abort(1);
    assert.deepEqual(seen(test.store), ['1', undefined, undefined, undefined]);
    assert.deepEqual(walked(test.store), before);
    test.commit();
    assert.equal(test.changelog.length, 1);
    test.close();
  });

  it('should keep what was committed through a flush, a clean stop and a crash', () => {
    const test = open();
    fill(test);
    const content = walked(test.store);
    test.state.flush();
    assert.deepEqual(walked(test.store), content);
    assert.deepEqual(walked(test.readOnly), content);
    put(test, 'd', 'lost');
    test.stopAndReopen();
    assert.deepEqual(walked(test.store), content);
    if (variant.engine === 'lmdb') assert.equal(test.restoredRecords, 0);
    put(test, 'd', 'lost');
    test.crashAndReopen();
    assert.deepEqual(seen(test.store), filled);
    assert.deepEqual(walked(test.readOnly), content);
    test.close();
  });

  it('should write one changelog record per entry and commit, with its last value', () => {
    const test = open();
    const values = () => test.changelog.map(({ value }) => (value === null ? null : String(value)));
    fill(test, false);
    test.commit();
    assert.deepEqual(values(), ['2', null, '1', null]);
    test.commit();
    assert.equal(test.changelog.length, 4);
    put(test, 'a', '3');
    test.commit();
    assert.deepEqual(values().slice(4), ['3']);
    assert.deepEqual(test.changelog[4]?.key, test.changelog[0]?.key);
    test.close();
  });

  it('should have the same content when it is restored from its changelog, from the start or once more', () => {
    const test = open();
    fill(test);
    const content = walked(test.store);
    test.state.reset('store');
    assert.deepEqual(walked(test.store).flat(), []);
    for (const from of [0, 2]) {
      test.state.restore('store', test.changelog.slice(from), test.changelog.length);
      assert.deepEqual(seen(test.readOnly), filled);
      assert.deepEqual(walked(test.store), content);
    }
    test.close();
  });

  it('should refuse a commit whose changes are not in the changelog', () => {
    const test = open();
    put(test, 'a', '1');
    assert.throws(() => test.state.commit(new Map()), { code: 'ILLEGAL_STATE' });
    test.state.abort();
    test.close();
  });

  it('should take keys that are short, zero, beginnings of each other or longer than LMDB allows', () => {
    const test = open();
    for (const key of AWKWARD_KEYS) put(test, key, `value of ${key.length}`);
    for (const flush of [false, true]) {
      test.commit();
      if (flush) test.state.flush();
      for (const key of AWKWARD_KEYS) assert.equal(kind.get(test.store, key, TIME_MS), `value of ${key.length}`);
    }
    for (const [index, key] of AWKWARD_KEYS.entries()) if (index % 2 === 0) put(test, key, null);
    test.commit();
    test.stopAndReopen();
    for (const [index, key] of AWKWARD_KEYS.entries()) {
      assert.equal(kind.get(test.readOnly, key, TIME_MS), index % 2 === 0 ? undefined : `value of ${key.length}`);
    }
    test.close();
  });

  it('should refuse keys that are null and values that are undefined', () => {
    const test = open();
    const nothing = [null, undefined] as unknown as string[];
    for (const key of nothing) {
      assert.throws(() => kind.get(test.store, key, TIME_MS), { code: 'STORE_INVALID_KEY' });
      assert.throws(() => put(test, key, '1'), { code: 'STORE_INVALID_KEY' });
    }
    assert.throws(() => put(test, 'a', undefined as unknown as string), { code: 'STORE_INVALID_KEY' });
    assert.deepEqual(walked(test.store).flat(), []);
    test.close();
  });

  if (kind.hasTimes) {
    it('should refuse times that cannot be ordered by their bytes', () => {
      const test = open();
      for (const timeMs of WRONG_TIMES) {
        assert.throws(() => kind.put(test.store, 'a', '1', timeMs), { code: 'STORE_INVALID_TIME' }, String(timeMs));
      }
      assert.deepEqual(walked(test.store).flat(), []);
      test.close();
    });
  }

  const { firstLiveMs } = kind;
  if (firstLiveMs !== undefined) {
    it('should drop and count what is expired when it is put, up to the retention to the millisecond', () => {
      const test = open();
      kind.put(test.store, 'a', 'now', 500_000);
      const first = firstLiveMs(500_000);
      kind.put(test.store, 'b', 'expired', first - 1);
      kind.put(test.store, 'b', null, first - 1);
      assert.equal(test.expired, 2);
      assert.equal(kind.get(test.store, 'b', first - 1), undefined);
      kind.put(test.store, 'b', 'live', first);
      assert.equal(test.expired, 2);
      assert.equal(kind.get(test.store, 'b', first), 'live');
      test.commit();
      assert.equal(test.changelog.length, 2);
      test.close();
    });

    it('should take back what an aborted transaction has expired', () => {
      const test = open();
      put(test, 'a', 'old');
      test.commit();
      kind.put(test.store, 'b', 'future', 9_000_000);
      assert.equal(kind.get(test.store, 'a', TIME_MS), undefined);
      assert.equal(kind.get(test.readOnly, 'a', TIME_MS), 'old');
      test.abort(1);
      assert.equal(kind.get(test.store, 'a', TIME_MS), 'old');
      test.commit();
      test.state.flush();
      assert.equal(kind.get(test.store, 'a', TIME_MS), 'old');
      test.close();
    });
  }

  iteratorContract(kind, open);
  lifeContract(kind, variant, open);
}

/** Iterators close at their end, by hand, and at the end of the record. */
function iteratorContract<R extends StateStore, S extends R>(
  kind: StoreKindUnderTest<R, S>,
  open: () => StateHarness<S, R>,
): void {
  const withEntries = (): StateHarness<S, R> => {
    const test = open();
    for (const timeMs of [TIME_MS, TIME_MS + 1]) for (const key of 'abc') kind.put(test.store, key, '1', timeMs);
    test.commit();
    return test;
  };

  it('should close iterators at their end, on break, on an error and by hand', () => {
    const test = withEntries();
    const { iterators } = test.state;
    for (const walk of kind.walks(test.store)) {
      assert.ok([...walk()].length > 0);
      for (const entry of walk()) if (entry !== undefined) break;
      assert.throws(() => {
        for (const entry of walk()) throw new Error(String(entry));
      }, Error);
      const iterator = walk();
      assert.equal(iterators.openCount, 1);
      assert.equal(iterator.next().done, false);
      iterator.close();
      iterator.close();
      assert.deepEqual(iterator.next(), { done: true, value: undefined });
      assert.equal(iterators.openCount, 0);
    }
    test.close();
  });

  it('should close iterators that were left open at the end of the record and on abort, and say so', () => {
    const test = withEntries();
    for (const end of [() => test.state.endRecord(), () => test.state.abort()]) {
      const left = kind.walks(test.store).map((walk) => walk());
      for (const iterator of left) iterator.next();
      end();
      assert.equal(test.state.iterators.openCount, 0);
      for (const iterator of left) {
        assert.throws(() => iterator.next(), { code: 'ITERATOR_CLOSED', message: /store store/ });
        iterator.close();
      }
    }
    test.close();
  });

  it('should let iterators of queries go on over the end of a record', () => {
    const test = withEntries();
    const left = kind.walks(test.readOnly).map((walk) => walk());
    const first = left.map((iterator) => iterator.next().value);
    test.state.endRecord();
    assert.equal(test.state.iterators.openCount, 0);
    const whole = kind.walks(test.readOnly).map((walk) => [...walk()]);
    assert.deepEqual(
      left.map((iterator, at) => [first[at], ...iterator]),
      whole,
    );
    test.close();
  });
}

/** From open to closed, and what caches pass on meanwhile. */
function lifeContract<R extends StateStore, S extends R>(
  kind: StoreKindUnderTest<R, S>,
  { engine, caching }: StoreVariant,
  open: () => StateHarness<S, R>,
): void {
  it('should raise STORE_CLOSED at every use once its task has closed', () => {
    const test = open();
    const { store, readOnly } = test;
    kind.put(store, 'a', '1', TIME_MS);
    test.commit();
    const walks = kind.walks(readOnly).map((walk) => walk());
    assert.equal(store.isOpen && readOnly.isOpen, true);
    assert.equal(store.name, 'store');
    assert.equal(store.isPersistent, engine === 'lmdb');
    test.close();
    assert.equal(store.isOpen || readOnly.isOpen, false);
    const uses = [
      ...[...kind.walks(store), ...kind.calls(store), ...kind.writes(store)],
      ...[...kind.walks(readOnly), ...kind.calls(readOnly), ...walks.map((walk) => () => walk.next())],
    ];
    for (const use of uses) assert.throws(use, { code: 'STORE_CLOSED' }, use.toString());
  });

  it(`should ${caching ? 'hold back updates and pass on the last of each entry at the commit' : 'leave updates to its writer'}`, () => {
    const test = open();
    const brief = () => test.updates.splice(0).map(({ oldValue, newValue }) => [textOf(oldValue), textOf(newValue)]);
    for (const key of ['a', 'b']) kind.put(test.store, key, '1', TIME_MS);
    kind.put(test.store, 'a', '2', TIME_MS);
    assert.deepEqual(brief(), []);
    test.commit();
    const first = [
      [null, '1'],
      [null, '2'],
    ];
    assert.deepEqual(brief(), caching ? first : []);
    kind.put(test.store, 'a', 'dropped', TIME_MS);
    test.abort(2);
    kind.put(test.store, 'b', null, TIME_MS);
    kind.put(test.store, 'c', '1', TIME_MS);
    kind.put(test.store, 'c', null, TIME_MS);
    test.commit();
    assert.deepEqual(brief(), caching ? [['1', null]] : []);
    assert.equal(test.budget.usedBytes, 0);
    test.close();
  });
}

/** Of a value that may have a timestamp. */
function textOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'value' in value ? value.value : value;
}
