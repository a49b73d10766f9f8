import type { Processor } from '../processor/processor.js';
import type { ProcessorContext } from '../processor/processor-context.js';
import type { StreamRecord } from '../processor/record.js';
import type { Change } from './change.js';
import { TableWriter, type TableOutput } from './table-store.js';

/** What becomes of one row's value; null: no row. Never asked for null. */
export type RowFunction<K, V, VOut> = (value: V, key: K) => VOut | null;

/** `filter` and `mapValues` of a table: each row of the table above becomes at most one row. */
export class TableDeriveProcessor<K, V, VOut> implements Processor<K, Change<V>, K, Change<VOut>> {
  #context!: ProcessorContext<K, Change<VOut>>;
  #table: TableWriter<K, VOut> | undefined;

  /** @param skipsAbsent whether changes of rows that are neither there before nor after are of no use to those below */
  constructor(
    private readonly derive: RowFunction<K, V, VOut>,
    private readonly output: TableOutput,
    private readonly skipsAbsent: boolean,
  ) {}

  init(context: ProcessorContext<K, Change<VOut>>): void {
    const { storeName, sendsOldValues } = this.output;
    this.#context = context;
    this.#table = storeName === undefined ? undefined : new TableWriter(context, { storeName, sendsOldValues });
  }

  process(record: StreamRecord<K, Change<V>>): void | Promise<void> {
    const { key, value: change } = record;
    const newValue = this.#derived(change.newValue, key);
    const oldValue = this.#oldValue(change.oldValue, key);
    if (this.skipsAbsent && this.output.sendsOldValues && newValue === null && oldValue === null) return;
    if (this.#table !== undefined) return this.#table.put(record, newValue, oldValue, record.timestamp);
    return this.#context.forward(record.withValue({ newValue, oldValue }));
  }

  #oldValue(oldValue: V | null, key: K): VOut | null {
    if (!this.output.sendsOldValues) return null;
    return this.#table === undefined ? this.#derived(oldValue, key) : this.#table.valueOf(key);
  }

  #derived(value: V | null, key: K): VOut | null {
    return value === null ? null : this.derive(value, key);
  }
}
