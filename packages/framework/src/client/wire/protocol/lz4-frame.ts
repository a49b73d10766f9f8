import type * as Lz4Package from 'lz4-napi';
import { loadNativePackage } from './native-package.js';
import { DamagedPacking, UnpackedTooLarge } from './unpack-errors.js';

/*
 * LZ4 frames (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md). The library knows no limit, so the headers of
 * the blocks are walked over before.
 */

const magic = 0x184d2204;
const storedBit = 0x8000_0000;

let library: typeof Lz4Package | undefined;

/** Unpacks one LZ4 frame. What follows it is ignored, as Kafka's `Lz4BlockInputStream` does. */
export function unpackLz4(packed: Buffer, maxBytes: number): Buffer {
  const { end, maxLength } = walkFrame(packed);
  if (maxLength > maxBytes) throw new UnpackedTooLarge();
  library ??= loadNativePackage('lz4-napi') as typeof Lz4Package;
  return library.decompressFrameSync(packed.subarray(0, end));
}

interface FrameExtent {
  readonly end: number;
  /** The most that can come out. */
  readonly maxLength: number;
}

/** Reads the header and walks over the blocks: each lies within the bytes. */
function walkFrame(packed: Buffer): FrameExtent {
  if (packed.length < 11 || packed.readUInt32LE(0) !== magic) throw new DamagedPacking('not an LZ4 frame');
  const flags = packed.readUInt8(4);
  const blockSizeId = (packed.readUInt8(5) >> 4) & 7;
  if (flags >> 6 !== 1 || blockSizeId < 4) throw new DamagedPacking('an LZ4 frame of an unknown version');
  if ((flags & 1) !== 0) throw new DamagedPacking('an LZ4 frame that needs a dictionary');
  const blockBytes = 1 << (8 + 2 * blockSizeId);
  const blockChecksumBytes = (flags & 0x10) !== 0 ? 4 : 0;
  const frameChecksumBytes = (flags & 0x04) !== 0 ? 4 : 0;
  let maxLength = 0;
  for (let at = (flags & 0x08) !== 0 ? 15 : 7; ;) {
    const size = at + 4 > packed.length ? -1 : packed.readUInt32LE(at);
    at += 4;
    if (size === 0 && at + frameChecksumBytes <= packed.length) return { end: at + frameChecksumBytes, maxLength };
    if (size <= 0) throw new DamagedPacking('an LZ4 frame without end');
    const length = size % storedBit;
    at += length + blockChecksumBytes;
    if (length > blockBytes || at > packed.length) throw new DamagedPacking('an LZ4 block of impossible length');
    // A byte of a length adds 255 at most.
    maxLength += size < storedBit ? Math.min(blockBytes, length * 255) : length;
  }
}
