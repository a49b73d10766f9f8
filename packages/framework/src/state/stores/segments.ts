import type { ByteCursor, ByteReader } from '../buffer/byte-reader.js';
import type { StoreBuffer } from '../buffer/store-buffer.js';
import { encodeInt64, type ByteString } from '../engine/byte-string.js';
import type { ByteEntry } from '../engine/engine.js';

/** Length of a segment id in front of a key. */
export const SEGMENT_ID_BYTES = 6;

/** Bounds of one walk: `from` inclusive, `to` exclusive. */
export interface ByteRange {
  readonly from: ByteString;
  readonly to: ByteString;
}

/**
 * Time segments of a store with retention. Each engine key begins with the id of the segment of its time, so what has
 * expired is one range at the beginning of the store and is deleted without looking at live entries. (Kafka Streams has
 * one RocksDB per segment for the same reason.)
 */
export class Segments {
  readonly intervalMs: number;

  /** @param intervalMs @default half the retention, at least one minute, as in Kafka Streams */
  constructor(
    readonly retentionMs: number,
    intervalMs: number = Math.max(Math.floor(retentionMs / 2), 60_000),
  ) {
    this.intervalMs = intervalMs;
  }

  /** Smallest time that is still live when `observedTimeMs` has been seen. */
  minLiveMs(observedTimeMs: number): number {
    return Math.max(0, observedTimeMs - this.retentionMs + 1);
  }

  /** First time of the segment that a time is in. */
  startOfSegment(timeMs: number): number {
    return this.#idOf(timeMs) * this.intervalMs;
  }

  prefixOf(timeMs: number): ByteString {
    return encodeInt64(this.#idOf(timeMs)).slice(8 - SEGMENT_ID_BYTES);
  }

  /** Exclusive upper bound of all entries with times up to this one's segment. */
  endOf(timeMs: number): ByteString {
    return encodeInt64(this.#idOf(timeMs) + 1).slice(8 - SEGMENT_ID_BYTES);
  }

  /** Splits a span of time (inclusive) at the borders of segments. */
  split(
    fromMs: number,
    toMs: number,
    range: (prefix: ByteString, fromMs: number, toMs: number) => ByteRange,
  ): ByteRange[] {
    const ranges: ByteRange[] = [];
    for (let id = this.#idOf(fromMs); id <= this.#idOf(toMs); id++) {
      const startMs = id * this.intervalMs;
      const endMs = startMs + this.intervalMs - 1;
      ranges.push(range(this.prefixOf(startMs), Math.max(fromMs, startMs), Math.min(toMs, endMs)));
    }
    return ranges;
  }

  #idOf(timeMs: number): number {
    return Math.floor(timeMs / this.intervalMs);
  }
}

/** Walks several ranges one after the other; in reverse the last one first. */
export class RangesCursor implements ByteCursor {
  readonly #ranges: readonly ByteRange[];
  #index = 0;
  #cursor: ByteCursor | undefined;

  constructor(
    private readonly reader: ByteReader,
    ranges: readonly ByteRange[],
    private readonly isReverse: boolean,
  ) {
    this.#ranges = isReverse ? [...ranges].reverse() : ranges;
  }

  next(): ByteEntry | undefined {
    for (;;) {
      if (this.#cursor === undefined) {
        const range = this.#ranges[this.#index++];
        if (range === undefined) return undefined;
        this.#cursor = this.reader.range(range.from, range.to, this.isReverse);
      }
      const entry = this.#cursor.next();
      if (entry !== undefined) return entry;
      this.#cursor = undefined;
    }
  }
}

/**
 * Exclusive upper bound of all entries with keys up to `key` followed by a suffix of fixed length up to `suffixEnd`. A
 * key that is the beginning of `key` may lie behind it, because its suffix starts earlier: the bound is the largest over
 * all beginnings.
 */
export function upperBoundWithSuffix(prefix: ByteString, key: ByteString, suffixEnd: ByteString): ByteString {
  let bound = prefix + suffixEnd;
  for (let length = 1; length <= key.length; length++) {
    const candidate = prefix + key.slice(0, length) + suffixEnd;
    if (candidate > bound) bound = candidate;
  }
  return bound;
}

/** Raises a store's observed time and gives up the segments that expire by it. */
export function observeTime(buffer: StoreBuffer, segments: Segments, timeMs: number): void {
  const before = buffer.observedTimeMs;
  if (timeMs <= before) return;
  buffer.observe(timeMs);
  const end = segments.prefixOf(segments.minLiveMs(timeMs));
  if (before < 0 || end !== segments.prefixOf(segments.minLiveMs(before))) buffer.purge('', end);
}
