import { StateStoreError } from '../../errors/errors.js';

/**
 * Fails unless a time is a whole number of ms that a store can order by.
 *
 * @param what the time, e.g. `the start of a window`
 * @throws StateStoreError `STORE_INVALID_TIME`
 */
export function assertStoreTime(store: string, what: string, timeMs: number): void {
  if (timeMs >= 0 && Number.isSafeInteger(timeMs)) return;
  throw new StateStoreError(
    'STORE_INVALID_TIME',
    `Store ${store}: ${what} must be a whole number of milliseconds since 1970, at least 0, not ${String(timeMs)}.`,
  );
}
