import fc from 'fast-check';
import type { StateStore } from '../../dist/state/stores/state-store.js';
import type { StateHarness } from './state-harness.js';

/** What a task does with its stores besides reading and writing. */
export const transactionAction = fc.constantFrom(
  'commit' as const,
  'commit' as const,
  'abort' as const,
  'drain' as const,
  'flush' as const,
  'stop' as const,
  'crash' as const,
  'endRecord' as const,
);

export type TransactionAction = 'commit' | 'abort' | 'drain' | 'flush' | 'stop' | 'crash' | 'endRecord';

/** A model with the same transactions as the store. */
export interface TransactionalModel {
  commit(): void;
  abort(): void;
}

/** Does the same to a store and to its model. */
export class TransactionRunner<S extends StateStore, R> {
  #committedLength = 0;

  constructor(
    private readonly harness: StateHarness<S, R>,
    private readonly model: TransactionalModel,
  ) {}

  run(action: TransactionAction): void {
    const { harness, model } = this;
    switch (action) {
      case 'commit':
        harness.commit();
        model.commit();
        this.#committedLength = harness.changelog.length;
        return;
      case 'abort':
        harness.abort(this.#committedLength);
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
        model.abort();
        if (action === 'stop') harness.stopAndReopen();
        else harness.crashAndReopen();
    }
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

  set(key: string, value: V | null): void {
    if (value === null) this.open.delete(key);
    else this.open.set(key, value);
  }
}
