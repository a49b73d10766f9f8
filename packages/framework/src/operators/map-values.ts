import { ContextualProcessor } from '../processor/contextual-processor.js';
import type { StreamRecord } from '../processor/record.js';
import { isPromiseLike, type ValueMapper } from './functions.js';

/** One new value for each record; the key stays. */
export class MapValuesProcessor<K, V, VOut> extends ContextualProcessor<K, V, K, VOut> {
  constructor(private readonly mapper: ValueMapper<K, V, VOut>) {
    super();
  }

  override process(record: StreamRecord<K, V>): void | Promise<void> {
    const value = this.mapper(record.value, record.key, record);
    if (isPromiseLike(value)) return this.#whenMapped(record, value);
    return this.context.forward(record.withValue(value));
  }

  async #whenMapped(record: StreamRecord<K, V>, value: PromiseLike<VOut>): Promise<void> {
    await this.context.forward(record.withValue(await value));
  }
}
