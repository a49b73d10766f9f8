import type { ConsumedRecord } from '../../client/records.js';
import type { StoreBuffer } from '../buffer/store-buffer.js';
import type { CacheBudget } from '../cache/cache-budget.js';
import type { UpdateCache } from '../cache/update-cache.js';
import type { IteratorRegistry } from '../iterators/store-iterator.js';
import type { StateStore } from './state-store.js';

/** What stores ask of the task that runs them. */
export interface StoreContext {
  /** Timestamp of the record being processed, or stream time in a punctuator; timestamp of plain stores' changelog records. */
  recordTimestampMs(): number;
  /** Whatever a cached update should carry to the one that handles it, e.g. offset and headers of its record. */
  recordContext(): unknown;
  /** A write was ignored because its time is past the store's retention. */
  writeExpired(storeName: string): void;
}

/** Everything one store of one task is made from. */
export interface StoreEnvironment {
  readonly buffer: StoreBuffer;
  readonly isPersistent: boolean;
  readonly iterators: IteratorRegistry;
  readonly context: StoreContext;
  readonly cacheBudget: CacheBudget;
  /** Topic given to serdes: the changelog's name, also where the changelog is switched off. */
  readonly changelogTopic: string;
}

/** One changelog record in the bytes of Kafka Streams. */
export type ChangelogEmit = (key: Buffer, value: Buffer | null, timestampMs: number) => void;

/** A record read back from a changelog. */
export type RestoreRecord = Pick<ConsumedRecord, 'key' | 'value' | 'timestamp'>;

/** What a task does with a store's changes. */
export interface StoreTransaction {
  readonly cache: UpdateCache | undefined;
  /** Whether the open transaction has changes that {@link drainChangelog} would hand out. */
  readonly hasUnlogged: boolean;
  /** Bytes of the open transaction's changes. */
  readonly openBytes: number;
  /** Hands out each change since the last call, one per key, in the order in which the keys were first changed. */
  drainChangelog(emit: ChangelogEmit): void;
  /** Takes records of the changelog into the committed state, in their order. */
  restore(records: readonly RestoreRecord[]): void;
  /** Ends the open transaction. */
  commit(): void;
  /** Drops the open transaction. */
  abort(): void;
}

/** A store as its task has it. `R` is its read-only form. */
export interface ManagedStore<S extends StateStore = StateStore, R = unknown> {
  readonly store: S;
  /** The committed state, for interactive queries. */
  readonly readOnly: R;
  readonly transaction: StoreTransaction;
  /** Closes both forms. What the open transaction holds is to be dropped before. */
  close(): void;
}
