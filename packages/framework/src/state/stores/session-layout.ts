import { decodeInt64, encodeInt64, type ByteString } from '../engine/byte-string.js';
import { SEGMENT_ID_BYTES, type Segments } from './segments.js';

const SUFFIX_BYTES = 16;

/**
 * Keys of a session store: segment id of the session's end (6 bytes), key, end (8 bytes, big-endian), start (8 bytes).
 * Without the segment id it is the key of the changelog record, Kafka Streams' `SessionKeySchema.toBinary`.
 */
export class SessionLayout {
  constructor(readonly segments: Segments) {}

  engineKey(key: ByteString, startMs: number, endMs: number): ByteString {
    return this.segments.prefixOf(endMs) + key + encodeInt64(endMs) + encodeInt64(startMs);
  }

  changelogKey(engineKey: ByteString): ByteString {
    return engineKey.slice(SEGMENT_ID_BYTES);
  }

  /** Undefined: too short to be a key of a session store. */
  fromChangelogKey(changelogKey: ByteString): ByteString | undefined {
    if (changelogKey.length < SUFFIX_BYTES) return undefined;
    return this.segments.prefixOf(decodeInt64(changelogKey, changelogKey.length - SUFFIX_BYTES)) + changelogKey;
  }

  keyOf(engineKey: ByteString): ByteString {
    return engineKey.slice(SEGMENT_ID_BYTES, engineKey.length - SUFFIX_BYTES);
  }

  endOf(engineKey: ByteString): number {
    return decodeInt64(engineKey, engineKey.length - SUFFIX_BYTES);
  }

  startOf(engineKey: ByteString): number {
    return decodeInt64(engineKey, engineKey.length - 8);
  }

  lengthFor(key: ByteString): number {
    return SEGMENT_ID_BYTES + key.length + SUFFIX_BYTES;
  }
}
