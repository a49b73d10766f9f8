import type { ByteString } from './byte-string.js';

/** `memory`: gone with the process. `lmdb`: files in the state directory. */
export type EngineKind = 'memory' | 'lmdb';

/** One key and its value. */
export interface ByteEntry {
  readonly key: ByteString;
  readonly value: ByteString;
}

/** The ordered entries of one store, as of the last {@link StateEngine.write}. */
export interface EngineStore {
  get(key: ByteString): ByteString | undefined;
  /**
   * Up to `limit` entries with `from` <= key < `to` (undefined: unbounded), ascending, or descending if `isReverse`.
   * Reading in chunks instead of through a cursor means that nothing stays open between two calls.
   */
  scan(from: ByteString | undefined, to: ByteString | undefined, isReverse: boolean, limit: number): ByteEntry[];
  /**
   * Writes one entry now; null deletes it. Only engines that die with the process have it: what needs no transaction of
   * theirs need not be collected for one.
   */
  readonly put?: (key: ByteString, value: ByteString | null) => void;
  /** Number of entries. LMDB counts those with keys of over 1900 bytes that begin alike as one. */
  approximateEntries(): number;
}

/** Old entries to delete together with a write: up to `limit` of those with `from` <= key < `to`. */
export interface EnginePurge {
  readonly from: ByteString;
  readonly to: ByteString;
  readonly limit: number;
}

/** What one store contributes to a write. A null value deletes its key. Each key occurs once, in any order. */
export interface StoreWrite {
  readonly store: string;
  readonly changes: Iterable<readonly [ByteString, ByteString | null]>;
  readonly purge?: EnginePurge;
}

/**
 * Ordered bytes for all stores of one task: the only thing a storage engine has to provide. Synchronous. Every error it
 * raises is a `StateStoreError`.
 */
export interface StateEngine {
  readonly kind: EngineKind;
  /** Whether its content outlives the process. */
  readonly isPersistent: boolean;
  /** The entries of a store; made empty if it does not exist. The same object for the same name. */
  openStore(name: string): EngineStore;
  /**
   * Applies all changes and metadata, or none of them. Survives the death of the process once it has returned.
   *
   * @returns names of the stores whose purge reached its limit and has more to delete
   */
  write(writes: readonly StoreWrite[], metadata: ReadonlyMap<string, string | null>): readonly string[];
  metadata(key: string): string | undefined;
  /** All metadata keys that start with `prefix`, with their values. */
  metadataEntries(prefix: string): ReadonlyMap<string, string>;
  /** Bytes held in memory or on disk. */
  approximateBytes(): number;
  /** Forces everything written so far to the disk. */
  sync(): void;
  close(): void;
}
