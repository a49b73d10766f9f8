import type { ByteEntry } from '../engine/engine.js';
import type { ByteString } from '../engine/byte-string.js';

/** Walks entries one by one. Stays valid while the store changes: it then sees the changes ahead of its position. */
export interface ByteCursor {
  next(): ByteEntry | undefined;
}

/** What a typed store reads from: the open transaction's view, or the committed one. */
export interface ByteReader {
  get(key: ByteString): ByteString | undefined;
  /** `from` inclusive, `to` exclusive; undefined: unbounded. */
  range(from: ByteString | undefined, to: ByteString | undefined, isReverse: boolean): ByteCursor;
  /** Largest event time that the store has seen (window, session and versioned stores), or -1. */
  readonly observedTimeMs: number;
  approximateEntries(): number;
}
