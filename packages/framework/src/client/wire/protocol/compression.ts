import { gunzipSync } from 'node:zlib';
import { unpackLz4 } from './lz4-frame.js';
import { unpackSnappy } from './snappy.js';
import { DamagedPacking, UnpackedTooLarge, UnsupportedCodec } from './unpack-errors.js';
import { unpackZstd } from './zstd.js';

/** The number that a batch's attributes carry for its compression (KIP-110 for Zstandard). */
export const Codec = Object.freeze({ none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 });

/** What gzip can do at most: a kilobyte in a byte. */
const maxGzipRatio = 1032;

/**
 * Unpacks what a producer has packed, by libraries; how much can come out is known before they are called. For Zstandard
 * `loadZstd` comes first.
 *
 * @param codec one of {@link Codec}, not `none`
 * @throws UnpackedTooLarge instead of allocating more than `maxBytes`
 * @throws UnsupportedCodec
 * @throws DamagedPacking
 */
export function unpack(codec: number, packed: Buffer, maxBytes: number): Buffer {
  try {
    switch (codec) {
      case Codec.gzip:
        return unpackGzip(packed, maxBytes);
      case Codec.snappy:
        return unpackSnappy(packed, maxBytes);
      case Codec.lz4:
        return unpackLz4(packed, maxBytes);
      case Codec.zstd:
        return unpackZstd(packed, maxBytes);
    }
  } catch (error) {
    if (isOurs(error)) throw error;
    // So zlib says that the result is longer than allowed.
    if (error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
      throw new UnpackedTooLarge();
    }
    throw new DamagedPacking('the decoder refuses it', { cause: error });
  }
  throw new UnsupportedCodec(`they are compressed in a way that is not known here (${codec}). Update Millrace.`);
}

/** Of this client; all else is a library that found damage. */
function isOurs(error: unknown): boolean {
  return error instanceof UnpackedTooLarge || error instanceof DamagedPacking || error instanceof UnsupportedCodec;
}

function unpackGzip(packed: Buffer, maxBytes: number): Buffer {
  // The last four bytes tell the length. It is only a hint: with it the result comes in one piece.
  const hint = packed.length < 18 ? 0 : packed.readUInt32LE(packed.length - 4);
  const isCredible = hint <= maxBytes && hint <= packed.length * maxGzipRatio;
  return gunzipSync(packed, { maxOutputLength: maxBytes, ...(isCredible ? { chunkSize: hint + 64 } : {}) });
}
