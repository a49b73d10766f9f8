import type { Processor } from '../processor/processor.js';
import type { ProcessorContext } from '../processor/processor-context.js';
import type { StreamRecord } from '../processor/record.js';
import type { KeyValueStore } from '../state/stores/key-value-store.js';
import type { ValueAndTimestamp } from '../state/stores/serde-codec.js';
import type { Change } from './change.js';
import { TableWriter, type TableOutput } from './table-store.js';

/**
 * Takes records as rows of a table: the last one of a key counts, by the order of the topic, whatever their times; a
 * null value deletes the row.
 */
export class TableSourceProcessor<K, V> implements Processor<K, V, K, Change<V>> {
  #context!: ProcessorContext<K, Change<V>>;
  #table: TableWriter<K, V> | undefined;

  constructor(private readonly output: TableOutput) {}

  init(context: ProcessorContext<K, Change<V>>): void {
    const { storeName, sendsOldValues } = this.output;
    this.#context = context;
    this.#table = storeName === undefined ? undefined : new TableWriter(context, { storeName, sendsOldValues });
  }

  process(record: StreamRecord<K, V>): void | Promise<void> {
    const { key, value, timestamp } = record;
    if (key === null || key === undefined) return this.#context.skipRecord('its key is null');
    const table = this.#table;
    const newValue = value ?? null;
    if (table === undefined) return this.#context.forward(record.withValue({ newValue, oldValue: null }));
    return table.put(record, newValue, table.needsOldValues ? table.valueOf(key) : null, timestamp);
  }
}

/** Keeps a global table's store up to date; nothing follows it. */
export class GlobalTableProcessor<K, V> implements Processor<K, V, never, never> {
  #context!: ProcessorContext<never, never>;
  #store!: KeyValueStore<K, ValueAndTimestamp<V>>;

  constructor(private readonly storeName: string) {}

  init(context: ProcessorContext<never, never>): void {
    this.#context = context;
    this.#store = context.getStateStore<KeyValueStore<K, ValueAndTimestamp<V>>>(this.storeName);
  }

  process({ key, value, timestamp }: StreamRecord<K, V>): void {
    if (key === null || key === undefined) this.#context.skipRecord('its key is null');
    else this.#store.put(key, value === null || value === undefined ? null : { value, timestampMs: timestamp });
  }
}
