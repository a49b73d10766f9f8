import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { compressionsAlgorithms } from '@platformatic/kafka';
import fc from 'fast-check';
import { Codec, unpack } from '../../../../dist/client/wire/protocol/compression.js';
import { loadNativePackage } from '../../../../dist/client/wire/protocol/native-package.js';
import {
  DamagedPacking,
  UnpackedTooLarge,
  UnsupportedCodec,
} from '../../../../dist/client/wire/protocol/unpack-errors.js';
import { loadZstd, unpackZstd, unpackZstdBy } from '../../../../dist/client/wire/protocol/zstd.js';
import { loadZstdLibrary } from '../../../../dist/client/wire/protocol/zstd-library.js';
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

/** 'linked ' 10,000 times by `lz4 -B4 -BD -BX --content-size`: two blocks, the second refers to the first. */
const linkedLz4 = Buffer.from(
  'BCJNGFxAcBEBAAAAAADjEQEAAH9saW5rZWQgBwD/////////////////////////////////////////////////////////////' +
    '////////////////////////////////////////////////////////////////////////////////////////////////////' +
    '////////////////////////////////////////////////////////////////////////////////////////////////////' +
    '////////////////////////////////////////////////////////////////////////////////4VBlZCBsaUbOp6AbAAAA' +
    'D/7///////////////////////9pUG5rZWQgZq3DgwAAAADJ81fP',
  'base64',
);

const large = ['gzipLarge', 'snappyLarge', 'lz4Large', 'zstdLarge', 'zstdBest', 'zstdFast'];

/** Without Node.js' own decoder, which newer versions have. */
function unpackZstdByLibrary(packed: Buffer, maxBytes: number): Buffer {
  return unpackZstdBy(undefined, packed, maxBytes);
}

function isPackingError(error: unknown): boolean {
  return error instanceof DamagedPacking || error instanceof UnpackedTooLarge;
}

describe('Compression', () => {
  before(() => Promise.all([loadZstd(), loadZstdLibrary()]));

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
      if (codec === Codec.zstd) assert.deepEqual(unpackZstdByLibrary(packed, limit), bytes);
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

  it('should refuse damaged Zstandard on each Node.js', () => {
    const { packed } = packedVector('zstdLarge');
    assert.throws(() => unpackZstdByLibrary(packed, 100_000), UnpackedTooLarge);
    assert.throws(() => unpackZstdByLibrary(packed.subarray(0, 5_000), limit), DamagedPacking);
  });

  it('should unpack frames that follow each other, and skip those without content', () => {
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9]);
    const frames = [storedZstd(Buffer.from('one '), true), skippable, storedZstd(Buffer.from('two'), false)];
    assert.equal(unpackZstdByLibrary(Buffer.concat(frames), limit).toString(), 'one two');
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
    assert.equal(unpackZstdByLibrary(wideWindow, limit).toString(), 'A');
    assert.ok(process.memoryUsage().arrayBuffers - before < 1 << 26);
  });

  it('should name a compression that it does not know', () => {
    assert.throws(() => unpack(5, Buffer.alloc(10), limit), UnsupportedCodec);
  });

  it('should unpack LZ4 whose blocks are linked and have checksums, and ignore what follows', () => {
    const bytes = Buffer.from('linked '.repeat(10_000));
    assert.deepEqual(unpack(Codec.lz4, linkedLz4, limit), bytes);
    assert.deepEqual(unpack(Codec.lz4, Buffer.concat([linkedLz4, Buffer.from('more')]), limit), bytes);
    const damaged = Buffer.from(linkedLz4);
    damaged[30] = damaged[30]! ^ 1;
    assert.throws(() => unpack(Codec.lz4, damaged, limit), DamagedPacking);
  });

  it('should say which package is missing for a compression', () => {
    assert.throws(
      () => loadNativePackage('no-such-package'),
      (error) => error instanceof UnsupportedCodec && error.message.includes('no-such-package'),
    );
  });

  it('should answer damaged bytes with an error or with bytes within the limit, and sound bytes as before', function () {
    this.timeout(60_000);
    const names = [...large, 'gzip', 'snappy', 'lz4', 'zstd'];
    const bases = names.map((name) => {
      const { codec, packed } = packedVector(name);
      const unpackers = codec === Codec.zstd ? [unpackZstd, unpackZstdByLibrary] : [unpack.bind(undefined, codec)];
      return { packed, unpackers, sound: unpack(codec, packed, limit) };
    });
    const mutation = fc.tuple(fc.nat(), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(fc.constantFrom(...bases), fc.array(mutation, { minLength: 1, maxLength: 6 }), (base, mutations) => {
        const damaged = Buffer.from(base.packed);
        for (const [place, byte] of mutations) damaged[place % damaged.length] = byte;
        for (const unpacker of base.unpackers) {
          try {
            const bytes = unpacker(damaged, limit);
            assert.ok(bytes.length <= limit);
          } catch (error) {
            assert.ok(isPackingError(error), String(error));
          }
          // What a decoder keeps between its uses must not suffer.
          assert.ok(unpacker(base.packed, limit).equals(base.sound));
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
