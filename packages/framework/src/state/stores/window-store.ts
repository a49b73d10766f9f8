import type { Windowed } from '../../time/windowed.js';
import type { StoreIterator } from '../iterators/store-iterator.js';
import type { ValueAndTimestamp } from './serde-codec.js';
import type { StateStore } from './state-store.js';

/**
 * A window store as interactive queries see it. All times are window starts, ms, and bounds are inclusive. Windows whose
 * start is at or before (largest start seen - retention) are expired: they are not found any more.
 */
export interface ReadOnlyWindowStore<K, V> extends StateStore {
  /** The value of one window (without duplicates: of the only one). */
  get(key: K, windowStartMs: number): V | undefined;
  /** `[start, value]` of a key's windows, by start ascending. */
  fetch(key: K, fromMs: number, toMs: number): StoreIterator<readonly [number, V]>;
  backwardFetch(key: K, fromMs: number, toMs: number): StoreIterator<readonly [number, V]>;
  /**
   * Windows of all keys between two (inclusive, by bytes; undefined: unbounded). Ordered by segment of time, then key,
   * then start.
   */
  fetchKeys(
    fromKey: K | undefined,
    toKey: K | undefined,
    fromMs: number,
    toMs: number,
  ): StoreIterator<readonly [Windowed<K>, V]>;
  backwardFetchKeys(
    fromKey: K | undefined,
    toKey: K | undefined,
    fromMs: number,
    toMs: number,
  ): StoreIterator<readonly [Windowed<K>, V]>;
  /** Windows of all keys in a span of time; order as {@link fetchKeys}. */
  fetchAll(fromMs: number, toMs: number): StoreIterator<readonly [Windowed<K>, V]>;
  backwardFetchAll(fromMs: number, toMs: number): StoreIterator<readonly [Windowed<K>, V]>;
  all(): StoreIterator<readonly [Windowed<K>, V]>;
  backwardAll(): StoreIterator<readonly [Windowed<K>, V]>;
}

/** A window store as its processors see it. */
export interface WindowStore<K, V> extends ReadOnlyWindowStore<K, V> {
  /**
   * Writes the value of a window; null deletes it. With `retainDuplicates` every put adds a value and null does nothing.
   * A window that is expired already is not written; the task counts it as dropped.
   */
  put(key: K, value: V | null, windowStartMs: number): void;
}

export type TimestampedWindowStore<K, V> = WindowStore<K, ValueAndTimestamp<V>>;
