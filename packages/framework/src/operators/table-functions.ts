import { IllegalStateError } from '../errors/errors.js';
import type { StreamRecord } from '../processor/record.js';
import { isPromiseLike, type KeyValue } from './functions.js';

/*
 * Functions that users hand to tables and aggregates. They are synchronous: what they compute goes into a store, or is
 * computed again where a store would be read. Asynchronous work belongs into a stream operator before them.
 */

/** True keeps the row. Asked for old and new values of a row alike: the answer must depend on nothing else. */
export type TablePredicate<K, V> = (value: V, key: K) => boolean;

/** Asked for old and new values of a row alike: the result must depend on nothing else. */
export type TableValueMapper<K, V, VOut> = (value: V, key: K) => VOut;

/** New key and value of a row. Asked for old and new values of a row alike: the result must depend on nothing else. */
export type TableKeyValueMapper<K, V, KOut, VOut> = (value: V, key: K) => KeyValue<KOut, VOut>;

/** The aggregate of a key before its first record. */
export type Initializer<A> = () => A;

/** The aggregate with one more record in it. It may change the aggregate in hand and return it. */
export type Aggregator<K, V, A> = (aggregate: A, value: V, key: K, record: StreamRecord<K, V>) => A;

/** Two values as one. */
export type Reducer<K, V> = (aggregate: V, value: V, key: K, record: StreamRecord<K, V>) => V;

/** The aggregate of a grouped table with a row more, or a row less. It may change the aggregate in hand and return it. */
export type TableAggregator<K, V, A> = (aggregate: A, value: V, key: K) => A;

/** Adds a value to, or takes it out of, the reduced value of a group. */
export type TableReducer<K, V> = (aggregate: V, value: V, key: K) => V;

/**
 * What a user's function returned, undefined as null.
 * @throws IllegalStateError for a promise: it would be stored in place of its result
 */
export function storable<T>(result: T | undefined, node: string): T | null {
  if (result === undefined || result === null) return null;
  if (isPromiseLike(result)) {
    throw new IllegalStateError(
      `A function of '${node}' returned a promise. Functions of tables and aggregates are synchronous: do asynchronous ` +
        `work before, with mapValues() or mapValuesAsync() of a stream.`,
      { node },
    );
  }
  return result;
}
