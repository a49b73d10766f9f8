import type { ByteCursor, ByteReader } from '../buffer/byte-reader.js';
import { decodeInt64, encodeInt64, type ByteString } from '../engine/byte-string.js';
import { RangesCursor, SEGMENT_ID_BYTES, type Segments } from './segments.js';

/** Keys of history: segment id of the end, `H`, key, end (8 bytes). Values: start (8 bytes), flag, value's bytes. */
const HISTORY = 'H';
/** Keys of deletions that are the latest version: segment id of the deletion's time, `D`, key, time (8 bytes). No value. */
const DELETION = 'D';
/** Keys of the latest versions: 0xff, key; behind all segments. Values: start (8 bytes), value's bytes. */
const LATEST = '\u00ff';

const TOMBSTONE = '\u0000';
const VALUE = '\u0001';

/** One version in bytes; null: deleted in this span. `toMs` undefined: the latest. */
export interface Version {
  readonly value: ByteString | null;
  readonly fromMs: number;
  readonly toMs: number | undefined;
}

/**
 * Layout of a versioned store. The versions of a key follow each other without gaps, deletions included, each stored
 * under its end. The latest value has a space of its own, so that reading it is one lookup. A deletion that is the
 * latest version is an entry of its own kind; like the history it goes away with its segment.
 */
export class VersionHistory {
  constructor(
    private readonly reader: ByteReader,
    private readonly segments: Segments,
  ) {}

  latestKey(key: ByteString): ByteString {
    return LATEST + key;
  }

  historyKey(key: ByteString, toMs: number): ByteString {
    return this.segments.prefixOf(toMs) + HISTORY + key + encodeInt64(toMs);
  }

  deletionKey(key: ByteString, atMs: number): ByteString {
    return this.segments.prefixOf(atMs) + DELETION + key + encodeInt64(atMs);
  }

  latestValue(fromMs: number, value: ByteString): ByteString {
    return encodeInt64(fromMs) + value;
  }

  historyValue(fromMs: number, value: ByteString | null): ByteString {
    return encodeInt64(fromMs) + (value === null ? TOMBSTONE : VALUE + value);
  }

  /** The latest value of a key that is not deleted. */
  latest(key: ByteString): Version | undefined {
    const stored = this.reader.get(this.latestKey(key));
    if (stored === undefined) return undefined;
    return { value: stored.slice(8), fromMs: decodeInt64(stored, 0), toMs: undefined };
  }

  /** The deletion that is the latest version of a key, if it is one and still remembered. */
  latestDeletion(key: ByteString): Version | undefined {
    const cursor = this.#walk(DELETION, key, 0, true);
    const entry = cursor.next();
    if (entry === undefined) return undefined;
    return { value: null, fromMs: decodeInt64(entry.key, entry.key.length - 8), toMs: undefined };
  }

  /** The oldest remembered version that ends after a time, the latest one left aside. */
  endingAfter(key: ByteString, timeMs: number): Version | undefined {
    return this.versionsEndingAfter(key, timeMs)();
  }

  /** Hands out the remembered versions that end after a time, oldest first, the latest one left aside. */
  versionsEndingAfter(key: ByteString, timeMs: number): () => Version | undefined {
    const cursor = this.#walk(HISTORY, key, timeMs + 1, false);
    return () => {
      const entry = cursor.next();
      if (entry === undefined) return undefined;
      const isValue = entry.value.startsWith(VALUE, 8);
      return {
        value: isValue ? entry.value.slice(9) : null,
        fromMs: decodeInt64(entry.value, 0),
        toMs: decodeInt64(entry.key, entry.key.length - 8),
      };
    };
  }

  /** Entries of one kind and key with times from `fromMs` on, in live segments: the others may be deleted any time. */
  #walk(kind: string, key: ByteString, fromMs: number, isReverse: boolean): ByteCursor {
    const { segments, reader } = this;
    const from = Math.max(fromMs, segments.startOfSegment(segments.minLiveMs(reader.observedTimeMs)));
    const ranges = segments.split(from, reader.observedTimeMs, (prefix, low, high) => ({
      from: prefix + kind + key + encodeInt64(low),
      to: prefix + kind + key + encodeInt64(high + 1),
    }));
    const length = SEGMENT_ID_BYTES + 1 + key.length + 8;
    const cursor = new RangesCursor(reader, ranges, isReverse);
    return {
      next: () => {
        let entry = cursor.next();
        while (entry !== undefined && entry.key.length !== length) entry = cursor.next();
        return entry;
      },
    };
  }
}
