import { successor, type ByteString } from '../engine/byte-string.js';
import type { ByteEntry, EngineStore } from '../engine/engine.js';
import type { ByteCursor } from './byte-reader.js';

/** Changes that lie over the engine, e.g. those of the open transaction. */
export interface Overlay {
  readonly size: number;
  has(key: ByteString): boolean;
  /** Smallest key >= `key`; smallest of all without one. */
  atOrAfter(key: ByteString | undefined): ByteString | undefined;
  /** Largest key < `key`; largest of all without one. */
  before(key: ByteString | undefined): ByteString | undefined;
  /** The change of a key that is in the overlay; null: deleted. */
  valueAt(key: ByteString): ByteString | null;
}

export interface MergedCursorDeps {
  /** Newest first: the first overlay that has a key decides. */
  readonly overlays: readonly Overlay[];
  readonly engine: EngineStore;
  /** Changes whenever the engine's content does. */
  readonly epoch: () => number;
  /** Changes whenever an overlay gains or loses a key. */
  readonly version: () => number;
}

const FIRST_CHUNK = 16;
const LARGEST_CHUNK = 512;

/**
 * Walks overlays and engine as one ordered sequence. The engine is read in chunks that grow; a chunk is thrown away when
 * the engine has been written meanwhile, because entries then moved from an overlay into the engine.
 */
export class MergedCursor implements ByteCursor {
  /** Lower bound of what is still to come (ascending), or exclusive upper bound (descending). */
  #position: ByteString | undefined;
  #chunk: readonly ByteEntry[] = [];
  #chunkIndex = 0;
  #chunkEpoch = -1;
  #chunkSize = FIRST_CHUNK;
  #isEngineExhausted = false;
  /** Next key of the overlays, as long as their version is the same. */
  #changed: ByteString | undefined;
  #changedVersion = -1;

  constructor(
    private readonly deps: MergedCursorDeps,
    private readonly from: ByteString | undefined,
    private readonly to: ByteString | undefined,
    private readonly isReverse: boolean,
  ) {
    this.#position = isReverse ? to : from;
  }

  next(): ByteEntry | undefined {
    for (;;) {
      const stored = this.#peekEngine();
      const changed = this.#peekOverlays();
      if (stored === undefined && changed === undefined) return undefined;
      if (changed === undefined || (stored !== undefined && this.#isBefore(stored.key, changed))) {
        this.#advance((stored as ByteEntry).key);
        this.#chunkIndex++;
        return stored;
      }
      if (stored?.key === changed) this.#chunkIndex++;
      this.#advance(changed);
      this.#changedVersion = -1;
      const value = this.#change(changed);
      if (value !== null) return { key: changed, value };
    }
  }

  #isBefore(a: ByteString, b: ByteString): boolean {
    return this.isReverse ? a > b : a < b;
  }

  #advance(key: ByteString): void {
    this.#position = this.isReverse ? key : successor(key);
  }

  #peekEngine(): ByteEntry | undefined {
    const epoch = this.deps.epoch();
    if (this.#chunkEpoch !== epoch) {
      this.#chunk = [];
      this.#chunkIndex = 0;
      this.#isEngineExhausted = false;
      this.#chunkEpoch = epoch;
    }
    if (this.#chunkIndex >= this.#chunk.length && !this.#isEngineExhausted) {
      const { from, to, isReverse } = this;
      this.#chunk = isReverse
        ? this.deps.engine.scan(from, this.#position, true, this.#chunkSize)
        : this.deps.engine.scan(this.#position, to, false, this.#chunkSize);
      this.#chunkIndex = 0;
      this.#isEngineExhausted = this.#chunk.length < this.#chunkSize;
      this.#chunkSize = Math.min(LARGEST_CHUNK, this.#chunkSize * 4);
    }
    return this.#chunk[this.#chunkIndex];
  }

  #peekOverlays(): ByteString | undefined {
    const version = this.deps.version();
    if (this.#changedVersion !== version) {
      this.#changed = this.#nearestChange();
      this.#changedVersion = version;
    }
    return this.#changed;
  }

  #nearestChange(): ByteString | undefined {
    let nearest: ByteString | undefined;
    for (const overlay of this.deps.overlays) {
      if (overlay.size === 0) continue;
      const key = this.isReverse ? overlay.before(this.#position) : overlay.atOrAfter(this.#position);
      if (key === undefined || this.#isOutside(key)) continue;
      if (nearest === undefined || this.#isBefore(key, nearest)) nearest = key;
    }
    return nearest;
  }

  #isOutside(key: ByteString): boolean {
    return this.isReverse ? this.from !== undefined && key < this.from : this.to !== undefined && key >= this.to;
  }

  #change(key: ByteString): ByteString | null {
    for (const overlay of this.deps.overlays) {
      if (overlay.has(key)) return overlay.valueAt(key);
    }
    return null;
  }
}
