import { compressionsAlgorithms } from '@platformatic/kafka';
import { gzipSync } from 'node:zlib';

/** Something that packs bytes as a producer does. */
export interface Packer {
  readonly name: string;
  readonly codec: number;
  readonly pack: (bytes: Buffer) => Buffer;
}

const xerialHeader = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);

function pieces(bytes: Buffer, size: number): Buffer[] {
  const all: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) all.push(bytes.subarray(at, at + size));
  return all;
}

function snappy(bytes: Buffer): Buffer {
  // The packers of these libraries cannot do nothing at all.
  return bytes.length === 0 ? Buffer.from([0]) : compressionsAlgorithms.snappy.compressSync(bytes);
}

function lz4(bytes: Buffer): Buffer {
  const emptyFrame = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 0, 0, 0, 0]);
  return bytes.length === 0 ? emptyFrame : compressionsAlgorithms.lz4.compressSync(bytes);
}

/** Blocks of 50 bytes: many more of them than a producer would write. */
function xerial(bytes: Buffer): Buffer {
  const blocks = pieces(bytes, 50).flatMap((piece) => {
    const packed = snappy(piece);
    const length = Buffer.alloc(4);
    length.writeInt32BE(packed.length);
    return [length, packed];
  });
  return Buffer.concat([xerialHeader, ...blocks]);
}

/** Zstandard without compression: blocks as they are, and blocks of one byte repeated. */
export function storedZstd(bytes: Buffer, withSize: boolean): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(bytes.length));
  const header = withSize ? Buffer.concat([Buffer.from([0xe0]), size]) : Buffer.from([0, 0x58]);
  const parts: Buffer[] = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), header];
  const blocks = pieces(bytes, 64);
  blocks.forEach((block, index) => {
    const isRepeated = block.every((byte) => byte === block[0]);
    const head = Buffer.alloc(3);
    head.writeUIntLE((block.length << 3) | (isRepeated ? 2 : 0) | (index === blocks.length - 1 ? 1 : 0), 0, 3);
    parts.push(head, isRepeated ? block.subarray(0, 1) : block);
  });
  if (blocks.length === 0) parts.push(Buffer.from([1, 0, 0]));
  return Buffer.concat(parts);
}

export const packers: readonly Packer[] = [
  { name: 'gzip', codec: 1, pack: (bytes) => gzipSync(bytes) },
  { name: 'snappy', codec: 2, pack: snappy },
  { name: 'snappy of snappy-java', codec: 2, pack: xerial },
  { name: 'lz4', codec: 3, pack: lz4 },
  { name: 'zstd without size', codec: 4, pack: (bytes) => storedZstd(bytes, false) },
  { name: 'zstd with size', codec: 4, pack: (bytes) => storedZstd(bytes, true) },
];
