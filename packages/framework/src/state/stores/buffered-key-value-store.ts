import { UpdateCache, type UpdateListener } from '../cache/update-cache.js';
import { toBuffer, toByteString, type ByteString } from '../engine/byte-string.js';
import type { CachingStore, KeyValueStore } from './key-value-store.js';
import { KeyValueView } from './key-value-view.js';
import type { SerdeCodec, ValueCodec } from './serde-codec.js';
import type { ChangelogEmit, ManagedStore, RestoreRecord, StoreEnvironment } from './store-environment.js';
import type { StoreSettings } from './store-settings.js';

/** Key-value store over a write buffer: the serialised key is the engine's key and the changelog's. */
export class BufferedKeyValueStore<K, V>
  extends KeyValueView<K, V>
  implements KeyValueStore<K, V>, CachingStore<K, V>, ManagedStore<BufferedKeyValueStore<K, V>, KeyValueView<K, V>>
{
  readonly store = this;
  readonly readOnly: KeyValueView<K, V>;
  readonly cache: UpdateCache | undefined;

  constructor(
    private readonly env: StoreEnvironment,
    private readonly settings: StoreSettings,
    keys: SerdeCodec<K>,
    values: ValueCodec<V>,
  ) {
    super(env, env.buffer, keys, values, false);
    this.readOnly = new KeyValueView(env, env.buffer.committedReader(), keys, values, true);
    this.cache = settings.isCached ? new UpdateCache(env.buffer, env.cacheBudget) : undefined;
  }

  put(key: K, value: V | null): void {
    this.assertOpen();
    this.#write(this.keys.encode(key), value);
  }

  putIfAbsent(key: K, value: V): V | undefined {
    this.assertOpen();
    const at = this.keys.encode(key);
    const old = this.reader.get(at);
    if (old !== undefined) return this.values.decode(old);
    this.#write(at, value);
    return undefined;
  }

  putAll(entries: Iterable<readonly [K, V | null]>): void {
    for (const [key, value] of entries) this.put(key, value);
  }

  delete(key: K): V | undefined {
    this.assertOpen();
    const at = this.keys.encode(key);
    const old = this.reader.get(at);
    this.#write(at, null);
    return old === undefined ? undefined : this.values.decode(old);
  }

  setUpdateListener(listener: UpdateListener<K, V>, sendsOldValues: boolean): boolean {
    this.cache?.setListener(({ key, newValue, oldValue, timestampMs, recordContext }) =>
      listener({
        key: this.keys.decode(key),
        newValue: newValue === null ? null : this.values.decode(newValue),
        oldValue: oldValue === null || !sendsOldValues ? null : this.values.decode(oldValue),
        timestampMs,
        recordContext,
      }),
    );
    return this.cache !== undefined;
  }

  get hasUnlogged(): boolean {
    return this.env.buffer.hasUnlogged;
  }

  get openBytes(): number {
    return this.env.buffer.openBytes;
  }

  drainChangelog(emit: ChangelogEmit): void {
    this.env.buffer.drainUnlogged((key, value, timestampMs) => {
      emit(toBuffer(key), value === null ? null : toBuffer(this.values.toChangelog(value)), timestampMs);
    });
  }

  restore(records: readonly RestoreRecord[]): void {
    const { buffer } = this.env;
    for (const { key, value, timestamp } of records) {
      if (key === null) continue;
      const stored = value === null ? null : this.values.fromChangelog(toByteString(value), timestamp);
      buffer.putCommitted(toByteString(key), stored);
    }
  }

  commit(): void {
    this.env.buffer.commit();
  }

  abort(): void {
    this.cache?.clear();
    this.env.buffer.abort();
  }

  override close(): void {
    super.close();
    this.readOnly.close();
    this.cache?.clear();
  }

  #write(key: ByteString, value: V | null): void {
    const { context, buffer } = this.env;
    const stored = value === null ? null : this.values.encode(value);
    const timestampMs = (value === null ? undefined : this.values.timestampOf(value)) ?? context.recordTimestampMs();
    this.cache?.hold(key, stored?.length ?? 0, timestampMs, context.recordContext());
    buffer.put(key, stored, timestampMs, !this.settings.isLogged);
    this.cache?.evict();
  }
}
