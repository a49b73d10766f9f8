import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { compressionsAlgorithms } from '@platformatic/kafka';
import fc from 'fast-check';
import { Codec, UnknownCodec, unpack } from '../../../../dist/client/wire/protocol/compression.js';
import { DamagedPacking, UnpackedTooLarge } from '../../../../dist/client/wire/protocol/unpack-buffer.js';
import { unpackZstdInJavaScript } from '../../../../dist/client/wire/protocol/zstd.js';
import { javaVector } from './java-vectors.js';
import { packers, storedZstd } from './packers.js';

const limit = 1 << 24;

/** Bytes as records have them: runs, repetitions near and far, and noise. */
const content = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.tuple(fc.nat({ max: 255 }), fc.nat({ max: 600 })).map(([byte, length]) => new Uint8Array(length).fill(byte)),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 9 }), fc.nat({ max: 90 }))
        .map(([bytes, times]) => Buffer.concat(Array.from({ length: times }, () => bytes))),
    ),
    { maxLength: 40 },
  )
  .map((parts) => Buffer.concat(parts));

/** The packed records of the batch that a vector holds. */
function packedVector(name: string): { codec: number; packed: Buffer } {
  const batch = javaVector('recordSets', name);
  return { codec: batch.readInt16BE(21) & 7, packed: batch.subarray(61) };
}

const large = ['gzipLarge', 'snappyLarge', 'lz4Large', 'zstdLarge', 'zstdBest', 'zstdFast'];

function isPackingError(error: unknown): boolean {
  return error instanceof DamagedPacking || error instanceof UnpackedTooLarge;
}

describe('Compression', () => {
  for (const { name, codec, pack } of packers) {
    it(`should unpack what was packed: ${name}`, () => {
      fc.assert(
        fc.property(content, (bytes) => {
          assert.deepEqual(unpack(codec, pack(bytes), limit), bytes);
        }),
        { numRuns: 150 },
      );
    });
  }

  for (const name of large) {
    it(`should unpack several blocks, as Java packs them: ${name}`, () => {
      const { codec, packed } = packedVector(name);
      const bytes = unpack(codec, packed, limit);
      assert.deepEqual(bytes, unpack(Codec.gzip, packedVector('gzipLarge').packed, limit));
      if (codec === Codec.zstd) assert.deepEqual(unpackZstdInJavaScript(packed, limit), bytes);
    });

    it(`should not unpack more than is allowed: ${name}`, () => {
      const { codec, packed } = packedVector(name);
      assert.throws(() => unpack(codec, packed, 100_000), UnpackedTooLarge);
    });

    it(`should refuse a part: ${name}`, () => {
      const { codec, packed } = packedVector(name);
      for (let length = 0; length < packed.length; length += 97) {
        assert.throws(() => unpack(codec, packed.subarray(0, length), limit), isPackingError, `${length} bytes`);
      }
    });
  }

  it('should refuse damaged Zstandard in JavaScript on each Node.js', () => {
    const { packed } = packedVector('zstdLarge');
    assert.throws(() => unpackZstdInJavaScript(packed, 100_000), UnpackedTooLarge);
    assert.throws(() => unpackZstdInJavaScript(packed.subarray(0, 5_000), limit), DamagedPacking);
  });

  it('should unpack frames that follow each other, and skip those without content', () => {
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9]);
    const frames = [storedZstd(Buffer.from('one '), true), skippable, storedZstd(Buffer.from('two'), false)];
    assert.equal(unpackZstdInJavaScript(Buffer.concat(frames), limit).toString(), 'one two');
    assert.equal(unpack(Codec.zstd, Buffer.concat(frames), limit).toString(), 'one two');
    const gzips = Buffer.concat([gzipSync('one '), gzipSync('two')]);
    assert.equal(unpack(Codec.gzip, gzips, limit).toString(), 'one two');
  });

  it('should refuse a small batch that would fill the memory', () => {
    const zeros = Buffer.alloc(1 << 25);
    const repeated = Buffer.concat(Array.from({ length: 5_000 }, () => Buffer.from([2, 0, 0x10, 0])));
    const bombs: readonly [number, Buffer][] = [
      [Codec.gzip, gzipSync(zeros)],
      [Codec.snappy, compressionsAlgorithms.snappy.compressSync(zeros)],
      [Codec.lz4, compressionsAlgorithms.lz4.compressSync(zeros)],
      // 5,000 blocks of 128 KiB, four bytes each.
      [
        Codec.zstd,
        Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x58]), repeated, Buffer.from([3, 0, 0x10, 0])]),
      ],
    ];
    for (const [codec, bomb] of bombs) {
      assert.ok(bomb.length < 2_000_000);
      assert.throws(() => unpack(codec, bomb, limit), UnpackedTooLarge, `codec ${codec}`);
    }
  });

  it('should not allocate what only a header claims', () => {
    const before = process.memoryUsage().arrayBuffers;
    const claims: readonly [number, Buffer][] = [
      [Codec.snappy, Buffer.from([0xff, 0xff, 0xff, 0xff, 0x07, 0, 65])],
      [Codec.snappy, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
      // A window of 2 GiB for one byte, and a content of 2 GiB.
      [Codec.zstd, Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0xff, 0xff, 0xff, 0x7f, 9, 0, 0, 65])],
      [Codec.gzip, Buffer.concat([gzipSync('x').subarray(0, -4), Buffer.from([0xff, 0xff, 0xff, 0x7f])])],
    ];
    for (const [codec, claim] of claims) assert.throws(() => unpack(codec, claim, 1 << 30), isPackingError);
    const wideWindow = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0xa0, 9, 0, 0, 65]);
    assert.equal(unpackZstdInJavaScript(wideWindow, limit).toString(), 'A');
    assert.ok(process.memoryUsage().arrayBuffers - before < 1 << 26);
  });

  it('should name a compression that it does not know', () => {
    assert.throws(() => unpack(5, Buffer.alloc(10), limit), UnknownCodec);
  });

  it('should answer damaged bytes with an error or with bytes within the limit', function () {
    this.timeout(60_000);
    const bases = [...large, 'gzip', 'snappy', 'lz4', 'zstd']
      .map(packedVector)
      .filter(({ codec }) => codec !== Codec.zstd);
    const mutation = fc.tuple(fc.nat(), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(fc.constantFrom(...bases), fc.array(mutation, { minLength: 1, maxLength: 6 }), (base, mutations) => {
        const damaged = Buffer.from(base.packed);
        for (const [place, byte] of mutations) damaged[place % damaged.length] = byte;
        for (const codec of [base.codec, ...(base.codec === Codec.zstd ? [-Codec.zstd] : [])]) {
          try {
            const bytes = codec < 0 ? unpackZstdInJavaScript(damaged, limit) : unpack(codec, damaged, limit);
            assert.ok(bytes.length <= limit);
          } catch (error) {
            assert.ok(isPackingError(error), String(error));
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
