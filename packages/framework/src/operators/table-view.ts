import type { ProcessorContext } from '../processor/processor-context.js';
import type { ReadOnlyKeyValueStore } from '../state/stores/key-value-store.js';
import type { ValueAndTimestamp } from '../state/stores/serde-codec.js';
import type { RowFunction } from './table-derive.js';

/** Looks up the rows of a table, for operators that need another table's row. */
export interface TableGetter<K, V> {
  init(context: ProcessorContext): void;
  get(key: K): ValueAndTimestamp<V> | undefined;
}

/** How to look up a table's rows: what a processor must be connected to, and what it asks. */
export interface TableView<K, V> {
  readonly storeNames: readonly string[];
  createGetter(): TableGetter<K, V>;
}

/** A table whose rows are in a store. */
export class StoredTableView<K, V> implements TableView<K, V> {
  readonly storeNames: readonly string[];

  constructor(private readonly storeName: string) {
    this.storeNames = [storeName];
  }

  createGetter(): TableGetter<K, V> {
    const { storeName } = this;
    let store: ReadOnlyKeyValueStore<K, ValueAndTimestamp<V>>;
    return {
      init(context) {
        store = context.getStateStore<ReadOnlyKeyValueStore<K, ValueAndTimestamp<V>>>(storeName);
      },
      get: (key) => store.get(key),
    };
  }
}

/** A table without a store: its rows are computed from those of the table above, each time. */
export class DerivedTableView<K, V, VOut> implements TableView<K, VOut> {
  constructor(
    private readonly parent: TableView<K, V>,
    private readonly derive: RowFunction<K, V, VOut>,
  ) {}

  get storeNames(): readonly string[] {
    return this.parent.storeNames;
  }

  createGetter(): TableGetter<K, VOut> {
    const parent = this.parent.createGetter();
    const { derive } = this;
    return {
      init: (context) => parent.init(context),
      get(key) {
        const row = parent.get(key);
        const value = row === undefined ? null : derive(row.value, key);
        return row === undefined || value === null ? undefined : { value, timestampMs: row.timestampMs };
      },
    };
  }
}
