import { ContextualProcessor } from '../processor/contextual-processor.js';
import type { StreamRecord } from '../processor/record.js';
import type { Change } from './change.js';

/** Each change as a record with the new value; a deleted row as a record with value null. */
export class TableToStreamProcessor<K, V> extends ContextualProcessor<K, Change<V>, K, V | null> {
  override process(record: StreamRecord<K, Change<V>>): void | Promise<void> {
    return this.context.forward(record.withValue(record.value.newValue));
  }
}
