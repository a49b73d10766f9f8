import { ContextualProcessor } from '../processor/contextual-processor.js';
import type { StreamRecord } from '../processor/record.js';
import { isPromiseLike, type RecordAction } from './functions.js';

/** Calls an action for each record; `peek` passes the record on, `foreach` ends the stream. */
export class PeekProcessor<K, V> extends ContextualProcessor<K, V, K, V> {
  constructor(
    private readonly action: RecordAction<K, V>,
    private readonly passesOn: boolean,
  ) {
    super();
  }

  override process(record: StreamRecord<K, V>): void | Promise<void> {
    const result = this.action(record.value, record.key, record);
    if (isPromiseLike(result)) return this.#whenDone(record, result);
    if (this.passesOn) return this.context.forward(record);
  }

  async #whenDone(record: StreamRecord<K, V>, result: PromiseLike<unknown>): Promise<void> {
    await result;
    if (this.passesOn) await this.context.forward(record);
  }
}
