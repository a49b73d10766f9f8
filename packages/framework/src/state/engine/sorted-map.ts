import type { ByteString } from './byte-string.js';
import { SortedKeys } from './sorted-keys.js';

/**
 * A hash map that can also be walked in key order. Point reads and overwrites cost a hash lookup; the order is kept only
 * from the first walk on, so a store that never asks for a range never pays for one.
 */
export class SortedMap<V> {
  readonly #values = new Map<ByteString, V>();
  #order: SortedKeys | undefined;

  get size(): number {
    return this.#values.size;
  }

  get(key: ByteString): V | undefined {
    return this.#values.get(key);
  }

  has(key: ByteString): boolean {
    return this.#values.has(key);
  }

  /** @returns whether the key is new */
  set(key: ByteString, value: V): boolean {
    const before = this.#values.size;
    const isNew = this.#values.set(key, value).size > before;
    if (isNew) this.#order?.add(key);
    return isNew;
  }

  delete(key: ByteString): boolean {
    const isDeleted = this.#values.delete(key);
    if (isDeleted) this.#order?.delete(key);
    return isDeleted;
  }

  clear(): void {
    this.#values.clear();
    this.#order?.clear();
  }

  /** Entries in the order of their first insertion. */
  entries(): MapIterator<[ByteString, V]> {
    return this.#values.entries();
  }

  /** The entries as they are now and will be: not a copy. */
  get map(): ReadonlyMap<ByteString, V> {
    return this.#values;
  }

  values(): MapIterator<V> {
    return this.#values.values();
  }

  /** Smallest key >= `key`; smallest of all without one. */
  atOrAfter(key: ByteString | undefined): ByteString | undefined {
    return this.#values.size === 0 ? undefined : this.#ordered().atOrAfter(key);
  }

  /** Largest key < `key`; largest of all without one. */
  before(key: ByteString | undefined): ByteString | undefined {
    return this.#values.size === 0 ? undefined : this.#ordered().before(key);
  }

  #ordered(): SortedKeys {
    this.#order ??= SortedKeys.of(this.#values.keys());
    return this.#order;
  }
}
