import { constants, gunzipSync } from 'node:zlib';

/** The number that a batch's attributes carry for its compression. */
export const Codec = Object.freeze({ none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 });

/** The bytes would unpack to more than is allowed. */
export class UnpackedTooLarge extends Error {}

/** There is no decoder for this compression here. */
export class CodecUnavailable extends Error {}

/**
 * Unpacks what a producer has packed, into a buffer of its own.
 *
 * @param codec one of {@link Codec}, not `none`
 * @throws UnpackedTooLarge instead of allocating more than `maxBytes`
 * @throws CodecUnavailable
 * @throws Error if the bytes are damaged
 */
export function decompress(codec: number, packed: Buffer, maxBytes: number): Buffer {
  switch (codec) {
    case Codec.gzip:
      return gunzip(packed, maxBytes);
    default:
      throw new CodecUnavailable(`it is compressed in a way that is not known here (${codec})`);
  }
}

function gunzip(packed: Buffer, maxBytes: number): Buffer {
  try {
    return gunzipSync(packed, { maxOutputLength: maxBytes, finishFlush: constants.Z_FINISH });
  } catch (error) {
    if (error instanceof RangeError) throw new UnpackedTooLarge();
    throw error;
  }
}
