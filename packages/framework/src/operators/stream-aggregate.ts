import type { Processor } from '../processor/processor.js';
import type { ProcessorContext } from '../processor/processor-context.js';
import type { StreamRecord } from '../processor/record.js';
import type { Change } from './change.js';
import { storable, type Aggregator, type Initializer } from './table-functions.js';
import { TableWriter, type StoredTableOutput } from './table-store.js';

/**
 * The running aggregate of each key: `count`, `reduce` and `aggregate` of a grouped stream. Its time is the largest of
 * its records' times.
 *
 * Unlike Kafka Streams it does not pass the initial value off as the old value of a new key: a table grouped from this
 * one would subtract what it never added.
 */
export class StreamAggregateProcessor<K, V, A> implements Processor<K, V, K, Change<A>> {
  #context!: ProcessorContext<K, Change<A>>;
  #table!: TableWriter<K, A>;

  constructor(
    /** Undefined in a reduction: the first value of a key is its first aggregate. */
    private readonly initializer: Initializer<A> | undefined,
    private readonly aggregator: Aggregator<K, V, A>,
    private readonly output: StoredTableOutput,
  ) {}

  init(context: ProcessorContext<K, Change<A>>): void {
    this.#context = context;
    this.#table = new TableWriter(context, this.output);
  }

  process(record: StreamRecord<K, V>): void | Promise<void> {
    const { key, value, timestamp } = record;
    if (key === null || key === undefined) return this.#context.skipRecord('its key is null');
    if (value === null || value === undefined) return this.#context.skipRecord('its value is null');
    const table = this.#table;
    const old = table.get(key);
    const newTimestampMs = old === undefined ? timestamp : Math.max(timestamp, old.timestampMs);
    const aggregate = storable(this.#next(record, old?.value), this.#context.nodeName);
    // The aggregator may have changed the object in hand; what it was before is still in the store.
    const oldValue = old !== undefined && table.needsOldValues ? table.valueOf(key) : null;
    return table.put(record, aggregate, oldValue, newTimestampMs);
  }

  #next(record: StreamRecord<K, V>, old: A | undefined): A {
    const { initializer, aggregator } = this;
    if (old !== undefined) return aggregator(old, record.value, record.key, record);
    if (initializer === undefined) return record.value as V & A;
    return aggregator(initializer(), record.value, record.key, record);
  }
}
