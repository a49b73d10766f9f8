import { RUN_SLACK_BYTES, RunCopier } from './run-copier.js';
import { DamagedPacking, UnpackedTooLarge } from './unpack-buffer.js';

/*
 * Snappy (https://github.com/google/snappy/blob/main/format_description.txt), bare or in the framing of snappy-java
 * (`SnappyOutputStream`, "xerial"), which Kafka's Java clients write: a header of 16 bytes, then blocks with their length.
 */

const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const xerialHeaderBytes = 16;
/** Three bytes stand for 64 at most. */
const maxRatio = 22;

/** Unpacks bare Snappy, or a stream of snappy-java. */
export function unpackSnappy(packed: Buffer, maxBytes: number): Buffer {
  const blocks = isXerialHeader(packed, 0) ? xerialBlocks(packed) : [readBlock(packed, 0, packed.length)];
  let length = 0;
  for (const block of blocks) length += block.unpackedBytes;
  if (length > maxBytes) throw new UnpackedTooLarge();
  const output = Buffer.allocUnsafe(length + RUN_SLACK_BYTES);
  const decoder = new SnappyDecoder(packed, output);
  let written = 0;
  for (const { start, end, unpackedBytes } of blocks) {
    decoder.decode(start, end, written, written + unpackedBytes);
    written += unpackedBytes;
  }
  return output.subarray(0, length);
}

interface SnappyBlock {
  /** After the length. */
  readonly start: number;
  readonly end: number;
  readonly unpackedBytes: number;
}

function isXerialHeader(packed: Buffer, at: number): boolean {
  return packed.length >= at + xerialHeaderBytes && packed.compare(xerialMagic, 0, 8, at, at + 8) === 0;
}

function xerialBlocks(packed: Buffer): SnappyBlock[] {
  const blocks: SnappyBlock[] = [];
  for (let at = 0; at < packed.length;) {
    // Streams that were written one after the other each have a header.
    if (isXerialHeader(packed, at)) {
      at += xerialHeaderBytes;
      continue;
    }
    const length = at + 4 <= packed.length ? packed.readInt32BE(at) : -1;
    const end = at + 4 + length;
    if (length < 0 || end > packed.length) throw new DamagedPacking('a Snappy block of impossible length');
    blocks.push(readBlock(packed, at + 4, end));
    at = end;
  }
  return blocks;
}

/** Reads the length that a block begins with, and refuses one that cannot be true. */
function readBlock(packed: Buffer, from: number, end: number): SnappyBlock {
  let unpackedBytes = 0;
  let at = from;
  for (let scale = 1; ; scale *= 128) {
    const byte = at < end && scale < 2 ** 35 ? packed[at++]! : undefined;
    if (byte === undefined) throw new DamagedPacking('a Snappy block without length');
    unpackedBytes += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
  }
  if (unpackedBytes > (end - at) * maxRatio) throw new DamagedPacking('a Snappy block that claims too much');
  return { start: at, end, unpackedBytes };
}

class SnappyDecoder {
  private readonly copier: RunCopier;

  constructor(
    private readonly input: Buffer,
    output: Buffer,
  ) {
    this.copier = new RunCopier(input, output);
  }

  /** Decodes the block from `start` to before `end`, which fills the output from `written` to before `limit`. */
  decode(start: number, end: number, written: number, limit: number): void {
    const { input, copier } = this;
    let from = start;
    let to = written;
    while (from < end) {
      const tag = input[from++]!;
      const kind = tag & 3;
      let length = (tag >>> 2) + 1;
      if (kind === 0) {
        if (length > 60) {
          const lengthBytes = length - 60;
          if (lengthBytes > end - from) throw new DamagedPacking('Snappy literals of impossible length');
          length = input.readUIntLE(from, lengthBytes) + 1;
          from += lengthBytes;
        }
        if (length > end - from || length > limit - to)
          throw new DamagedPacking('Snappy literals of impossible length');
        copier.literals(from, to, length);
        from += length;
        to += length;
        continue;
      }
      let distance: number;
      if (kind === 1) {
        length = ((tag >>> 2) & 7) + 4;
        distance = ((tag >>> 5) << 8) | (input[from++] ?? 0);
      } else if (kind === 2) {
        distance = (input[from] ?? 0) | ((input[from + 1] ?? 0) << 8);
        from += 2;
      } else {
        distance = from + 4 <= end ? input.readUInt32LE(from) : 0;
        from += 4;
      }
      if (distance === 0 || distance > to - written || length > limit - to) {
        throw new DamagedPacking('a Snappy copy out of bounds');
      }
      copier.match(to, distance, length);
      to += length;
    }
    if (from !== end || to !== limit)
      throw new DamagedPacking('a Snappy block that does not have the length it claims');
  }
}
