import { StateStoreError } from '../../errors/errors.js';

/** Iterators of one task that are still open. The task closes them when it is done with a record. */
export class IteratorRegistry {
  readonly #open = new Set<StoreIterator<unknown>>();

  get openCount(): number {
    return this.#open.size;
  }

  add(iterator: StoreIterator<unknown>): void {
    this.#open.add(iterator);
  }

  delete(iterator: StoreIterator<unknown>): void {
    this.#open.delete(iterator);
  }

  /** Closes all open iterators for their users, who get an error if they go on. */
  closeAll(): void {
    if (this.#open.size === 0) return;
    for (const iterator of this.#open) iterator.expire();
    this.#open.clear();
  }
}

/**
 * Walks entries of a store. Close it, or use it in `for...of`, which does so. Left open it is closed at the end of the
 * record in whose processing it was made. It stays valid while the store changes, and sees changes ahead of its
 * position.
 */
export class StoreIterator<T> implements IterableIterator<T, undefined> {
  #advance: (() => T | undefined) | undefined;
  #isExpired = false;

  /**
   * @param advance gives the next element, or undefined at the end
   */
  constructor(
    private readonly storeName: string,
    advance: () => T | undefined,
    private readonly registry: IteratorRegistry | undefined,
  ) {
    this.#advance = advance;
    registry?.add(this);
  }

  /** @throws StateStoreError `ITERATOR_CLOSED` if its task closed it because the record was done */
  next(): IteratorResult<T, undefined> {
    if (this.#advance === undefined) {
      if (this.#isExpired) this.#failExpired();
      return { done: true, value: undefined };
    }
    const value = this.#advance();
    if (value !== undefined) return { done: false, value };
    this.close();
    return { done: true, value: undefined };
  }

  return(): IteratorResult<T, undefined> {
    this.close();
    return { done: true, value: undefined };
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** Closing twice does no harm. */
  close(): void {
    if (this.#advance === undefined) return;
    this.#advance = undefined;
    this.registry?.delete(this);
  }

  /** Closed by its owner. */
  expire(): void {
    this.#advance = undefined;
    this.#isExpired = true;
  }

  #failExpired(): never {
    throw new StateStoreError(
      'ITERATOR_CLOSED',
      `An iterator of store ${this.storeName} was used after the record that opened it was done. ` +
        'Read what you need while you process the record, or collect it into an array.',
    );
  }
}
