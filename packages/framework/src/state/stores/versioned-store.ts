import type { StoreIterator } from '../iterators/store-iterator.js';
import type { StateStore } from './state-store.js';

/** A value and the span of time in which it holds. */
export interface VersionedRecord<V> {
  readonly value: V;
  /** From here on, ms, inclusive: the timestamp it was put with. */
  readonly timestampMs: number;
  /** Until here, exclusive; undefined: it is the latest. */
  readonly validToMs: number | undefined;
}

/**
 * A store that keeps the history of each key (KIP-889), as interactive queries see it. Versions that were replaced at or
 * before (largest timestamp seen - history retention) are forgotten.
 */
export interface ReadOnlyVersionedStore<K, V> extends StateStore {
  /** The latest version; undefined if the key was never written or is deleted. */
  get(key: K): VersionedRecord<V> | undefined;
  /**
   * The version that held at a time; undefined if there was none, or if the time is before (largest timestamp seen -
   * history retention).
   */
  asOf(key: K, timestampMs: number): VersionedRecord<V> | undefined;
  /** Versions that hold somewhere in a span of time (both ends inclusive), oldest first. */
  versions(key: K, fromMs: number, toMs: number): StoreIterator<VersionedRecord<V>>;
}

/** What became of a put. `validToMs` undefined: it is the latest version. */
export interface PutResult {
  /** False: the timestamp was older than the history retention; nothing was written. */
  readonly isWritten: boolean;
  readonly validToMs: number | undefined;
}

/** A versioned store as its processors see it. */
export interface VersionedStore<K, V> extends ReadOnlyVersionedStore<K, V> {
  /** Writes a version; null is a deletion from that time on. Timestamps may come in any order. */
  put(key: K, value: V | null, timestampMs: number): PutResult;
  /** Returns the version that held at this time, then deletes from this time on. */
  delete(key: K, timestampMs: number): VersionedRecord<V> | undefined;
}
