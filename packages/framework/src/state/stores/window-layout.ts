import { decodeInt64, decodeUint32, encodeInt64, encodeUint32, type ByteString } from '../engine/byte-string.js';
import { SEGMENT_ID_BYTES, type Segments } from './segments.js';

const SUFFIX_BYTES = 12;

/**
 * Keys of a window store: segment id (6 bytes), key, window start (8 bytes, big-endian), sequence number (4 bytes). Without
 * the segment id it is the key of the changelog record, Kafka Streams' `WindowKeySchema.toStoreKeyBinary`.
 */
export class WindowLayout {
  constructor(readonly segments: Segments) {}

  engineKey(key: ByteString, startMs: number, sequence: number): ByteString {
    return this.segments.prefixOf(startMs) + key + encodeInt64(startMs) + encodeUint32(sequence);
  }

  changelogKey(engineKey: ByteString): ByteString {
    return engineKey.slice(SEGMENT_ID_BYTES);
  }

  /** Undefined: too short to be a key of a window store. */
  fromChangelogKey(changelogKey: ByteString): ByteString | undefined {
    if (changelogKey.length < SUFFIX_BYTES) return undefined;
    return this.segments.prefixOf(decodeInt64(changelogKey, changelogKey.length - SUFFIX_BYTES)) + changelogKey;
  }

  keyOf(engineKey: ByteString): ByteString {
    return engineKey.slice(SEGMENT_ID_BYTES, engineKey.length - SUFFIX_BYTES);
  }

  startOf(engineKey: ByteString): number {
    return decodeInt64(engineKey, engineKey.length - SUFFIX_BYTES);
  }

  sequenceOf(engineKey: ByteString): number {
    return decodeUint32(engineKey, engineKey.length - 4);
  }

  /** Length of the engine keys of one key: tells them from those of longer keys that begin the same. */
  lengthFor(key: ByteString): number {
    return SEGMENT_ID_BYTES + key.length + SUFFIX_BYTES;
  }
}
