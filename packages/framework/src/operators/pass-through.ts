import { ContextualProcessor } from '../processor/contextual-processor.js';
import type { StreamRecord } from '../processor/record.js';

/** Forwards what it gets: the point where merged streams meet, and the head of a branch. */
export class PassThroughProcessor<K, V> extends ContextualProcessor<K, V, K, V> {
  override process(record: StreamRecord<K, V>): void | Promise<void> {
    return this.context.forward(record);
  }
}
