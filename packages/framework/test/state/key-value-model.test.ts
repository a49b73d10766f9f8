import assert from 'node:assert/strict';
import fc from 'fast-check';
import { serdes } from '../../dist/serde/serdes.js';
import type { EngineKind } from '../../dist/state/engine/engine.js';
import type { KeyValueStore, ReadOnlyKeyValueStore } from '../../dist/state/stores/key-value-store.js';
import { plainKeyValues, timestampedKeyValues, type KeyValueValues } from './contracts/key-value-contract.js';
import type { StoreVariant } from './contracts/store-kind.js';
import { ENGINES, removeTemporaryDirectories, StateHarness } from './state-harness.js';
import { MapModel, transactionAction, TransactionRunner } from './transaction-actions.js';

/** Keys that are neighbours, prefixes of each other, empty, zero, or too long for LMDB. */
const KEYS = ['', '\0', '\0\0', '\0\u0001', 'a', 'a\0', 'ab', 'b', '\u007f', '\u00ff', '\u00ff\u00ff']
  .concat(['x'.repeat(1900), 'x'.repeat(1901), `${'x'.repeat(1901)}y`, 'x'.repeat(3000), `${'x'.repeat(1899)}y`])
  .concat(['\0'.repeat(1900), '\0'.repeat(1901), '\0'.repeat(2500)]);

const key = fc.constantFrom(...KEYS);
const value = fc.oneof(
  { weight: 3, arbitrary: fc.string({ maxLength: 8 }) },
  { weight: 1, arbitrary: fc.constant(null) },
);

const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ put: key, value, timestampMs: fc.nat(1000) }) },
  { weight: 1, arbitrary: fc.record({ putIfAbsent: key, timestampMs: fc.nat(1000) }) },
  { weight: 3, arbitrary: fc.record({ from: fc.option(key), to: fc.option(key) }) },
  { weight: 1, arbitrary: fc.record({ prefix: key }) },
  // Changes while an iterator is open.
  { weight: 1, arbitrary: fc.record({ deleteWhileWalking: fc.boolean() }) },
  { weight: 5, arbitrary: fc.record({ action: transactionAction }) },
);

type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

type Harness<V> = StateHarness<KeyValueStore<Buffer, V>, ReadOnlyKeyValueStore<Buffer, V>>;

function walk<V>(entries: Iterable<readonly [Buffer, V]>): [string, V][] {
  return [...entries].map(([at, stored]) => [at.toString('latin1'), stored]);
}

function expected<V>(map: ReadonlyMap<string, V>, from: string | null, to: string | null): [string, V][] {
  return [...map]
    .filter(([at]) => (from === null || at >= from) && (to === null || at <= to))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function check<V>(of: KeyValueValues<V>['of'], harness: Harness<V>, model: MapModel<V>, step: Command): void {
  const { store, readOnly } = harness;
  if ('put' in step) {
    const stored = step.value === null ? null : of(step.value, step.timestampMs);
    store.put(bytesOf(step.put), stored);
    model.set(step.put, stored);
    assert.deepEqual(store.get(bytesOf(step.put)), model.open.get(step.put));
    assert.deepEqual(readOnly.get(bytesOf(step.put)), model.committed.get(step.put));
  } else if ('putIfAbsent' in step) {
    const stored = of('new', step.timestampMs);
    assert.deepEqual(store.putIfAbsent(bytesOf(step.putIfAbsent), stored), model.open.get(step.putIfAbsent));
    if (!model.open.has(step.putIfAbsent)) model.set(step.putIfAbsent, stored);
  } else if ('prefix' in step) {
    const found = expected(model.open, null, null).filter(([at]) => at.startsWith(step.prefix));
    assert.deepEqual(walk(store.prefixScan(bytesOf(step.prefix))), found);
  } else if ('deleteWhileWalking' in step) {
    const seen: string[] = [];
    const entries = step.deleteWhileWalking ? store.all() : store.reverseAll();
    for (const [at] of entries) {
      seen.push(at.toString('latin1'));
      if (seen.length % 2 === 0) store.delete(at);
    }
    const all = expected(model.open, null, null).map(([at]) => at);
    if (!step.deleteWhileWalking) all.reverse();
    assert.deepEqual(seen, all);
    all.filter((_, index) => index % 2 === 1).forEach((at) => model.set(at, null));
  } else if ('from' in step) {
    const from = step.from === null ? undefined : bytesOf(step.from);
    const to = step.to === null ? undefined : bytesOf(step.to);
    const open = expected(model.open, step.from, step.to);
    assert.deepEqual(walk(store.range(from, to)), open);
    assert.deepEqual(walk(store.reverseRange(from, to)), open.reverse());
    assert.deepEqual(walk(readOnly.range(from, to)), expected(model.committed, step.from, step.to));
  }
}

/** The changelog alone must give the committed state. */
function replay<V>(of: KeyValueValues<V>['of'], harness: Harness<V>): Map<string, V> {
  const state = new Map<string, V>();
  for (const { key: at, value: bytes, timestamp } of harness.changelog) {
    const text = (at as Buffer).toString('latin1');
    if (bytes === null) state.delete(text);
    else state.set(text, of(bytes.toString(), timestamp));
  }
  return state;
}

function property<V>({ of, builder }: KeyValueValues<V>, variant: StoreVariant): fc.IProperty<[Command[]]> {
  return fc.property(fc.array(command, { maxLength: 60, size: 'max' }), (steps) => {
    const store = builder({ name: 'kv', ...variant, keySerde: serdes.bytes, valueSerde: serdes.string });
    const harness: Harness<V> = new StateHarness(store, { flush: { flushBytes: 2000 }, cacheMaxBytes: 1500 });
    const model = new MapModel<V>();
    const runner = new TransactionRunner(harness, model);
    for (const step of steps) {
      if ('action' in step) runner.run(step.action);
      else check(of, harness, model, step);
    }
    // LMDB counts long keys that begin alike as one.
    const isExact =
      variant.engine === 'memory' || [...model.open.keys(), ...model.committed.keys()].every((at) => at.length < 1900);
    if (isExact) assert.equal(harness.store.approximateNumEntries(), model.open.size);
    runner.run('commit');
    assert.deepEqual(expected(replay(of, harness), null, null), expected(model.committed, null, null));
    harness.stopAndReopen();
    assert.deepEqual(walk(harness.store.all()), expected(model.committed, null, null));
    if (variant.engine === 'lmdb') assert.equal(harness.restoredRecords, 0);
    harness.close();
  });
}

describe('key-value store against a map', () => {
  afterEach(removeTemporaryDirectories);

  function agree<V>(values: KeyValueValues<V>, engine: EngineKind, caching: boolean): void {
    it(`should agree as ${values.title} on ${engine} ${caching ? 'with' : 'without'} caching through commits, aborts and crashes`, () => {
      fc.assert(property(values, { engine, caching }), { numRuns: engine === 'memory' ? 200 : 20 });
    }).timeout(120_000);
  }

  for (const engine of ENGINES) {
    for (const caching of [false, true]) {
      agree(plainKeyValues, engine, caching);
      agree(timestampedKeyValues, engine, caching);
    }
  }
});
