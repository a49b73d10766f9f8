import { StateStoreError } from '../../errors/errors.js';
import type { ByteCursor, ByteReader } from '../buffer/byte-reader.js';
import type { ByteEntry } from '../engine/engine.js';
import { StoreIterator, type IteratorRegistry } from '../iterators/store-iterator.js';
import type { StateStore } from './state-store.js';

/** What all forms of a store have in common: name, life and iterators. */
export abstract class StoreView implements StateStore {
  #isOpen = true;

  constructor(
    readonly name: string,
    readonly isPersistent: boolean,
    protected readonly reader: ByteReader,
    private readonly iterators: IteratorRegistry | undefined,
  ) {}

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Called by the owner. */
  close(): void {
    this.#isOpen = false;
  }

  protected assertOpen(): void {
    if (this.#isOpen) return;
    throw new StateStoreError(
      'STORE_CLOSED',
      `Store ${this.name} is closed: its task has moved or the application is stopping. Ask for the store again.`,
    );
  }

  /** An iterator over what `convert` makes of a cursor's entries; entries it answers undefined for are left out. */
  protected iterate<T>(cursor: ByteCursor, convert: (entry: ByteEntry) => T | undefined): StoreIterator<T> {
    const advance = (): T | undefined => {
      this.assertOpen();
      for (let entry = cursor.next(); entry !== undefined; entry = cursor.next()) {
        const converted = convert(entry);
        if (converted !== undefined) return converted;
      }
      return undefined;
    };
    return new StoreIterator(this.name, advance, this.iterators);
  }
}
