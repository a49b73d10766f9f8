/**
 * Bytes that all caching stores of a process may hold back together (`statestore.cache.max.bytes`). Each store counts its
 * own updates in and out, and gives up its oldest ones when it finds the budget exceeded.
 */
export class CacheBudget {
  #usedBytes = 0;

  /** @param maxBytes 0: every update is passed on at once. @default 10485760 */
  constructor(readonly maxBytes: number = 10 * 1024 * 1024) {}

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get isExceeded(): boolean {
    return this.#usedBytes > this.maxBytes;
  }

  /** @param bytes negative: given back */
  add(bytes: number): void {
    this.#usedBytes += bytes;
  }
}
