import type { ByteReader } from '../buffer/byte-reader.js';
import { prefixEnd, successor, toByteString } from '../engine/byte-string.js';
import type { StoreIterator } from '../iterators/store-iterator.js';
import type { ReadOnlyKeyValueStore } from './key-value-store.js';
import type { SerdeCodec, ValueCodec } from './serde-codec.js';
import type { StoreEnvironment } from './store-environment.js';
import { StoreView } from './store-view.js';

/** Reads typed entries from a byte reader. */
export class KeyValueView<K, V> extends StoreView implements ReadOnlyKeyValueStore<K, V> {
  constructor(
    env: StoreEnvironment,
    reader: ByteReader,
    protected readonly keys: SerdeCodec<K>,
    protected readonly values: ValueCodec<V>,
    isInteractive: boolean,
  ) {
    super(env.buffer.name, env.isPersistent, reader, isInteractive ? undefined : env.iterators);
  }

  get(key: K): V | undefined {
    this.assertOpen();
    const stored = this.reader.get(this.keys.encode(key));
    return stored === undefined ? undefined : this.values.decode(stored);
  }

  range(from: K | undefined, to: K | undefined): StoreIterator<readonly [K, V]> {
    return this.#scan(from, to, false);
  }

  reverseRange(from: K | undefined, to: K | undefined): StoreIterator<readonly [K, V]> {
    return this.#scan(from, to, true);
  }

  all(): StoreIterator<readonly [K, V]> {
    return this.#scan(undefined, undefined, false);
  }

  reverseAll(): StoreIterator<readonly [K, V]> {
    return this.#scan(undefined, undefined, true);
  }

  prefixScan(prefix: Uint8Array): StoreIterator<readonly [K, V]> {
    const from = toByteString(prefix);
    return this.#entries(from, prefixEnd(from), false);
  }

  approximateNumEntries(): number {
    this.assertOpen();
    return this.reader.approximateEntries();
  }

  #scan(from: K | undefined, to: K | undefined, isReverse: boolean): StoreIterator<readonly [K, V]> {
    const low = from === undefined ? undefined : this.keys.encode(from);
    const high = to === undefined ? undefined : successor(this.keys.encode(to));
    return this.#entries(low, high, isReverse);
  }

  #entries(from: string | undefined, to: string | undefined, isReverse: boolean): StoreIterator<readonly [K, V]> {
    this.assertOpen();
    return this.iterate(this.reader.range(from, to, isReverse), ({ key, value }) => [
      this.keys.decode(key),
      this.values.decode(value),
    ]);
  }
}
