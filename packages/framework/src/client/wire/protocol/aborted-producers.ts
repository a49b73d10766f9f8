import type { AbortedTransaction } from './fetch-response.js';

/**
 * Which producers have an aborted transaction open at the place where a set of records is being read. As in Java's
 * `CompletedFetch`: a transaction opens when the reader reaches its first offset, and ends at the abort marker.
 */
export class AbortedProducers {
  /** By first offset, the first one last. */
  private readonly waiting: AbortedTransaction[];
  private readonly open = new Set<number>();

  /** @param transactions in any order */
  constructor(transactions: readonly AbortedTransaction[]) {
    this.waiting = [...transactions].sort((a, b) => b.firstOffset - a.firstOffset);
  }

  /** Opens the transactions that begin at or before `offset`. Offsets rise from call to call. */
  advanceTo(offset: number): void {
    for (let next = this.waiting.at(-1); next !== undefined && next.firstOffset <= offset; next = this.waiting.at(-1)) {
      this.open.add(next.producerId);
      this.waiting.pop();
    }
  }

  has(producerId: number): boolean {
    return this.open.has(producerId);
  }

  /** The abort marker of this producer was reached. */
  end(producerId: number): void {
    this.open.delete(producerId);
  }
}
