import { DamagedPacking } from './unpack-errors.js';

/*
 * The headers of Zstandard frames and blocks (RFC 8878, 3.1.1), which tell how much can come out before it does.
 */

const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a5;
/** Most that a block unpacks to (RFC 8878, 3.1.1.2.4). */
const maxBlockBytes = 0x2_0000;

/** Where a frame lies, and the most that can come out of it. */
export interface ZstdFrame {
  readonly start: number;
  readonly end: number;
  readonly maxLength: number;
  /** The frame tells `maxLength`, as its exact size. */
  readonly hasSize: boolean;
}

/**
 * Walks over frames that follow each other; each lies within the bytes. Those without content are left out.
 *
 * @throws DamagedPacking
 */
export function walkZstdFrames(packed: Buffer): ZstdFrame[] {
  if (packed.length === 0) throw new DamagedPacking('no Zstandard frame');
  const frames: ZstdFrame[] = [];
  for (let at = 0; at < packed.length;) {
    const frame = walkFrame(packed, at);
    if (frame.maxLength > 0) frames.push(frame);
    at = frame.end;
  }
  return frames;
}

function walkFrame(packed: Buffer, start: number): ZstdFrame {
  if (start + 8 > packed.length) throw endsTooEarly();
  const magic = packed.readUInt32LE(start);
  if (magic >>> 4 === skippableMagic) {
    const end = start + 8 + packed.readUInt32LE(start + 4);
    if (end > packed.length) throw endsTooEarly();
    return { start, end, maxLength: 0, hasSize: false };
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
  if (blocksStart > packed.length) throw endsTooEarly();
  const contentSize = sizeBytes > 0 ? readContentSize(packed, sizeAt, sizeBytes) : undefined;
  const window = isSingleSegment ? (contentSize ?? 0) : windowSize(packed.readUInt8(start + 5));
  const blocks = walkBlocks(packed, blocksStart, Math.min(window, maxBlockBytes));
  const end = blocks.end + ((descriptor & 4) !== 0 ? 4 : 0);
  if (end > packed.length) throw endsTooEarly();
  if (contentSize !== undefined && (contentSize > blocks.maxLength || (contentSize === 0 && blocks.maxLength > 0))) {
    throw new DamagedPacking('a Zstandard frame whose size cannot be true');
  }
  return { start, end, maxLength: contentSize ?? blocks.maxLength, hasSize: contentSize !== undefined };
}

function readContentSize(packed: Buffer, at: number, bytes: number): number {
  if (bytes === 8) return packed.readUInt32LE(at) + packed.readUInt32LE(at + 4) * 0x1_0000_0000;
  return packed.readUIntLE(at, bytes) + (bytes === 2 ? 256 : 0);
}

/** RFC 8878, 3.1.1.1.2. */
function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >>> 3));
  return base + (base / 8) * (descriptor & 7);
}

const BlockType = Object.freeze({ raw: 0, repeated: 1, compressed: 2, reserved: 3 });

/** @param limit most that a block of this frame unpacks to */
function walkBlocks(
  packed: Buffer,
  start: number,
  limit: number,
): { readonly end: number; readonly maxLength: number } {
  let maxLength = 0;
  for (let at = start; ;) {
    if (at + 3 > packed.length) throw endsTooEarly();
    const header = packed.readUIntLE(at, 3);
    const type = (header >>> 1) & 3;
    const size = header >>> 3;
    if (type === BlockType.reserved) throw new DamagedPacking('a Zstandard block of an unknown kind');
    if (size > limit) throw new DamagedPacking('a Zstandard block of impossible length');
    at += 3 + (type === BlockType.repeated ? 1 : size);
    if (at > packed.length) throw endsTooEarly();
    maxLength += type === BlockType.compressed ? limit : size;
    if ((header & 1) !== 0) return { end: at, maxLength };
  }
}

function endsTooEarly(): DamagedPacking {
  return new DamagedPacking('a Zstandard frame that ends too early');
}
