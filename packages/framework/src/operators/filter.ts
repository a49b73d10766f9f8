import { ContextualProcessor } from '../processor/contextual-processor.js';
import type { StreamRecord } from '../processor/record.js';
import { isPromiseLike, type Predicate } from './functions.js';

/** Forwards records for which the predicate says `keepIf`: `filter` (true) and `filterNot` (false). */
export class FilterProcessor<K, V> extends ContextualProcessor<K, V, K, V> {
  constructor(
    private readonly predicate: Predicate<K, V>,
    private readonly keepIf: boolean,
  ) {
    super();
  }

  override process(record: StreamRecord<K, V>): void | Promise<void> {
    const answer = this.predicate(record.value, record.key, record);
    if (isPromiseLike(answer)) return this.#whenAnswered(record, answer);
    return this.#forwardIf(answer, record);
  }

  async #whenAnswered(record: StreamRecord<K, V>, answer: PromiseLike<boolean>): Promise<void> {
    await this.#forwardIf(await answer, record);
  }

  #forwardIf(answer: boolean, record: StreamRecord<K, V>): void | Promise<void> {
    // A JavaScript caller may answer with any truthy value.
    if (Boolean(answer) === this.keepIf) return this.context.forward(record);
  }
}
