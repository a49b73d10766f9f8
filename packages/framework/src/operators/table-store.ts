import type { ProcessorContext } from '../processor/processor-context.js';
import type { CachingKeyValueStore } from '../state/stores/stores.js';
import type { ValueAndTimestamp } from '../state/stores/serde-codec.js';
import type { Change } from './change.js';
import { ChangeForwarder } from './change-forwarder.js';

/** What the store of a table holds: values with the event time of their records. */
export type TableStore<K, V> = CachingKeyValueStore<K, ValueAndTimestamp<V>>;

/** Which store a table operator keeps its rows in, and what it tells those below. */
export interface TableOutput {
  /** Undefined: the rows are kept nowhere. */
  readonly storeName: string | undefined;
  readonly sendsOldValues: boolean;
}

/** As {@link TableOutput}, of an operator that always has a store. */
export interface StoredTableOutput extends TableOutput {
  readonly storeName: string;
}

/** A table operator's access to its store, and the way on for the changes that it makes there. */
export class TableWriter<K, V> {
  readonly store: TableStore<K, V>;
  readonly #forwarder: ChangeForwarder<K, V>;

  constructor(context: ProcessorContext<K, Change<V>>, { storeName, sendsOldValues }: StoredTableOutput) {
    this.store = context.getStateStore<TableStore<K, V>>(storeName);
    this.#forwarder = new ChangeForwarder(this.store, context, sendsOldValues);
  }

  get(key: K): ValueAndTimestamp<V> | undefined {
    return this.store.get(key);
  }

  /** The value of a key, or null. */
  valueOf(key: K): V | null {
    return this.store.get(key)?.value ?? null;
  }

  /** True: {@link put} needs the value before. */
  get needsOldValues(): boolean {
    return this.#forwarder.needsOldValues;
  }

  /** Writes a row (null: deletes it) and passes the change on, now or later. The caller returns the answer. */
  put(
    ...[record, newValue, oldValue, timestampMs]: Parameters<ChangeForwarder<K, V>['forward']>
  ): void | Promise<void> {
    this.store.put(record.key, newValue === null ? null : { value: newValue, timestampMs });
    return this.#forwarder.forward(record, newValue, oldValue, timestampMs);
  }
}
