import type { Windowed } from '../../time/windowed.js';
import type { StoreIterator } from '../iterators/store-iterator.js';
import type { ReadOnlyWindowStore } from '../stores/window-store.js';
import { mapped } from './composite-key-value-store.js';
import { CompositeStore, type StoreSource } from './composite-store.js';

type Windows<K, S> = ReadOnlyWindowStore<K, S>;

/** Window stores of several tasks; what is ordered in each of them comes partition after partition. */
export class CompositeWindowStore<K, S, V> extends CompositeStore<Windows<K, S>> implements ReadOnlyWindowStore<K, V> {
  constructor(
    source: StoreSource,
    private readonly unwrap: (stored: S) => V,
  ) {
    super(source);
  }

  get(key: K, windowStartMs: number): V | undefined {
    const stored = this.first((store) => store.get(key, windowStartMs));
    return stored === undefined ? undefined : this.unwrap(stored);
  }

  fetch(key: K, fromMs: number, toMs: number): StoreIterator<readonly [number, V]> {
    return this.#entries((store) => store.fetch(key, fromMs, toMs));
  }

  backwardFetch(key: K, fromMs: number, toMs: number): StoreIterator<readonly [number, V]> {
    return this.#entries((store) => store.backwardFetch(key, fromMs, toMs));
  }

  fetchKeys(
    fromKey: K | undefined,
    toKey: K | undefined,
    fromMs: number,
    toMs: number,
  ): StoreIterator<readonly [Windowed<K>, V]> {
    return this.#entries((store) => store.fetchKeys(fromKey, toKey, fromMs, toMs));
  }

  backwardFetchKeys(
    fromKey: K | undefined,
    toKey: K | undefined,
    fromMs: number,
    toMs: number,
  ): StoreIterator<readonly [Windowed<K>, V]> {
    return this.#entries((store) => store.backwardFetchKeys(fromKey, toKey, fromMs, toMs));
  }

  fetchAll(fromMs: number, toMs: number): StoreIterator<readonly [Windowed<K>, V]> {
    return this.#entries((store) => store.fetchAll(fromMs, toMs));
  }

  backwardFetchAll(fromMs: number, toMs: number): StoreIterator<readonly [Windowed<K>, V]> {
    return this.#entries((store) => store.backwardFetchAll(fromMs, toMs));
  }

  all(): StoreIterator<readonly [Windowed<K>, V]> {
    return this.#entries((store) => store.all());
  }

  backwardAll(): StoreIterator<readonly [Windowed<K>, V]> {
    return this.#entries((store) => store.backwardAll());
  }

  #entries<P>(open: (store: Windows<K, S>) => StoreIterator<readonly [P, S]>): StoreIterator<readonly [P, V]> {
    return mapped(this.name, this.chain(open), this.unwrap);
  }
}
