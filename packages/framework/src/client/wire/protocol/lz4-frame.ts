import { RUN_SLACK_BYTES, RunCopier } from './run-copier.js';
import { DamagedPacking, UnpackedTooLarge, takeUnpacked, unpackBuffer } from './unpack-buffer.js';

/*
 * LZ4 frames (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md). The frame's own checksums are not compared:
 * the batch around it has one.
 */

const magic = 0x184d2204;
const storedBit = 0x8000_0000;

/** Unpacks one LZ4 frame. What follows it is ignored, as Kafka's `Lz4BlockInputStream` does. */
export function unpackLz4(packed: Buffer, maxBytes: number): Buffer {
  const { firstBlock, trailerBytes, maxLength } = readFrame(packed);
  if (maxLength > maxBytes) throw new UnpackedTooLarge();
  const output = unpackBuffer(maxLength + RUN_SLACK_BYTES);
  const decoder = new BlockDecoder(packed, output);
  let written = 0;
  let at = firstBlock;
  for (let size = packed.readUInt32LE(at); size !== 0; size = packed.readUInt32LE(at)) {
    const start = at + 4;
    const end = start + (size % storedBit);
    if (size < storedBit) {
      written = decoder.decode(start, end, written, maxLength);
    } else {
      written += packed.copy(output, written, start, end);
    }
    at = end + trailerBytes;
  }
  return takeUnpacked(output, written);
}

interface Frame {
  readonly firstBlock: number;
  /** Bytes of the checksum behind each block. */
  readonly trailerBytes: number;
  /** The most that can come out. */
  readonly maxLength: number;
}

/** Reads the header and walks over the blocks: each lies within the bytes. */
function readFrame(packed: Buffer): Frame {
  if (packed.length < 11 || packed.readUInt32LE(0) !== magic) throw new DamagedPacking('not an LZ4 frame');
  const flags = packed.readUInt8(4);
  const blockSizeId = (packed.readUInt8(5) >> 4) & 7;
  if (flags >> 6 !== 1 || blockSizeId < 4) throw new DamagedPacking('an LZ4 frame of an unknown version');
  if ((flags & 1) !== 0) throw new DamagedPacking('an LZ4 frame that needs a dictionary');
  const blockBytes = 1 << (8 + 2 * blockSizeId);
  const trailerBytes = (flags & 0x10) !== 0 ? 4 : 0;
  const firstBlock = (flags & 0x08) !== 0 ? 15 : 7;
  let maxLength = 0;
  for (let at = firstBlock; ;) {
    if (at + 4 > packed.length) throw new DamagedPacking('an LZ4 frame without end');
    const size = packed.readUInt32LE(at);
    if (size === 0) return { firstBlock, trailerBytes, maxLength };
    const length = size % storedBit;
    at += 4 + length + trailerBytes;
    if (length > blockBytes || at > packed.length) throw new DamagedPacking('an LZ4 block of impossible length');
    // A byte of a length adds 255 at most.
    maxLength += size < storedBit ? Math.min(blockBytes, length * 255) : length;
  }
}

/** Decodes blocks (`lz4_Block_format.md`) from one buffer to another; blocks may refer to what earlier ones wrote. */
class BlockDecoder {
  private readonly copier: RunCopier;

  constructor(
    private readonly input: Buffer,
    output: Buffer,
  ) {
    this.copier = new RunCopier(input, output);
  }

  /**
   * Decodes the block from `start` to before `end`, and writes from `written` to before `limit`.
   *
   * @returns end of what is written
   */
  decode(start: number, end: number, written: number, limit: number): number {
    const { input, copier } = this;
    let from = start;
    let to = written;
    for (;;) {
      const token = input[from++]!;
      let length = token >>> 4;
      if (length === 15) {
        length += this.moreLength(from, end);
        from += ((length - 15) / 255 + 1) | 0;
      }
      if (length > end - from || length > limit - to) throw new DamagedPacking('LZ4 literals of impossible length');
      copier.literals(from, to, length);
      from += length;
      to += length;
      if (from === end) return to;
      if (from + 2 >= end) throw new DamagedPacking('an LZ4 block that ends too early');
      const distance = input[from]! | (input[from + 1]! << 8);
      from += 2;
      length = (token & 15) + 4;
      if (length === 19) {
        const more = this.moreLength(from, end);
        length += more;
        from += (more / 255 + 1) | 0;
      }
      if (distance === 0 || distance > to || length > limit - to) {
        throw new DamagedPacking('an LZ4 match out of bounds');
      }
      copier.match(to, distance, length);
      to += length;
      if (from >= end) throw new DamagedPacking('an LZ4 block that ends too early');
    }
  }

  /** Sum of length bytes: as many of 255 as there are, and the one after. */
  private moreLength(at: number, end: number): number {
    const { input } = this;
    let more = 0;
    for (let next = at; next < end; next++) {
      const byte = input[next]!;
      more += byte;
      if (byte !== 255) return more;
    }
    throw new DamagedPacking('an LZ4 length without end');
  }
}
