import { ProcessingError } from '../errors/errors.js';
import type { Processor } from '../processor/processor.js';
import type { ProcessorContext } from '../processor/processor-context.js';
import type { StreamRecord } from '../processor/record.js';
import type { Change } from './change.js';
import { storable, type Initializer, type TableAggregator } from './table-functions.js';
import { TableWriter, type StoredTableOutput } from './table-store.js';

/** What a grouped table does with the rows of a group. */
export interface TableAggregation<K, V, A> {
  /** Undefined in a reduction: the first row's value is the first aggregate. */
  readonly initializer: Initializer<A> | undefined;
  readonly adder: TableAggregator<K, V, A>;
  readonly subtractor: TableAggregator<K, V, A>;
}

/**
 * The aggregate of the rows that are in each group now: takes a row's old value out, then puts its new one in. Its time
 * is the largest of its records' times.
 */
export class TableAggregateProcessor<K, V, A> implements Processor<K, Change<V>, K, Change<A>> {
  #table!: TableWriter<K, A>;
  #nodeName!: string;

  constructor(
    private readonly aggregation: TableAggregation<K, V, A>,
    private readonly output: StoredTableOutput,
  ) {}

  init(context: ProcessorContext<K, Change<A>>): void {
    this.#nodeName = context.nodeName;
    this.#table = new TableWriter(context, this.output);
  }

  process(record: StreamRecord<K, Change<V>>): void | Promise<void> {
    const { key, value: change, timestamp } = record;
    if (key === null || key === undefined) {
      throw new ProcessingError(`'${this.#nodeName}' got a row without a group. The repartition topic is damaged.`);
    }
    const table = this.#table;
    const old = table.get(key);
    let aggregate: A | null = old?.value ?? null;
    let timestampMs = timestamp;
    if (change.oldValue !== null && aggregate !== null) {
      aggregate = storable(this.aggregation.subtractor(aggregate, change.oldValue, key), this.#nodeName);
      timestampMs = latest(timestamp, old?.timestampMs);
    }
    if (change.newValue !== null) {
      aggregate = storable(this.#add(aggregate, change.newValue, key), this.#nodeName);
      timestampMs = latest(timestamp, old?.timestampMs);
    }
    const oldValue = old !== undefined && table.needsOldValues ? table.valueOf(key) : null;
    return table.put(record, aggregate, oldValue, timestampMs);
  }

  #add(aggregate: A | null, value: V, key: K): A {
    const { initializer, adder } = this.aggregation;
    if (aggregate !== null) return adder(aggregate, value, key);
    return initializer === undefined ? (value as V & A) : adder(initializer(), value, key);
  }
}

function latest(timestampMs: number, oldMs: number | undefined): number {
  return oldMs === undefined ? timestampMs : Math.max(timestampMs, oldMs);
}
