import { decodeInt64, encodeInt64, type ByteString } from '../engine/byte-string.js';
import { SegmentedLayout } from './segmented-layout.js';
import type { Segments } from './segments.js';

/** Keys of a session store; suffix: end, start (8 bytes each). As Kafka Streams' `SessionKeySchema.toBinary`. */
export class SessionLayout extends SegmentedLayout {
  constructor(segments: Segments) {
    super(segments, 16);
  }

  engineKey(key: ByteString, startMs: number, endMs: number): ByteString {
    return this.segments.prefixOf(endMs) + key + encodeInt64(endMs) + encodeInt64(startMs);
  }

  endOf(engineKey: ByteString): number {
    return this.timeOf(engineKey);
  }

  startOf(engineKey: ByteString): number {
    return decodeInt64(engineKey, engineKey.length - 8);
  }
}
