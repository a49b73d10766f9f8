import { decompress as unpackFrameInJavaScript } from 'fzstd';
import * as zlib from 'node:zlib';
import { DamagedPacking, UnpackedTooLarge } from './unpack-buffer.js';

/*
 * Zstandard (RFC 8878). Node.js has it from 22.15 on; before that a decoder in JavaScript does the work, frame by frame.
 * That one allocates what a frame's header claims, so the claims are checked here against what the blocks can hold.
 */

const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a5;
const maxBlockBytes = 0x2_0000;
const minWindowLog = 10;

type NativeUnpack = (packed: Buffer, options: { readonly maxOutputLength: number }) => Buffer;

const native = (zlib as { readonly zstdDecompressSync?: NativeUnpack }).zstdDecompressSync;

/** Unpacks Zstandard frames, with Node.js itself where it can. */
export function unpackZstd(packed: Buffer, maxBytes: number): Buffer {
  if (packed.length === 0) throw new DamagedPacking('no Zstandard frame');
  if (native === undefined) return unpackZstdInJavaScript(packed, maxBytes);
  try {
    return native(packed, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof RangeError) throw new UnpackedTooLarge();
    throw error;
  }
}

/** The way of {@link unpackZstd} that works on every Node.js. */
export function unpackZstdInJavaScript(packed: Buffer, maxBytes: number): Buffer {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let at = 0; at < packed.length;) {
    const frame = readFrame(packed, at);
    if (frame.maxLength > 0) {
      if (length + frame.maxLength > maxBytes) throw new UnpackedTooLarge();
      const part = unpackFrameInJavaScript(withFittingWindow(packed.subarray(at, frame.end), frame));
      parts.push(part);
      length += part.length;
    }
    at = frame.end;
  }
  const [first] = parts;
  if (first === undefined) return Buffer.alloc(0);
  return parts.length > 1
    ? Buffer.concat(parts, length)
    : Buffer.from(first.buffer, first.byteOffset, first.byteLength);
}

interface ZstdFrame {
  readonly end: number;
  /** The most that can come out; exactly that if the frame tells. */
  readonly maxLength: number;
  /** A frame without window descriptor holds all in one segment. */
  readonly windowBytes: number | undefined;
}

/** Reads the header at `start` and walks over the blocks: each lies within the bytes. */
function readFrame(packed: Buffer, start: number): ZstdFrame {
  if (start + 9 > packed.length) throw new DamagedPacking('a Zstandard frame that ends too early');
  const magic = packed.readUInt32LE(start);
  if (magic >>> 4 === skippableMagic) {
    const end = start + 8 + packed.readUInt32LE(start + 4);
    if (end > packed.length) throw new DamagedPacking('a Zstandard frame that ends too early');
    return { end, maxLength: 0, windowBytes: undefined };
  }
  if (magic !== frameMagic) throw new DamagedPacking('not a Zstandard frame');
  const descriptor = packed.readUInt8(start + 4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if ((descriptor & 3) !== 0) throw new DamagedPacking('a Zstandard frame that needs a dictionary');
  const sizeFlag = descriptor >>> 6;
  const sizeBytes = sizeFlag > 0 ? 1 << sizeFlag : isSingleSegment ? 1 : 0;
  const sizeAt = start + (isSingleSegment ? 5 : 6);
  const checksumBytes = (descriptor & 4) !== 0 ? 4 : 0;
  const { end, maxLength } = walkBlocks(packed, sizeAt + sizeBytes, checksumBytes);
  const contentSize = sizeBytes > 0 ? readContentSize(packed, sizeAt, sizeBytes) : undefined;
  if (contentSize !== undefined && contentSize > maxLength) {
    throw new DamagedPacking('a Zstandard frame that claims too much');
  }
  const window = packed.readUInt8(start + 5);
  const windowBase = 2 ** (minWindowLog + (window >>> 3));
  const windowBytes = isSingleSegment ? undefined : windowBase + (windowBase / 8) * (window & 7);
  return { end, maxLength: contentSize ?? maxLength, windowBytes };
}

function readContentSize(packed: Buffer, at: number, bytes: number): number {
  if (bytes === 8) return packed.readUInt32LE(at) + packed.readUInt32LE(at + 4) * 0x1_0000_0000;
  return packed.readUIntLE(at, bytes) + (bytes === 2 ? 256 : 0);
}

function walkBlocks(packed: Buffer, start: number, checksumBytes: number): { end: number; maxLength: number } {
  let maxLength = 0;
  for (let at = start; ;) {
    if (at + 3 > packed.length) throw new DamagedPacking('a Zstandard frame that ends too early');
    const header = packed.readUIntLE(at, 3);
    const type = (header >>> 1) & 3;
    const size = header >>> 3;
    if (type === 3 || size > maxBlockBytes) throw new DamagedPacking('a Zstandard block of an unknown kind');
    at += 3 + (type === 1 ? 1 : size);
    if (at > packed.length) throw new DamagedPacking('a Zstandard frame that ends too early');
    maxLength += type === 2 ? maxBlockBytes : size;
    if ((header & 1) === 0) continue;
    if (at + checksumBytes > packed.length) throw new DamagedPacking('a Zstandard frame that ends too early');
    return { end: at + checksumBytes, maxLength };
  }
}

/**
 * The decoder in JavaScript allocates the window that the header names: megabytes for each small batch of a Java producer.
 * No match reaches back farther than the content, so a window of that size does.
 */
function withFittingWindow(frame: Buffer, { windowBytes, maxLength }: ZstdFrame): Buffer {
  if (windowBytes === undefined) return frame;
  const windowLog = Math.max(minWindowLog, Math.ceil(Math.log2(maxLength)));
  if (2 ** windowLog >= windowBytes) return frame;
  const copy = Buffer.from(frame);
  copy[5] = (windowLog - minWindowLog) << 3;
  return copy;
}
