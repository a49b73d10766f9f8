import type { Windowed } from '../../time/windowed.js';
import type { StoreIterator } from '../iterators/store-iterator.js';
import type { StateStore } from './state-store.js';

/**
 * A session store as interactive queries see it. Times are ms; a session's window is [first record, last record], both
 * inclusive. Sessions whose end is at or before (largest end seen - retention) are expired: they are not found any more.
 */
export interface ReadOnlySessionStore<K, V> extends StateStore {
  fetchSession(key: K, startMs: number, endMs: number): V | undefined;
  /**
   * Sessions of a key with end >= `earliestEndMs` and start <= `latestStartMs`, by end, then start: those that a record
   * may join.
   */
  findSessions(key: K, earliestEndMs: number, latestStartMs: number): StoreIterator<readonly [Windowed<K>, V]>;
  backwardFindSessions(key: K, earliestEndMs: number, latestStartMs: number): StoreIterator<readonly [Windowed<K>, V]>;
  /** The same for all keys between two (inclusive, by bytes; undefined: unbounded), by segment of time, then key. */
  findSessionsOfKeys(
    fromKey: K | undefined,
    toKey: K | undefined,
    earliestEndMs: number,
    latestStartMs: number,
  ): StoreIterator<readonly [Windowed<K>, V]>;
  /** All sessions of a key. */
  fetch(key: K): StoreIterator<readonly [Windowed<K>, V]>;
  backwardFetch(key: K): StoreIterator<readonly [Windowed<K>, V]>;
}

/** A session store as its processors see it. */
export interface SessionStore<K, V> extends ReadOnlySessionStore<K, V> {
  /**
   * Writes the aggregate of a session; null deletes it. A session that is expired already is not written; the task
   * counts it as dropped.
   */
  put(session: Windowed<K>, aggregate: V | null): void;
  /** The same as putting null. */
  remove(session: Windowed<K>): void;
}
