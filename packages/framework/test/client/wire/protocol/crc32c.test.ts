import assert from 'node:assert/strict';
import fc from 'fast-check';
import { crc32c, crc32cOfTables } from '../../../../dist/client/wire/protocol/crc32c.js';
import { plainCrc32c } from './record-batch-encoder.js';

describe('CRC-32C', () => {
  it('should give the values of RFC 3720', () => {
    const vectors: readonly [Buffer, number][] = [
      [Buffer.from('123456789'), 0xe3069283],
      [Buffer.alloc(32), 0x8a9136aa],
      [Buffer.alloc(32, 0xff), 0x62a8ab43],
      [Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e],
      [Buffer.alloc(0), 0],
    ];
    for (const [bytes, expected] of vectors) {
      assert.equal(crc32cOfTables(bytes), expected);
      assert.equal(crc32c(bytes), expected);
      assert.equal(plainCrc32c(bytes), expected);
    }
  });

  it('should be the same with and without the addon, at each length and alignment', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3_000, size: 'max' }), fc.nat({ max: 9 }), (bytes, start) => {
        const view = Buffer.from(bytes).subarray(start);
        assert.equal(crc32cOfTables(view), plainCrc32c(view));
        assert.equal(crc32c(view), plainCrc32c(view));
      }),
      { numRuns: 200 },
    );
  });
});
