import type { RowFunction } from '../operators/table-derive.js';
import type { StoredTableOutput, TableOutput } from '../operators/table-store.js';
import { DerivedTableView, StoredTableView, type TableView } from '../operators/table-view.js';
import type { StoreBuilder } from '../state/stores/store-builder.js';
import type { Materialization } from './materialized.js';

/**
 * Where a table's rows come from: whether an operator keeps them in a store, and whether it says with each change what
 * was before. Operators below may ask for either until the topology is built.
 */
export interface TableOrigin<K, V> extends TableOutput {
  /**
   * Asks for the value before in each change.
   *
   * @param forces whether a source without a store may get one for it
   * @returns whether old values will come
   */
  enableSendingOldValues(forces: boolean): boolean;
  /** How to look up rows; gives a source without a store one. */
  view(): TableView<K, V>;
  /** The store, if there is one by the time the topology is built. */
  readonly stores: readonly StoreBuilder[];
  /** Name under which the store can be queried. */
  readonly queryableStoreName: string | undefined;
}

/** A table read from a topic or made from a stream: has a store if the user named one or somebody needs it. */
export class SourceOrigin<K, V> implements TableOrigin<K, V> {
  #isMaterialized: boolean;
  #sendsOldValues = false;

  constructor(readonly materialization: Materialization<K, V>) {
    this.#isMaterialized = materialization.isNamedByUser;
  }

  get storeName(): string | undefined {
    return this.#isMaterialized ? this.materialization.name : undefined;
  }

  get sendsOldValues(): boolean {
    return this.#sendsOldValues;
  }

  get stores(): readonly StoreBuilder[] {
    return this.#isMaterialized ? [this.materialization.builder] : [];
  }

  get queryableStoreName(): string | undefined {
    return this.materialization.isNamedByUser ? this.materialization.name : undefined;
  }

  enableSendingOldValues(forces: boolean): boolean {
    if (!forces && !this.#isMaterialized) return false;
    this.#materialize();
    this.#sendsOldValues = true;
    return true;
  }

  view(): TableView<K, V> {
    this.#materialize();
    return new StoredTableView(this.materialization.name);
  }

  /** Says at once, at the operator that needs the store, if a serde for it is missing. */
  #materialize(): void {
    void this.materialization.serdes;
    this.#isMaterialized = true;
  }
}

/** An aggregate: always has a store. */
export class AggregateOrigin<K, V> implements TableOrigin<K, V>, StoredTableOutput {
  readonly storeName: string;
  #sendsOldValues = false;

  constructor(private readonly materialization: Materialization<K, V>) {
    this.storeName = materialization.name;
  }

  get sendsOldValues(): boolean {
    return this.#sendsOldValues;
  }

  get stores(): readonly StoreBuilder[] {
    return [this.materialization.builder];
  }

  get queryableStoreName(): string | undefined {
    return this.materialization.isNamedByUser ? this.storeName : undefined;
  }

  enableSendingOldValues(): boolean {
    this.#sendsOldValues = true;
    return true;
  }

  view(): TableView<K, V> {
    return new StoredTableView(this.storeName);
  }
}

/** A filtered or mapped table: computed from the one above, and kept in a store only if the user named one. */
export class DerivedOrigin<K, V, VOut> implements TableOrigin<K, VOut> {
  #sendsOldValues = false;

  constructor(
    private readonly parent: TableOrigin<K, V>,
    private readonly derive: RowFunction<K, V, VOut>,
    private readonly materialization: Materialization<K, VOut> | undefined,
  ) {}

  get storeName(): string | undefined {
    return this.materialization?.name;
  }

  get queryableStoreName(): string | undefined {
    return this.materialization?.name;
  }

  get sendsOldValues(): boolean {
    return this.#sendsOldValues;
  }

  get stores(): readonly StoreBuilder[] {
    return this.materialization === undefined ? [] : [this.materialization.builder];
  }

  enableSendingOldValues(forces: boolean): boolean {
    if (this.materialization !== undefined || this.parent.enableSendingOldValues(forces)) this.#sendsOldValues = true;
    return this.#sendsOldValues;
  }

  /** A filter above a table with a store gets old values for the asking, and so spares those below needless deletions. */
  useOldValuesIfThereAre(): void {
    if (this.parent.enableSendingOldValues(false)) this.#sendsOldValues = true;
  }

  view(): TableView<K, VOut> {
    if (this.materialization !== undefined) return new StoredTableView(this.materialization.name);
    return new DerivedTableView(this.parent.view(), this.derive);
  }
}
