import { decodeInt64, encodeInt64, type ByteString } from '../engine/byte-string.js';
import { SEGMENT_ID_BYTES, upperBoundWithSuffix, type ByteRange, type Segments } from './segments.js';

/**
 * Keys of a store with retention: segment id (6 bytes), key, suffix. The suffix begins with the time (8 bytes, big-endian)
 * that decides the segment and what is expired. Without the segment id it is the key of the changelog record.
 */
export abstract class SegmentedLayout {
  constructor(
    readonly segments: Segments,
    private readonly suffixBytes: number,
  ) {}

  changelogKey(engineKey: ByteString): ByteString {
    return engineKey.slice(SEGMENT_ID_BYTES);
  }

  /** Undefined: too short to be a key of such a store. */
  fromChangelogKey(changelogKey: ByteString): ByteString | undefined {
    return changelogKey.length < this.suffixBytes
      ? undefined
      : this.segments.prefixOf(this.timeOf(changelogKey)) + changelogKey;
  }

  keyOf(engineKey: ByteString): ByteString {
    return engineKey.slice(SEGMENT_ID_BYTES, engineKey.length - this.suffixBytes);
  }

  /** The time by which it expires; of an engine's or a changelog's key. */
  timeOf(key: ByteString): number {
    return decodeInt64(key, key.length - this.suffixBytes);
  }

  /** Length of the engine keys of one key: tells them from those of longer keys that begin the same. */
  lengthFor(key: ByteString): number {
    return SEGMENT_ID_BYTES + key.length + this.suffixBytes;
  }

  /** Where one key's entries of a span of time lie. Longer keys may lie between them: see {@link lengthFor}. */
  rangesOfKey(key: ByteString, fromMs: number, toMs: number): ByteRange[] {
    return this.segments.split(fromMs, toMs, (prefix, low, high) => ({
      from: prefix + key + encodeInt64(low),
      to: prefix + key + encodeInt64(high + 1),
    }));
  }

  /** Where the entries of all keys between two (undefined: unbounded) and of a span of time lie, others among them. */
  rangesOfSpan(from: ByteString | undefined, to: ByteString | undefined, fromMs: number, toMs: number): ByteRange[] {
    const { segments } = this;
    return segments.split(fromMs, toMs, (prefix, segmentFromMs, segmentToMs) => ({
      from: prefix + (from ?? ''),
      to:
        to === undefined
          ? segments.endOf(segmentFromMs)
          : upperBoundWithSuffix(prefix, to, encodeInt64(segmentToMs + 1)),
    }));
  }
}
