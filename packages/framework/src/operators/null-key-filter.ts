import { ContextualProcessor } from '../processor/contextual-processor.js';
import type { StreamRecord } from '../processor/record.js';

/** Keeps records without a key out of a repartition topic whose readers would skip them anyway. */
export class NullKeyFilterProcessor<K, V> extends ContextualProcessor<K, V, K, V> {
  override process(record: StreamRecord<K, V>): void | Promise<void> {
    if (record.key === null || record.key === undefined) return this.context.skipRecord('its key is null');
    return this.context.forward(record);
  }
}
