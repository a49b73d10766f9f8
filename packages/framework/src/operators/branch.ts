import { ContextualProcessor } from '../processor/contextual-processor.js';
import type { StreamRecord } from '../processor/record.js';
import { isPromiseLike, type Predicate } from './functions.js';

/** One way out of a split: records that fit go to the child node. */
export interface BranchTarget<K, V> {
  readonly predicate: Predicate<K, V>;
  readonly childName: string;
}

/** Sends each record to the first branch that fits, else to the default branch if there is one, else nowhere. */
export class BranchProcessor<K, V> extends ContextualProcessor<K, V, K, V> {
  constructor(
    private readonly branches: readonly BranchTarget<K, V>[],
    private readonly defaultChild: string | undefined,
  ) {
    super();
  }

  override process(record: StreamRecord<K, V>): void | Promise<void> {
    for (let index = 0; index < this.branches.length; index++) {
      const branch = this.branches[index];
      if (branch === undefined) break;
      const fits = branch.predicate(record.value, record.key, record);
      if (isPromiseLike(fits)) return this.#goOnWaiting(record, fits, index);
      if (fits) return this.context.forward(record, branch.childName);
    }
    return this.#forwardToDefault(record);
  }

  async #goOnWaiting(record: StreamRecord<K, V>, first: PromiseLike<boolean>, index: number): Promise<void> {
    for (const [position, branch] of this.branches.entries()) {
      if (position < index) continue;
      const fits = await (position === index ? first : branch.predicate(record.value, record.key, record));
      if (fits) return this.context.forward(record, branch.childName);
    }
    return this.#forwardToDefault(record);
  }

  #forwardToDefault(record: StreamRecord<K, V>): void | Promise<void> {
    if (this.defaultChild !== undefined) return this.context.forward(record, this.defaultChild);
  }
}
