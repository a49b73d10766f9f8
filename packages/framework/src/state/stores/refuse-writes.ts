import { StateStoreError } from '../../errors/errors.js';
import type { StateStore } from './state-store.js';

/** What writes to a store, of whatever kind. */
const WRITING_METHODS = ['put', 'putIfAbsent', 'putAll', 'delete', 'remove'] as const;

/**
 * Gives the read-only form of a store the methods that write to one. Each fails with `STORE_READ_ONLY`: without them,
 * whoever takes it for a store to write to is only told that `put` is not a function.
 *
 * @param remedy why it is read only, and what to do instead
 */
export function refuseWrites<S extends StateStore>(store: S, remedy: string): S {
  for (const method of WRITING_METHODS) {
    const refuse = (): never => {
      throw new StateStoreError('STORE_READ_ONLY', `Store ${store.name}: ${method} is not possible here. ${remedy}`);
    };
    Object.defineProperty(store, method, { value: refuse, configurable: true });
  }
  return store;
}
