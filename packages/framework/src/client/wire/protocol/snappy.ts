import type * as SnappyPackage from 'snappy';
import { loadNativePackage } from './native-package.js';
import { DamagedPacking, UnpackedTooLarge } from './unpack-errors.js';

/*
 * Snappy, bare or in the framing of snappy-java (`SnappyOutputStream`, "xerial"), which Kafka's Java clients write: a header
 * of 16 bytes, then blocks with their length. Each block begins with its unpacked length
 * (https://github.com/google/snappy/blob/main/format_description.txt).
 */

const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const xerialHeaderBytes = 16;
/** Three bytes stand for 64 at most. */
const maxRatio = 22;
/** Memory of the binary's own for each result, which a finalizer frees, would be several times slower. */
const copied = Object.freeze({ copyOutputData: true });

let library: typeof SnappyPackage | undefined;

/** Unpacks bare Snappy, or a stream of snappy-java. */
export function unpackSnappy(packed: Buffer, maxBytes: number): Buffer {
  const blocks = isXerialHeader(packed, 0) ? xerialBlocks(packed) : [packed];
  let length = 0;
  for (const block of blocks) length += unpackedLength(block);
  if (length > maxBytes) throw new UnpackedTooLarge();
  const unpacked = blocks.map(unpackBlock);
  return unpacked.length === 1 ? unpacked[0]! : Buffer.concat(unpacked, length);
}

function unpackBlock(block: Buffer): Buffer {
  library ??= loadNativePackage('snappy') as typeof SnappyPackage;
  // A string only comes out if asked for.
  return library.uncompressSync(block, copied) as Buffer;
}

function isXerialHeader(packed: Buffer, at: number): boolean {
  return packed.length >= at + xerialHeaderBytes && packed.compare(xerialMagic, 0, 8, at, at + 8) === 0;
}

function xerialBlocks(packed: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = 0; at < packed.length;) {
    // Streams that were written one after the other each have a header.
    if (isXerialHeader(packed, at)) {
      at += xerialHeaderBytes;
      continue;
    }
    const length = at + 4 <= packed.length ? packed.readInt32BE(at) : -1;
    const end = at + 4 + length;
    if (length < 0 || end > packed.length) throw new DamagedPacking('a Snappy block of impossible length');
    blocks.push(packed.subarray(at + 4, end));
    at = end;
  }
  return blocks;
}

/** Reads the length that a block begins with, for which the library allocates, and refuses one that cannot be true. */
function unpackedLength(block: Buffer): number {
  let length = 0;
  let at = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = scale < 2 ** 35 ? block[at++] : undefined;
    if (byte === undefined) throw new DamagedPacking('a Snappy block without length');
    length += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
  }
  if (length > (block.length - at) * maxRatio) throw new DamagedPacking('a Snappy block that claims too much');
  return length;
}
