import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeOffsetMetadata, encodeOffsetMetadata } from '../../dist/runtime/offset-metadata.js';

describe('offset metadata', () => {
  // Computed with TopicPartitionMetadata.encode() of kafka-streams 4.1.1 and no processor metadata.
  const java: readonly (readonly [number, string])[] = [
    [1234567890123, 'AgAAAR9x+wTL'],
    [-1, 'Av//////////'],
  ];

  it('should write the bytes of Kafka Streams', () => {
    for (const [time, text] of java) assert.equal(encodeOffsetMetadata(time), text);
  });

  it('should read back any time', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER }), (time) => {
        assert.equal(decodeOffsetMetadata(encodeOffsetMetadata(time)), time);
      }),
    );
  });

  it('should read -1 from text of others', () => {
    for (const text of [undefined, '', 'hello', 'AA==', 'CQAAAR9x+wTL']) assert.equal(decodeOffsetMetadata(text), -1);
  });
});
