import assert from 'node:assert/strict';
import fc from 'fast-check';
import { serdes } from '../../dist/serde/serdes.js';
import type { EngineKind } from '../../dist/state/engine/engine.js';
import { Stores } from '../../dist/state/stores/stores.js';
import type {
  ReadOnlyVersionedStore,
  VersionedRecord,
  VersionedStore,
} from '../../dist/state/stores/versioned-store.js';
import { ENGINES, removeTemporaryDirectories, StateHarness } from './state-harness.js';
import { transactionAction, TransactionRunner, type TransactionalModel } from './transaction-actions.js';

const HISTORY_MS = 200_000;

interface Version {
  readonly key: string;
  readonly value: string | null;
  readonly timestampMs: number;
}

/** Every version ever accepted, in a plain array. */
class VersionedModel implements TransactionalModel {
  versions: readonly Version[] = [];
  observedMs = -1;
  #committed: { versions: readonly Version[]; observedMs: number } = { versions: [], observedMs: -1 };

  commit(): void {
    this.#committed = { versions: this.versions, observedMs: this.observedMs };
  }

  abort(): void {
    ({ versions: this.versions, observedMs: this.observedMs } = this.#committed);
  }

  committedView(): VersionedModel {
    return Object.assign(new VersionedModel(), this.#committed);
  }

  /** Whether it was accepted. */
  put(key: string, value: string | null, timestampMs: number): boolean {
    if (timestampMs < this.observedMs - HISTORY_MS) return false;
    this.observedMs = Math.max(this.observedMs, timestampMs);
    const others = this.versions.filter((version) => version.key !== key || version.timestampMs !== timestampMs);
    this.versions = [...others, { key, value, timestampMs }];
    return true;
  }

  /** Versions of a key with their ends, oldest first. */
  of(key: string): (Version & { validToMs: number | undefined })[] {
    const own = this.versions.filter((version) => version.key === key).sort((a, b) => a.timestampMs - b.timestampMs);
    return own.map((version, index) => ({ ...version, validToMs: own[index + 1]?.timestampMs }));
  }

  asOf(key: string, timeMs: number): VersionedRecord<string> | undefined {
    if (timeMs < this.observedMs - HISTORY_MS) return undefined;
    return this.of(key)
      .filter(({ timestampMs }) => timestampMs <= timeMs)
      .map(record)
      .at(-1);
  }

  between(key: string, fromMs: number, toMs: number): VersionedRecord<string>[] {
    const from = Math.max(fromMs, this.observedMs - HISTORY_MS);
    return this.of(key)
      .filter(({ timestampMs, validToMs }) => timestampMs <= toMs && (validToMs === undefined || validToMs > from))
      .map(record)
      .filter((found) => found !== undefined);
  }
}

function record(version: Version & { validToMs: number | undefined }): VersionedRecord<string> | undefined {
  const { value, timestampMs, validToMs } = version;
  return value === null ? undefined : { value, timestampMs, validToMs };
}

const key = fc.constantFrom('a', 'aa', 'b');
/** Mostly few times, so that versions meet; now and then a late one, so that they expire. */
const timeMs = fc.oneof(
  { weight: 15, arbitrary: fc.nat(12).map((n) => n * 20_000) },
  { weight: 1, arbitrary: fc.nat(75).map((n) => n * 20_000) },
);
const value = fc.oneof(
  { weight: 3, arbitrary: fc.string({ maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constant(null) },
);
const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ put: key, value, timestampMs: timeMs }) },
  { weight: 1, arbitrary: fc.record({ delete: key, timestampMs: timeMs }) },
  { weight: 4, arbitrary: fc.record({ asOf: key, timestampMs: timeMs, offsetMs: fc.integer({ min: -1, max: 1 }) }) },
  { weight: 2, arbitrary: fc.record({ between: key, fromMs: timeMs, toMs: timeMs }) },
  { weight: 4, arbitrary: fc.record({ action: transactionAction }) },
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;
type Harness = StateHarness<VersionedStore<string, string>, ReadOnlyVersionedStore<string, string>>;

function check(store: ReadOnlyVersionedStore<string, string>, model: VersionedModel, step: Command): void {
  if ('asOf' in step) {
    const at = step.timestampMs + step.offsetMs;
    assert.deepEqual(store.asOf(step.asOf, at), model.asOf(step.asOf, at));
    assert.deepEqual(store.get(step.asOf), model.of(step.asOf).map(record).at(-1));
  } else if ('between' in step) {
    const { between, fromMs, toMs } = step;
    assert.deepEqual([...store.versions(between, fromMs, toMs)], model.between(between, fromMs, toMs));
  }
}

function checkAll(store: ReadOnlyVersionedStore<string, string>, model: VersionedModel): void {
  for (const at of ['a', 'aa', 'b'] as const) {
    check(store, model, { asOf: at, timestampMs: model.observedMs, offsetMs: 0 });
    check(store, model, { between: at, fromMs: 0, toMs: Number.MAX_SAFE_INTEGER });
  }
}

function property(engine: EngineKind): fc.IProperty<[Command[]]> {
  return fc.property(fc.array(command, { maxLength: 60, size: 'max' }), (steps) => {
    const builder = Stores.versionedKeyValueStore({
      name: 'versions',
      engine,
      historyRetentionMs: HISTORY_MS,
      keySerde: serdes.string,
      valueSerde: serdes.string,
    });
    const harness: Harness = new StateHarness(builder, { flush: { flushBytes: 3000 } });
    const model = new VersionedModel();
    const runner = new TransactionRunner(harness, model);
    for (const step of steps) {
      if ('action' in step) runner.run(step.action);
      else if ('put' in step) {
        const result = harness.store.put(step.put, step.value, step.timestampMs);
        const isWritten = model.put(step.put, step.value, step.timestampMs);
        const version = model.of(step.put).find(({ timestampMs }) => timestampMs === step.timestampMs);
        assert.deepEqual(result, { isWritten, validToMs: isWritten ? version?.validToMs : undefined });
      } else if ('delete' in step) {
        const old = model.asOf(step.delete, step.timestampMs);
        assert.deepEqual(harness.store.delete(step.delete, step.timestampMs), old);
        model.put(step.delete, null, step.timestampMs);
      } else {
        check(harness.store, model, step);
        check(harness.readOnly, model.committedView(), step);
      }
    }
    runner.run('commit');
    checkAll(harness.store, model);
    runner.run('stop');
    checkAll(harness.store, model);
    harness.state.reset('versions');
    harness.state.restore('versions', harness.changelog, harness.changelog.length);
    checkAll(harness.store, model);
    harness.close();
  });
}

describe('versioned store against an array', () => {
  afterEach(removeTemporaryDirectories);

  for (const engine of ENGINES) {
    it(`should agree on ${engine} through commits, aborts and crashes`, () => {
      fc.assert(property(engine), { numRuns: engine === 'memory' ? 250 : 25 });
    }).timeout(120_000);
  }
});
