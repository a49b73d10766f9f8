import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { StateStore } from '../../dist/state/stores/state-store.js';
import type { StateHarness } from './state-harness.js';

/** What a task does with its stores besides reading and writing. */
export const transactionAction = fc.constantFrom(
  'commit' as const,
  'commit without offsets' as const,
  'abort' as const,
  'drain' as const,
  'flush' as const,
  'stop' as const,
  'crash' as const,
  'endRecord' as const,
);

export type TransactionAction =
  'commit' | 'commit without offsets' | 'abort' | 'drain' | 'flush' | 'stop' | 'crash' | 'endRecord';

/** A model with the same transactions as the store. */
export interface TransactionalModel {
  commit(): void;
  abort(): void;
  /** What has been passed on of a store that caches, by key as text. */
  committedContent?(): ReadonlyMap<string, unknown>;
}

/** Does the same to a store and to its model, and follows what a cache passes on. */
export class TransactionRunner<S extends StateStore, R> {
  #committedLength = 0;
  readonly #downstream = new Map<string, unknown>();

  constructor(
    private readonly harness: StateHarness<S, R>,
    private readonly model: TransactionalModel,
  ) {}

  run(action: TransactionAction): void {
    const { harness, model } = this;
    switch (action) {
      case 'commit':
      case 'commit without offsets':
        harness.commit(action === 'commit');
        model.commit();
        this.#committedLength = harness.changelog.length;
        this.#followUpdates();
        return;
      case 'abort':
        harness.abort(this.#committedLength);
        harness.updates.length = 0;
        model.abort();
        return;
      case 'drain':
        harness.drain();
        return;
      case 'flush':
        harness.state.flush();
        return;
      case 'endRecord':
        harness.state.endRecord();
        return;
      case 'stop':
      case 'crash':
        // What the open transaction has in the changelog is aborted there, too.
        harness.changelog.length = this.#committedLength;
        harness.updates.length = 0;
        model.abort();
        if (action === 'stop') harness.stopAndReopen();
        else harness.crashAndReopen();
    }
  }

  /** Each update leads from the value passed on before, and together they lead to what is committed. */
  #followUpdates(): void {
    const downstream = this.#downstream;
    for (const { key, newValue, oldValue } of this.harness.updates.splice(0)) {
      const at = key instanceof Buffer ? key.toString('latin1') : String(key);
      assert.deepEqual(oldValue, downstream.get(at) ?? null);
      if (newValue === null) downstream.delete(at);
      else downstream.set(at, newValue);
    }
    const content = this.harness.builder.settings.isCached ? this.model.committedContent?.() : undefined;
    if (content !== undefined) assert.deepEqual(downstream, content);
  }
}

/** A model of a store as a map from text to values, with an open transaction over it. */
export class MapModel<V> implements TransactionalModel {
  committed = new Map<string, V>();
  open = new Map<string, V>();

  commit(): void {
    this.committed = new Map(this.open);
  }

  abort(): void {
    this.open = new Map(this.committed);
  }

  committedContent(): ReadonlyMap<string, V> {
    return this.committed;
  }

  set(key: string, value: V | null): void {
    if (value === null) this.open.delete(key);
    else this.open.set(key, value);
  }
}
