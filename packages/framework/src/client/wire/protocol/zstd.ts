import * as zlib from 'node:zlib';
import { RUN_SLACK_BYTES } from './run-copier.js';
import { DamagedPacking, UnpackedTooLarge, takeUnpacked, unpackBuffer } from './unpack-buffer.js';
import { MAX_ZSTD_BLOCK_BYTES, ZstdBlocks, withBitSlack } from './zstd-blocks.js';

/*
 * Zstandard (RFC 8878). Node.js has it from 22.15 on; before that it is unpacked here. Checksums of frames are not compared:
 * the batch around them has one.
 */

const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a5;

type NativeUnpack = (
  packed: Buffer,
  options: { readonly maxOutputLength: number; readonly chunkSize?: number },
) => Buffer;

const native = (zlib as { readonly zstdDecompressSync?: NativeUnpack }).zstdDecompressSync;
let blocks: ZstdBlocks | undefined;

/** Unpacks Zstandard frames, with Node.js itself where it can. */
export function unpackZstd(packed: Buffer, maxBytes: number): Buffer {
  return native === undefined ? unpackZstdInJavaScript(packed, maxBytes) : unpackNatively(native, packed, maxBytes);
}

/** Node.js stops after the first frame, and does not object to one that is cut: the frames are looked at before. */
function unpackNatively(unpackFrame: NativeUnpack, packed: Buffer, maxBytes: number): Buffer {
  const parts: Buffer[] = [];
  let written = 0;
  let start = 0;
  for (const { blocksStart, end, maxLength, hasSize } of readFrames(packed)) {
    if (blocksStart !== undefined && maxLength > 0) {
      if (written >= maxBytes || (hasSize && maxLength > maxBytes)) throw new UnpackedTooLarge();
      // With a known size the result comes in one piece.
      const chunk = hasSize ? { chunkSize: maxLength + 64 } : {};
      const part = unpackFrame(packed.subarray(start, end), { maxOutputLength: maxBytes - written, ...chunk });
      parts.push(part);
      written += part.length;
    }
    start = end;
  }
  const [first] = parts;
  return first !== undefined && parts.length === 1 ? first : Buffer.concat(parts, written);
}

/** The way of {@link unpackZstd} that works on every Node.js. */
export function unpackZstdInJavaScript(packed: Buffer, maxBytes: number): Buffer {
  const frames = readFrames(packed);
  let maxLength = 0;
  for (const frame of frames) maxLength += frame.maxLength;
  if (maxLength > maxBytes) throw new UnpackedTooLarge();
  const output = unpackBuffer(maxLength + RUN_SLACK_BYTES);
  const input = withBitSlack(packed);
  blocks ??= new ZstdBlocks();
  blocks.attach(input, output);
  let written = 0;
  try {
    for (const frame of frames) {
      if (frame.blocksStart === undefined) continue;
      blocks.beginFrame(written);
      const limit = written + frame.maxLength;
      written = unpackBlocks(input, frame.blocksStart, blocks, output, written, limit);
      if (frame.hasSize && written < limit) throw new DamagedPacking('a Zstandard frame that has less than it claims');
    }
  } finally {
    blocks.detach();
  }
  return takeUnpacked(output, written);
}

function readFrames(packed: Buffer): ZstdFrame[] {
  const frames: ZstdFrame[] = [];
  for (let at = 0; at < packed.length;) {
    const frame = readFrame(packed, at);
    frames.push(frame);
    at = frame.end;
  }
  if (frames.length === 0) throw new DamagedPacking('no Zstandard frame');
  return frames;
}

interface ZstdFrame {
  /** Undefined for a frame without content. */
  readonly blocksStart: number | undefined;
  readonly end: number;
  /** The most that can come out. */
  readonly maxLength: number;
  /** The frame tells `maxLength`, as its exact size. */
  readonly hasSize: boolean;
}

/** Reads the header at `start` and walks over the blocks: each lies within the bytes. */
function readFrame(packed: Buffer, start: number): ZstdFrame {
  if (start + 8 > packed.length) throw endsTooEarly();
  const magic = packed.readUInt32LE(start);
  if (magic >>> 4 === skippableMagic) {
    const end = start + 8 + packed.readUInt32LE(start + 4);
    if (end > packed.length) throw endsTooEarly();
    return { blocksStart: undefined, end, maxLength: 0, hasSize: false };
  }
  if (magic !== frameMagic) throw new DamagedPacking('not a Zstandard frame');
  const descriptor = packed.readUInt8(start + 4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if ((descriptor & 3) !== 0) throw new DamagedPacking('a Zstandard frame that needs a dictionary');
  if ((descriptor & 8) !== 0) throw new DamagedPacking('a Zstandard frame of an unknown version');
  const sizeFlag = descriptor >>> 6;
  const sizeBytes = sizeFlag > 0 ? 1 << sizeFlag : isSingleSegment ? 1 : 0;
  const sizeAt = start + (isSingleSegment ? 5 : 6);
  const blocksStart = sizeAt + sizeBytes;
  const { end, maxLength } = walkBlocks(packed, blocksStart, (descriptor & 4) !== 0 ? 4 : 0);
  const contentSize = sizeBytes > 0 ? readContentSize(packed, sizeAt, sizeBytes) : maxLength;
  if (contentSize > maxLength) throw new DamagedPacking('a Zstandard frame that claims too much');
  return { blocksStart, end, maxLength: contentSize, hasSize: sizeBytes > 0 };
}

function readContentSize(packed: Buffer, at: number, bytes: number): number {
  if (bytes === 8) return packed.readUInt32LE(at) + packed.readUInt32LE(at + 4) * 0x1_0000_0000;
  return packed.readUIntLE(at, bytes) + (bytes === 2 ? 256 : 0);
}

function walkBlocks(packed: Buffer, start: number, checksumBytes: number): { end: number; maxLength: number } {
  let maxLength = 0;
  for (let at = start; ;) {
    if (at + 3 > packed.length) throw endsTooEarly();
    const { type, size, isLast, bytes } = readBlockHeader(packed, at);
    if (type === BlockType.reserved || size > MAX_ZSTD_BLOCK_BYTES) {
      throw new DamagedPacking('a Zstandard block of an unknown kind');
    }
    at += 3 + bytes;
    if (at + (isLast ? checksumBytes : 0) > packed.length) throw endsTooEarly();
    maxLength += type === BlockType.compressed ? MAX_ZSTD_BLOCK_BYTES : size;
    if (isLast) return { end: at + checksumBytes, maxLength };
  }
}

const BlockType = Object.freeze({ raw: 0, repeated: 1, compressed: 2, reserved: 3 });

/** @returns `bytes`: length of the block behind its header of three bytes */
function readBlockHeader(
  packed: Buffer,
  at: number,
): { readonly type: number; readonly size: number; readonly isLast: boolean; readonly bytes: number } {
  const header = packed.readUIntLE(at, 3);
  const type = (header >>> 1) & 3;
  const size = header >>> 3;
  return { type, size, isLast: (header & 1) !== 0, bytes: type === BlockType.repeated ? 1 : size };
}

/** Unpacks the blocks of a frame, which were walked over before, and write no further than to `limit`. */
function unpackBlocks(
  input: Buffer,
  start: number,
  decoder: ZstdBlocks,
  output: Buffer,
  written: number,
  limit: number,
): number {
  let to = written;
  for (let at = start; ;) {
    const { type, size, isLast, bytes } = readBlockHeader(input, at);
    at += 3;
    if (type === BlockType.compressed) {
      to = decoder.unpack(at, at + bytes, to, Math.min(limit, to + MAX_ZSTD_BLOCK_BYTES));
    } else {
      if (size > limit - to) throw new DamagedPacking('a Zstandard frame that has more than it claims');
      if (type === BlockType.raw) output.set(input.subarray(at, at + size), to);
      else output.fill(input.readUInt8(at), to, to + size);
      to += size;
    }
    if (isLast) return to;
    at += bytes;
  }
}

function endsTooEarly(): DamagedPacking {
  return new DamagedPacking('a Zstandard frame that ends too early');
}
