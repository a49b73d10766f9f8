import { decodeUint32, encodeInt64, encodeUint32, type ByteString } from '../engine/byte-string.js';
import { SegmentedLayout } from './segmented-layout.js';
import type { Segments } from './segments.js';

/**
 * Keys of a window store; suffix: window start (8 bytes), sequence number (4 bytes). As Kafka Streams'
 * `WindowKeySchema.toStoreKeyBinary`.
 */
export class WindowLayout extends SegmentedLayout {
  constructor(segments: Segments) {
    super(segments, 12);
  }

  engineKey(key: ByteString, startMs: number, sequence: number): ByteString {
    return this.segments.prefixOf(startMs) + key + encodeInt64(startMs) + encodeUint32(sequence);
  }

  startOf(engineKey: ByteString): number {
    return this.timeOf(engineKey);
  }

  sequenceOf(engineKey: ByteString): number {
    return decodeUint32(engineKey, engineKey.length - 4);
  }
}
