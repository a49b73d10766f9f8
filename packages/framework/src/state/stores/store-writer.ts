import { UpdateCache, type UpdateListener } from '../cache/update-cache.js';
import { toBuffer, toByteString, type ByteString } from '../engine/byte-string.js';
import type { StoreBuffer } from '../buffer/store-buffer.js';
import type { ValueCodec } from './serde-codec.js';
import type { ChangelogEmit, RestoreRecord, StoreEnvironment, StoreTransaction } from './store-environment.js';
import type { StoreSettings } from './store-settings.js';

export interface StoreWriterDeps<K, V> {
  readonly env: StoreEnvironment;
  readonly settings: StoreSettings;
  readonly values: ValueCodec<V>;
  /** The key that listeners get for an engine's key. */
  readonly decodeKey: (engineKey: ByteString) => K;
}

/**
 * The writing side of a store: typed values on their way through cache and write buffer to the changelog, and back from
 * there. This one is for stores whose engine's keys are the changelog's.
 */
export class StoreWriter<K, V> implements StoreTransaction {
  readonly cache: UpdateCache | undefined;
  protected readonly buffer: StoreBuffer;

  constructor(protected readonly deps: StoreWriterDeps<K, V>) {
    const { env, settings } = deps;
    this.buffer = env.buffer;
    // Without a budget a cache would hold each update back for nothing.
    const isCached = settings.isCached && env.cacheBudget.maxBytes > 0;
    this.cache = isCached ? new UpdateCache(env.buffer, env.cacheBudget) : undefined;
  }

  /** Writes a value into the open transaction; null deletes. */
  write(at: ByteString, value: V | null): void {
    const { values, env, settings } = this.deps;
    const { context } = env;
    const stored = value === null ? null : values.encode(value);
    const timestampMs = (value === null ? undefined : values.timestampOf(value)) ?? context.recordTimestampMs();
    this.cache?.hold(at, stored?.length ?? 0, timestampMs, context.recordContext());
    this.buffer.put(at, stored, timestampMs, !settings.isLogged);
    this.cache?.evict();
  }

  /** See `CachingStore.setUpdateListener`. */
  setUpdateListener(listener: UpdateListener<K, V>, sendsOldValues: boolean): boolean {
    const { values, decodeKey } = this.deps;
    this.cache?.setListener(({ key, newValue, oldValue, timestampMs, recordContext }) =>
      listener({
        key: decodeKey(key),
        newValue: newValue === null ? null : values.decode(newValue),
        oldValue: oldValue === null || !sendsOldValues ? null : values.decode(oldValue),
        timestampMs,
        recordContext,
      }),
    );
    return this.cache !== undefined;
  }

  get hasUnlogged(): boolean {
    return this.buffer.hasUnlogged;
  }

  get openBytes(): number {
    return this.buffer.openBytes;
  }

  drainChangelog(emit: ChangelogEmit): void {
    const { values } = this.deps;
    this.buffer.drainUnlogged((key, value, timestampMs) => {
      const bytes = value === null ? null : toBuffer(values.toChangelog(value));
      emit(toBuffer(this.changelogKey(key)), bytes, timestampMs);
    });
  }

  restore(records: readonly RestoreRecord[]): void {
    for (const record of records) if (record.key !== null) this.restoreEntry(toByteString(record.key), record);
  }

  commit(): void {
    this.buffer.commit();
  }

  abort(): void {
    this.cache?.clear();
    this.buffer.abort();
  }

  protected changelogKey(engineKey: ByteString): ByteString {
    return engineKey;
  }

  protected restoreEntry(at: ByteString, { value, timestamp }: RestoreRecord): void {
    const stored = value === null ? null : this.deps.values.fromChangelog(toByteString(value), timestamp);
    this.buffer.putRestored(at, stored);
  }
}
