import type { UpdateListener } from '../cache/update-cache.js';
import type { CachingStore, KeyValueStore } from './key-value-store.js';
import { KeyValueView } from './key-value-view.js';
import type { SerdeCodec, ValueCodec } from './serde-codec.js';
import type { StoreEnvironment } from './store-environment.js';
import type { StoreSettings } from './store-settings.js';
import { StoreWriter } from './store-writer.js';

/** Key-value store over a write buffer: the serialised key is the engine's key and the changelog's. */
export class BufferedKeyValueStore<K, V> extends KeyValueView<K, V> implements KeyValueStore<K, V>, CachingStore<K, V> {
  readonly transaction: StoreWriter<K, V>;

  constructor(env: StoreEnvironment, settings: StoreSettings, keys: SerdeCodec<K>, values: ValueCodec<V>) {
    super(env, env.buffer, keys, values, false);
    this.transaction = new StoreWriter({ env, settings, values, decodeKey: (key) => keys.decode(key) });
  }

  put(key: K, value: V | null): void {
    this.assertOpen();
    this.transaction.write(this.keys.encode(key), value);
  }

  putIfAbsent(key: K, value: V): V | undefined {
    this.assertOpen();
    const at = this.keys.encode(key);
    const old = this.reader.get(at);
    if (old !== undefined) return this.values.decode(old);
    this.transaction.write(at, value);
    return undefined;
  }

  putAll(entries: Iterable<readonly [K, V | null]>): void {
    for (const [key, value] of entries) this.put(key, value);
  }

  delete(key: K): V | undefined {
    this.assertOpen();
    const at = this.keys.encode(key);
    const old = this.reader.get(at);
    this.transaction.write(at, null);
    return old === undefined ? undefined : this.values.decode(old);
  }

  setUpdateListener(listener: UpdateListener<K, V>, sendsOldValues: boolean): boolean {
    return this.transaction.setUpdateListener(listener, sendsOldValues);
  }
}
