import type { UpdateListener } from '../cache/update-cache.js';
import type { StoreIterator } from '../iterators/store-iterator.js';
import type { StateStore } from './state-store.js';
import type { ValueAndTimestamp } from './serde-codec.js';

/** A key-value store as interactive queries see it: committed state only. Keys are ordered by their bytes. */
export interface ReadOnlyKeyValueStore<K, V> extends StateStore {
  get(key: K): V | undefined;
  /** Entries with `from` <= key <= `to`, ascending; undefined: unbounded. */
  range(from: K | undefined, to: K | undefined): StoreIterator<readonly [K, V]>;
  /** The same, descending. */
  reverseRange(from: K | undefined, to: K | undefined): StoreIterator<readonly [K, V]>;
  all(): StoreIterator<readonly [K, V]>;
  reverseAll(): StoreIterator<readonly [K, V]>;
  /** Entries whose key's bytes start with these, ascending. */
  prefixScan(prefix: Uint8Array): StoreIterator<readonly [K, V]>;
  /** Exact for small stores; an estimate while a large transaction is open. */
  approximateNumEntries(): number;
}

/** A key-value store as its processors see it: reads see what the open transaction wrote. */
export interface KeyValueStore<K, V> extends ReadOnlyKeyValueStore<K, V> {
  /** null deletes. */
  put(key: K, value: V | null): void;
  /** Writes only if there is no value. Returns the value that was there. */
  putIfAbsent(key: K, value: V): V | undefined;
  putAll(entries: Iterable<readonly [K, V | null]>): void;
  /** Returns the value that was there. */
  delete(key: K): V | undefined;
}

/** Each value with the event time of the record it came from: what tables and aggregates use. */
export type TimestampedKeyValueStore<K, V> = KeyValueStore<K, ValueAndTimestamp<V>>;

/** A store that can hold back updates (`caching` in its builder). */
export interface CachingStore<K, V> {
  /**
   * Passes on the last update of each key before each commit, or earlier when the cache budget is exceeded.
   *
   * @param sendsOldValues whether updates carry the value before
   * @returns false if the store does not cache: then its writer passes on each change itself
   */
  setUpdateListener(listener: UpdateListener<K, V>, sendsOldValues: boolean): boolean;
}
