import assert from 'node:assert/strict';
import fc from 'fast-check';
import { serdes } from '../../dist/serde/serdes.js';
import type { EngineKind } from '../../dist/state/engine/engine.js';
import type { ReadOnlyWindowStore, WindowStore } from '../../dist/state/stores/window-store.js';
import type { Windowed } from '../../dist/time/windowed.js';
import { plainWindows, timestampedWindows, type WindowValues } from './contracts/window-contract.js';
import { ENGINES, removeTemporaryDirectories, StateHarness } from './state-harness.js';
import { transactionAction, TransactionRunner, type TransactionalModel } from './transaction-actions.js';

const RETENTION_MS = 300_000;
const SIZE_MS = 10_000;

interface Entry {
  readonly key: string;
  readonly startMs: number;
  readonly value: string;
  readonly order: number;
}

/** A plain array of entries; expired ones are hidden, not deleted. */
class WindowModel implements TransactionalModel {
  entries: readonly Entry[] = [];
  observedMs = -1;
  #committed: { entries: readonly Entry[]; observedMs: number } = { entries: [], observedMs: -1 };
  #order = 0;

  constructor(
    private readonly retainsDuplicates: boolean,
    readonly stored: (entry: Entry) => unknown,
  ) {}

  commit(): void {
    this.#committed = { entries: this.entries, observedMs: this.observedMs };
  }

  abort(): void {
    ({ entries: this.entries, observedMs: this.observedMs } = this.#committed);
  }

  committedView(): WindowModel {
    const view = new WindowModel(this.retainsDuplicates, this.stored);
    Object.assign(view, this.#committed);
    return view;
  }

  put(key: string, value: string | null, startMs: number): void {
    if (value === null && this.retainsDuplicates) return;
    this.observedMs = Math.max(this.observedMs, startMs);
    if (startMs <= this.observedMs - RETENTION_MS) return;
    const others = this.entries.filter((entry) => entry.key !== key || entry.startMs !== startMs);
    const kept = this.retainsDuplicates ? this.entries : others;
    this.entries = value === null ? kept : [...kept, { key, startMs, value, order: this.#order++ }];
  }

  committedContent(): ReadonlyMap<string, unknown> {
    const { entries } = this.#committed;
    return new Map(
      entries.map((entry) => [`[${entry.key}@${entry.startMs}/${entry.startMs + SIZE_MS}]`, this.stored(entry)]),
    );
  }

  live(fromMs: number, toMs: number): Entry[] {
    const oldestMs = this.observedMs - RETENTION_MS;
    return this.entries
      .filter(({ startMs }) => startMs > oldestMs && startMs >= fromMs && startMs <= toMs)
      .sort((a, b) => a.startMs - b.startMs || a.order - b.order);
  }
}

/** Begins as an entry of key `a` does that has the time 20,000. */
const COLLIDING = 'a\0\0\0\0\0\0N \0\0\0\0';

const key = fc.constantFrom('a', 'aa', 'ab', 'b', COLLIDING, '\u0001');
/** Mostly few times, so that windows meet; now and then a late one, so that they expire. */
const timeMs = fc.oneof(
  { weight: 12, arbitrary: fc.nat(30).map((n) => n * 10_000) },
  { weight: 1, arbitrary: fc.nat(200).map((n) => n * 10_000) },
);
const value = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constant(null) },
);
const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ put: key, value, startMs: timeMs }) },
  { weight: 3, arbitrary: fc.record({ fetch: key, fromMs: timeMs, toMs: timeMs }) },
  { weight: 2, arbitrary: fc.record({ fromKey: fc.option(key), toKey: fc.option(key), fromMs: timeMs, toMs: timeMs }) },
  { weight: 4, arbitrary: fc.record({ action: transactionAction }) },
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;
type Harness<V> = StateHarness<WindowStore<string, V>, ReadOnlyWindowStore<string, V>>;

/** What of a store is compared with its model. */
interface Variant<V> {
  readonly values: WindowValues<V>;
  readonly engine: EngineKind;
  readonly caching: boolean;
  readonly retainDuplicates: boolean;
}

/** A value's timestamp, where it has one. */
const stampOf = (startMs: number): number => startMs + 7;

/** Order across keys is by segment, which is the store's affair: compare as sets. */
function sorted(entries: Iterable<readonly [Windowed<string>, unknown]>): string[] {
  return [...entries].map(([{ key: at, window }, v]) => line(at, window.startMs, window.endMs, v)).sort();
}

function expectSorted(entries: readonly Entry[], stored: (entry: Entry) => unknown): string[] {
  return entries.map((entry) => line(entry.key, entry.startMs, entry.startMs + SIZE_MS, stored(entry))).sort();
}

function line(at: string, startMs: number, endMs: number, v: unknown): string {
  return `${at}|${startMs}|${endMs}|${JSON.stringify(v)}`;
}

function check(
  store: ReadOnlyWindowStore<string, unknown>,
  model: WindowModel,
  step: Command,
  duplicates: boolean,
): void {
  const { stored } = model;
  if ('fetch' in step) {
    const { fetch: at, fromMs, toMs } = step;
    const found = model.live(fromMs, toMs).filter((entry) => entry.key === at);
    const pairs = found.map((entry) => [entry.startMs, stored(entry)]);
    assert.deepEqual([...store.fetch(at, fromMs, toMs)], pairs);
    assert.deepEqual([...store.backwardFetch(at, fromMs, toMs)], pairs.reverse());
    if (!duplicates) {
      const [one] = model.live(fromMs, fromMs).filter((entry) => entry.key === at);
      assert.deepEqual(store.get(at, fromMs), one && stored(one));
    }
  } else if ('fromKey' in step) {
    const { fromKey, toKey, fromMs, toMs } = step;
    const inSpan = model.live(fromMs, toMs);
    assert.deepEqual(sorted(store.fetchAll(fromMs, toMs)), expectSorted(inSpan, stored));
    const inKeys = inSpan.filter((entry) => (fromKey ?? '') <= entry.key && (toKey === null || entry.key <= toKey));
    const found = [...store.fetchKeys(fromKey ?? undefined, toKey ?? undefined, fromMs, toMs)];
    assert.deepEqual(sorted(found), expectSorted(inKeys, stored));
    const backward = [...store.backwardFetchKeys(fromKey ?? undefined, toKey ?? undefined, fromMs, toMs)];
    assert.deepEqual(backward, found.reverse());
  }
}

function property<V>({ values, ...variant }: Variant<V>): fc.IProperty<[Command[]]> {
  const { of, builder } = values;
  const { retainDuplicates } = variant;
  const stored = ({ value: text, startMs }: Entry): V => of(text, stampOf(startMs));
  return fc.property(fc.array(command, { maxLength: 60, size: 'max' }), (steps) => {
    const store = builder({
      ...{ name: 'windows', ...variant, retentionMs: RETENTION_MS, windowSizeMs: SIZE_MS },
      ...{ keySerde: serdes.string, valueSerde: serdes.string },
    });
    const harness: Harness<V> = new StateHarness(store, { flush: { flushBytes: 3000 }, cacheMaxBytes: 1500 });
    const model = new WindowModel(retainDuplicates, stored);
    const runner = new TransactionRunner(harness, model);
    for (const step of steps) {
      if ('action' in step) runner.run(step.action);
      else if ('put' in step) {
        harness.store.put(step.put, step.value === null ? null : of(step.value, stampOf(step.startMs)), step.startMs);
        model.put(step.put, step.value, step.startMs);
      } else {
        check(harness.store, model, step, retainDuplicates);
        check(harness.readOnly, model.committedView(), step, retainDuplicates);
      }
    }
    runner.run('commit');
    const all = expectSorted(model.live(0, Number.MAX_SAFE_INTEGER), stored);
    assert.deepEqual(sorted(harness.store.all()), all);
    assert.deepEqual(sorted(harness.store.backwardAll()), all);
    runner.run('stop');
    assert.deepEqual(sorted(harness.store.all()), all);
    // A new process without the files, too, gets there from the changelog alone.
    harness.state.reset('windows');
    harness.state.restore('windows', harness.changelog, harness.changelog.length);
    assert.deepEqual(sorted(harness.store.all()), all);
    harness.close();
  });
}

describe('window store against an array', () => {
  afterEach(removeTemporaryDirectories);

  function agree<V>(variant: Variant<V>): void {
    const { values, engine, caching, retainDuplicates } = variant;
    const more = retainDuplicates ? ' with duplicates' : caching ? ' with caching' : '';
    it(`should agree as ${values.title} on ${engine}${more} through commits, aborts and crashes`, () => {
      fc.assert(property(variant), { numRuns: engine === 'memory' ? 200 : 20 });
    }).timeout(120_000);
  }

  for (const engine of ENGINES) {
    for (const [caching, retainDuplicates] of [
      [false, false],
      [true, false],
      [false, true],
    ] as const) {
      agree({ values: plainWindows, engine, caching, retainDuplicates });
      agree({ values: timestampedWindows, engine, caching, retainDuplicates });
    }
  }
});
