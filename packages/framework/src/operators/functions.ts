import type { StreamRecord } from '../processor/record.js';

/*
 * Functions that users hand to operators. The value comes first, because most need nothing else; then the key; then the
 * whole record, for its timestamp and headers. (Kafka Streams puts the key first.) Each may return a promise: the task
 * then waits for it before it takes its next record.
 */

export type MaybePromise<T> = T | PromiseLike<T>;

/** True keeps the record (or sends it to the branch). */
export type Predicate<K, V> = (value: V, key: K, record: StreamRecord<K, V>) => MaybePromise<boolean>;

/** A predicate that also narrows the type of the value. Synchronous, as type guards are. */
export type ValueGuard<K, V, VOut extends V> = (value: V, key: K, record: StreamRecord<K, V>) => value is VOut;

export type ValueMapper<K, V, VOut> = (value: V, key: K, record: StreamRecord<K, V>) => MaybePromise<VOut>;

export type KeySelector<K, V, KOut> = (value: V, key: K, record: StreamRecord<K, V>) => MaybePromise<KOut>;

/** A key and a value, in this order. */
export type KeyValue<K, V> = readonly [key: K, value: V];

export type KeyValueMapper<K, V, KOut, VOut> = (
  value: V,
  key: K,
  record: StreamRecord<K, V>,
) => MaybePromise<KeyValue<KOut, VOut>>;

/** Any number of results for one record, forwarded in order. */
export type FlatMapper<K, V, KOut, VOut> = (
  value: V,
  key: K,
  record: StreamRecord<K, V>,
) => MaybePromise<Iterable<KeyValue<KOut, VOut>>>;

export type FlatValueMapper<K, V, VOut> = (
  value: V,
  key: K,
  record: StreamRecord<K, V>,
) => MaybePromise<Iterable<VOut>>;

/** Its result is not used; a promise is waited for. */
export type RecordAction<K, V> = (value: V, key: K, record: StreamRecord<K, V>) => unknown;

/** True for promises and other thenables. Allocates nothing. */
export function isPromiseLike<T>(value: MaybePromise<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
