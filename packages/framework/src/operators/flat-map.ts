import { ContextualProcessor } from '../processor/contextual-processor.js';
import { StreamRecord } from '../processor/record.js';
import { isPromiseLike, type FlatMapper, type FlatValueMapper } from './functions.js';

/**
 * Any number of records for each record. A result is forwarded only when the one before it has been dealt with
 * downstream.
 */
abstract class FlatProcessor<K, V, Item, KOut, VOut> extends ContextualProcessor<K, V, KOut, VOut> {
  override process(record: StreamRecord<K, V>): void | Promise<void> {
    const items = this.expand(record);
    if (isPromiseLike(items)) return this.#whenExpanded(record, items);
    return this.#forwardAll(record, items);
  }

  protected abstract expand(record: StreamRecord<K, V>): Iterable<Item> | PromiseLike<Iterable<Item>>;
  protected abstract derive(record: StreamRecord<K, V>, item: Item): StreamRecord<KOut, VOut>;

  async #whenExpanded(record: StreamRecord<K, V>, items: PromiseLike<Iterable<Item>>): Promise<void> {
    await this.#forwardAll(record, await items);
  }

  #forwardAll(record: StreamRecord<K, V>, items: Iterable<Item>): void | Promise<void> {
    const iterator = items[Symbol.iterator]();
    for (let step = iterator.next(); step.done !== true; step = iterator.next()) {
      const forwarded = this.context.forward(this.derive(record, step.value));
      if (forwarded !== undefined) return this.#forwardRest(record, iterator, forwarded);
    }
  }

  async #forwardRest(record: StreamRecord<K, V>, iterator: Iterator<Item>, first: Promise<void>): Promise<void> {
    await first;
    for (let step = iterator.next(); step.done !== true; step = iterator.next()) {
      await this.context.forward(this.derive(record, step.value));
    }
  }
}

/** Any number of new keys and values for each record. */
export class FlatMapProcessor<K, V, KOut, VOut> extends FlatProcessor<K, V, readonly [KOut, VOut], KOut, VOut> {
  constructor(private readonly mapper: FlatMapper<K, V, KOut, VOut>) {
    super();
  }

  protected override expand(record: StreamRecord<K, V>): ReturnType<FlatMapper<K, V, KOut, VOut>> {
    return this.mapper(record.value, record.key, record);
  }

  protected override derive(record: StreamRecord<K, V>, item: readonly [KOut, VOut]): StreamRecord<KOut, VOut> {
    return new StreamRecord(item[0], item[1], record.timestamp, record.headers);
  }
}

/** Any number of new values for each record; the key stays. */
export class FlatMapValuesProcessor<K, V, VOut> extends FlatProcessor<K, V, VOut, K, VOut> {
  constructor(private readonly mapper: FlatValueMapper<K, V, VOut>) {
    super();
  }

  protected override expand(record: StreamRecord<K, V>): ReturnType<FlatValueMapper<K, V, VOut>> {
    return this.mapper(record.value, record.key, record);
  }

  protected override derive(record: StreamRecord<K, V>, item: VOut): StreamRecord<K, VOut> {
    return record.withValue(item);
  }
}
