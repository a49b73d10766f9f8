import type { ByteString } from './byte-string.js';

const MAX_BLOCK = 512;
const MIN_BLOCK = MAX_BLOCK / 4;

/**
 * A sorted set of keys: a list of sorted blocks of at most 512 keys. Finding is two binary searches; inserting moves at
 * most one block. Simpler than a B+tree and as fast at the sizes that fit in memory (10 M keys are 20-40 k blocks).
 */
export class SortedKeys {
  /** No block is empty. */
  #blocks: ByteString[][] = [];
  /** First key of each block. */
  #firsts: ByteString[] = [];

  /** Builds the set from keys in any order, each once. */
  static of(keys: Iterable<ByteString>): SortedKeys {
    const sorted = [...keys].sort();
    const result = new SortedKeys();
    const step = MAX_BLOCK / 2;
    for (let start = 0; start < sorted.length; start += step) {
      const block = sorted.slice(start, start + step);
      result.#blocks.push(block);
      result.#firsts.push(block[0] as ByteString);
    }
    return result;
  }

  /** Adds a key. Adding one that is there changes nothing. */
  add(key: ByteString): void {
    if (this.#blocks.length === 0) {
      this.#blocks.push([key]);
      this.#firsts.push(key);
      return;
    }
    const at = Math.max(0, upperBound(this.#firsts, key) - 1);
    const block = this.#blocks[at] as ByteString[];
    const position = lowerBound(block, key);
    if (block[position] === key) return;
    if (position === block.length) block.push(key);
    else block.splice(position, 0, key);
    if (position === 0) this.#firsts[at] = key;
    if (block.length > MAX_BLOCK) this.#split(at, block, position);
  }

  delete(key: ByteString): void {
    const at = upperBound(this.#firsts, key) - 1;
    const block = this.#blocks[at];
    if (block === undefined) return;
    const position = lowerBound(block, key);
    if (block[position] !== key) return;
    block.splice(position, 1);
    if (block.length === 0) {
      this.#blocks.splice(at, 1);
      this.#firsts.splice(at, 1);
      return;
    }
    if (position === 0) this.#firsts[at] = block[0] as ByteString;
    if (block.length < MIN_BLOCK) this.#mergeWithNext(at, block);
  }

  clear(): void {
    this.#blocks = [];
    this.#firsts = [];
  }

  /** Smallest key >= `key`; smallest of all without one. */
  atOrAfter(key: ByteString | undefined): ByteString | undefined {
    if (key === undefined) return this.#firsts[0];
    const at = Math.max(0, upperBound(this.#firsts, key) - 1);
    const block = this.#blocks[at];
    if (block === undefined) return undefined;
    return block[lowerBound(block, key)] ?? this.#firsts[at + 1];
  }

  /** Largest key < `key`; largest of all without one. */
  before(key: ByteString | undefined): ByteString | undefined {
    if (key === undefined) return this.#blocks.at(-1)?.at(-1);
    const at = lowerBound(this.#firsts, key) - 1;
    const block = this.#blocks[at];
    return block === undefined ? undefined : block[lowerBound(block, key) - 1];
  }

  #split(at: number, block: ByteString[], position: number): void {
    // Keys that arrive in ascending order leave full blocks behind instead of half-empty ones.
    const isAppend = position === block.length - 1 && at === this.#blocks.length - 1;
    const tail = block.splice(isAppend ? MAX_BLOCK - 1 : block.length >>> 1);
    this.#blocks.splice(at + 1, 0, tail);
    this.#firsts.splice(at + 1, 0, tail[0] as ByteString);
  }

  #mergeWithNext(at: number, block: ByteString[]): void {
    const next = this.#blocks[at + 1];
    if (next === undefined || block.length + next.length > MAX_BLOCK / 2) return;
    block.push(...next);
    this.#blocks.splice(at + 1, 1);
    this.#firsts.splice(at + 1, 1);
  }
}

/** Index of the first element >= key. */
function lowerBound(sorted: readonly ByteString[], key: ByteString): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as ByteString) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the first element > key. */
function upperBound(sorted: readonly ByteString[], key: ByteString): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as ByteString) <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}
