import { ContextualProcessor } from '../processor/contextual-processor.js';
import type { StreamRecord } from '../processor/record.js';
import type { Change } from './change.js';
import type { KeyValue } from './functions.js';
import { storable, type TableKeyValueMapper } from './table-functions.js';

/**
 * Sends the old and the new value of a row to the groups they belong to (Kafka Streams' `KTableRepartitionMap`). A row
 * that stays in its group goes there as one change (KIP-904), so that its group never appears without it.
 */
export class TableRegroupProcessor<K, V, KOut, VOut> extends ContextualProcessor<K, Change<V>, KOut, Change<VOut>> {
  constructor(
    private readonly mapper: TableKeyValueMapper<K, V, KOut, VOut>,
    private readonly isSameGroup: (a: KOut, b: KOut) => boolean,
  ) {
    super();
  }

  override process(record: StreamRecord<K, Change<V>>): void | Promise<void> {
    const { key, value: change } = record;
    const added = this.#grouped(change.newValue, key);
    const removed = this.#grouped(change.oldValue, key);
    if (added !== undefined && removed !== undefined && this.isSameGroup(added[0], removed[0])) {
      return this.#forward(record, removed[0], { newValue: added[1], oldValue: removed[1] });
    }
    const forwarded =
      removed === undefined ? undefined : this.#forward(record, removed[0], { newValue: null, oldValue: removed[1] });
    if (added === undefined) return forwarded;
    const [group, newValue] = added;
    if (forwarded === undefined) return this.#forward(record, group, { newValue, oldValue: null });
    return forwarded.then(() => this.#forward(record, group, { newValue, oldValue: null }));
  }

  #forward(record: StreamRecord<K, unknown>, group: KOut, change: Change<VOut>): void | Promise<void> {
    return this.context.forward(record.withKey(group).withValue(change));
  }

  /** Undefined: the row is in no group. */
  #grouped(value: V | null, key: K): KeyValue<KOut, VOut> | undefined {
    if (value === null) return undefined;
    const pair = storable(this.mapper(value, key), this.context.nodeName);
    if (pair === null || pair[0] === null || pair[0] === undefined) return undefined;
    return pair[1] === null || pair[1] === undefined ? undefined : pair;
  }
}
