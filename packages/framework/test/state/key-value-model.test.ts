import assert from 'node:assert/strict';
import fc from 'fast-check';
import { serdes } from '../../dist/serde/serdes.js';
import type { EngineKind } from '../../dist/state/engine/engine.js';
import type { KeyValueStore, ReadOnlyKeyValueStore } from '../../dist/state/stores/key-value-store.js';
import type { ValueAndTimestamp } from '../../dist/state/stores/serde-codec.js';
import { Stores } from '../../dist/state/stores/stores.js';
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

type Stored = ValueAndTimestamp<string>;
type Store = KeyValueStore<Buffer, Stored>;
type ReadOnly = ReadOnlyKeyValueStore<Buffer, Stored>;

function walk(entries: Iterable<readonly [Buffer, Stored]>): [string, Stored][] {
  return [...entries].map(([at, stored]) => [at.toString('latin1'), stored]);
}

function expected(map: ReadonlyMap<string, Stored>, from: string | null, to: string | null): [string, Stored][] {
  return [...map]
    .filter(([at]) => (from === null || at >= from) && (to === null || at <= to))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function check(harness: StateHarness<Store, ReadOnly>, model: MapModel<Stored>, step: Command): void {
  const { store, readOnly } = harness;
  if ('put' in step) {
    const stored = step.value === null ? null : { value: step.value, timestampMs: step.timestampMs };
    store.put(bytesOf(step.put), stored);
    model.set(step.put, stored);
    assert.deepEqual(store.get(bytesOf(step.put)), model.open.get(step.put));
    assert.deepEqual(readOnly.get(bytesOf(step.put)), model.committed.get(step.put));
  } else if ('putIfAbsent' in step) {
    const stored = { value: 'new', timestampMs: step.timestampMs };
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
function replay(harness: StateHarness<Store, ReadOnly>): Map<string, Stored> {
  const state = new Map<string, Stored>();
  for (const { key: at, value: bytes, timestamp } of harness.changelog) {
    const text = (at as Buffer).toString('latin1');
    if (bytes === null) state.delete(text);
    else state.set(text, { value: bytes.toString(), timestampMs: timestamp });
  }
  return state;
}

function property(engine: EngineKind, caching: boolean): fc.IProperty<[Command[]]> {
  return fc.property(fc.array(command, { maxLength: 60, size: 'max' }), (steps) => {
    const builder = Stores.timestampedKeyValueStore({
      name: 'kv',
      engine,
      caching,
      keySerde: serdes.bytes,
      valueSerde: serdes.string,
    });
    const harness = new StateHarness<Store, ReadOnly>(builder, { flush: { flushBytes: 2000 } });
    const model = new MapModel<Stored>();
    const runner = new TransactionRunner(harness, model);
    for (const step of steps) {
      if ('action' in step) runner.run(step.action);
      else check(harness, model, step);
    }
    // LMDB counts long keys that begin alike as one.
    const isExact =
      engine === 'memory' || [...model.open.keys(), ...model.committed.keys()].every((at) => at.length < 1900);
    if (isExact) assert.equal(harness.store.approximateNumEntries(), model.open.size);
    harness.commit();
    model.commit();
    assert.deepEqual(expected(replay(harness), null, null), expected(model.committed, null, null));
    harness.stopAndReopen();
    assert.deepEqual(walk(harness.store.all()), expected(model.committed, null, null));
    if (engine === 'lmdb') assert.equal(harness.restoredRecords, 0);
    harness.close();
  });
}

describe('key-value store against a map', () => {
  afterEach(removeTemporaryDirectories);

  for (const engine of ENGINES) {
    for (const caching of [false, true]) {
      it(`should agree on ${engine} ${caching ? 'with' : 'without'} caching through commits, aborts and crashes`, () => {
        fc.assert(property(engine, caching), { numRuns: engine === 'memory' ? 250 : 25 });
      }).timeout(120_000);
    }
  }
});
