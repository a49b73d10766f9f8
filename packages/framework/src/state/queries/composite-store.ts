import type { StateStoreError } from '../../errors/errors.js';
import { StoreIterator } from '../iterators/store-iterator.js';
import type { StateStore } from '../stores/state-store.js';
import type { StoreKind } from '../stores/store-settings.js';

/** The stores of one name that this process has, one per task, asked anew at each read: tasks come and go. */
export interface StoreSource {
  readonly name: string;
  readonly kind: StoreKind;
  readonly isPersistent: boolean;
  /** Read-only stores of tasks that can be read now, by partition. @throws StateStoreError `STATE_UNAVAILABLE` if there are none */
  stores(): readonly unknown[];
  /** Why what is not in {@link stores} may be in this process all the same: one of its tasks cannot be read yet. */
  missing(): StateStoreError | undefined;
}

/** Several stores of one name read as one. `S` is the read-only store of a task. */
export abstract class CompositeStore<S> implements StateStore {
  constructor(private readonly source: StoreSource) {}

  get name(): string {
    return this.source.name;
  }

  get isPersistent(): boolean {
    return this.source.isPersistent;
  }

  /** Whether a read could succeed now. */
  get isOpen(): boolean {
    try {
      return this.source.stores().length > 0;
    } catch {
      return false;
    }
  }

  protected get stores(): readonly S[] {
    return this.source.stores() as readonly S[];
  }

  /** What the first store that knows it answers. A key is in one partition only. */
  protected first<T>(read: (store: S) => T | undefined): T | undefined {
    for (const store of this.stores) {
      const found = read(store);
      if (found !== undefined) return found;
    }
    // "Not there" would be a lie while the task that may have it is being restored.
    const missing = this.source.missing();
    if (missing !== undefined) throw missing;
    return undefined;
  }

  /** The entries of one store after those of the other, each store opened when its turn comes. */
  protected chain<T>(open: (store: S) => StoreIterator<T>): StoreIterator<T> {
    const missing = this.source.missing();
    if (missing !== undefined) throw missing;
    const rest = [...this.stores];
    let current: StoreIterator<T> | undefined;
    const advance = (): T | undefined => {
      for (;;) {
        const result = current?.next();
        if (result?.done === false) return result.value;
        const store = rest.shift();
        if (store === undefined) return undefined;
        current = open(store);
      }
    };
    return new StoreIterator(this.name, advance, undefined);
  }
}
