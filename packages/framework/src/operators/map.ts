import { ContextualProcessor } from '../processor/contextual-processor.js';
import { StreamRecord } from '../processor/record.js';
import { isPromiseLike, type KeySelector, type KeyValue, type KeyValueMapper } from './functions.js';

/** One new key and value for each record. */
export class MapProcessor<K, V, KOut, VOut> extends ContextualProcessor<K, V, KOut, VOut> {
  constructor(private readonly mapper: KeyValueMapper<K, V, KOut, VOut>) {
    super();
  }

  override process(record: StreamRecord<K, V>): void | Promise<void> {
    const pair = this.mapper(record.value, record.key, record);
    if (isPromiseLike(pair)) return this.#whenMapped(record, pair);
    return this.#forward(record, pair);
  }

  async #whenMapped(record: StreamRecord<K, V>, pair: PromiseLike<KeyValue<KOut, VOut>>): Promise<void> {
    await this.#forward(record, await pair);
  }

  #forward(record: StreamRecord<K, V>, pair: KeyValue<KOut, VOut>): void | Promise<void> {
    return this.context.forward(new StreamRecord(pair[0], pair[1], record.timestamp, record.headers));
  }
}

/** A new key for each record. */
export class SelectKeyProcessor<K, V, KOut> extends ContextualProcessor<K, V, KOut, V> {
  constructor(private readonly selector: KeySelector<K, V, KOut>) {
    super();
  }

  override process(record: StreamRecord<K, V>): void | Promise<void> {
    const key = this.selector(record.value, record.key, record);
    if (isPromiseLike(key)) return this.#whenSelected(record, key);
    return this.context.forward(record.withKey(key));
  }

  async #whenSelected(record: StreamRecord<K, V>, key: PromiseLike<KOut>): Promise<void> {
    await this.context.forward(record.withKey(await key));
  }
}
