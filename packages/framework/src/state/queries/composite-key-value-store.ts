import { StoreIterator } from '../iterators/store-iterator.js';
import type { ReadOnlyKeyValueStore } from '../stores/key-value-store.js';
import { CompositeStore, type StoreSource } from './composite-store.js';

/** Key-value stores of several tasks. Entries are ordered by key inside each partition, partition after partition. */
export class CompositeKeyValueStore<K, S, V>
  extends CompositeStore<ReadOnlyKeyValueStore<K, S>>
  implements ReadOnlyKeyValueStore<K, V>
{
  constructor(
    source: StoreSource,
    private readonly unwrap: (stored: S) => V,
  ) {
    super(source);
  }

  get(key: K): V | undefined {
    const stored = this.first((store) => store.get(key));
    return stored === undefined ? undefined : this.unwrap(stored);
  }

  range(from: K | undefined, to: K | undefined): StoreIterator<readonly [K, V]> {
    return this.#entries((store) => store.range(from, to));
  }

  reverseRange(from: K | undefined, to: K | undefined): StoreIterator<readonly [K, V]> {
    return this.#entries((store) => store.reverseRange(from, to));
  }

  all(): StoreIterator<readonly [K, V]> {
    return this.#entries((store) => store.all());
  }

  reverseAll(): StoreIterator<readonly [K, V]> {
    return this.#entries((store) => store.reverseAll());
  }

  prefixScan(prefix: Uint8Array): StoreIterator<readonly [K, V]> {
    return this.#entries((store) => store.prefixScan(prefix));
  }

  approximateNumEntries(): number {
    return this.stores.reduce((sum, store) => sum + store.approximateNumEntries(), 0);
  }

  #entries(
    open: (store: ReadOnlyKeyValueStore<K, S>) => StoreIterator<readonly [K, S]>,
  ): StoreIterator<readonly [K, V]> {
    return mapped(this.name, this.chain(open), this.unwrap);
  }
}

/** The same elements with other values. */
export function mapped<P, S, V>(
  store: string,
  iterator: StoreIterator<readonly [P, S]>,
  unwrap: (stored: S) => V,
): StoreIterator<readonly [P, V]> {
  const advance = (): readonly [P, V] | undefined => {
    const { value } = iterator.next();
    return value === undefined ? undefined : [value[0], unwrap(value[1])];
  };
  return new StoreIterator(store, advance, undefined);
}
