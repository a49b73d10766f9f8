import { RUN_SLACK_BYTES } from './run-copier.js';
import { DamagedPacking } from './unpack-buffer.js';
import { NO_VIEW } from './zstd-bits.js';
import { HuffmanTable } from './zstd-tables.js';

const NOTHING = Buffer.alloc(0);
const maxLiterals = 0x2_0000;
/** What one look at the bits gives: two codes of at most eleven. */
const lookBits = 24;

/** The literals of a Zstandard block (RFC 8878, 3.1.1.3.1). The table of one block may serve those after it. */
export class ZstdLiterals {
  /** Where the literals of the block are: in the input, or unpacked. */
  bytes: Buffer = NOTHING;
  start = 0;
  length = 0;
  private input: Buffer = NOTHING;
  private view: DataView = NO_VIEW;
  /** Room for the literals of one block. */
  private readonly unpacked = Buffer.allocUnsafeSlow(maxLiterals + RUN_SLACK_BYTES);
  private readonly table = new HuffmanTable();

  attach(input: Buffer, view: DataView): void {
    this.input = input;
    this.bytes = input;
    this.view = view;
  }

  /** A new frame knows no table. */
  reset(): void {
    this.table.codeBits = 0;
  }

  /**
   * Reads the section that begins at `start`.
   *
   * @returns where it ends, at most at `end`
   */
  read(start: number, end: number): number {
    if (start >= end) throw damaged();
    const first = this.view.getUint8(start);
    const type = first & 3;
    const format = (first >>> 2) & 3;
    if (type >= 2) return this.readPacked(start, end, format, type === 2);
    const headBytes = (format & 1) === 0 ? 1 : format === 1 ? 2 : 3;
    if (start + headBytes > end) throw damaged();
    const head = this.view.getUint32(start, true);
    this.length = headBytes === 1 ? first >>> 3 : headBytes === 2 ? (head & 0xffff) >>> 4 : (head & 0xff_ffff) >>> 4;
    const at = start + headBytes;
    const sectionEnd = at + (type === 0 ? this.length : 1);
    if (sectionEnd > end || this.length > maxLiterals) throw damaged();
    if (type === 0) {
      this.bytes = this.input;
      this.start = at;
    } else {
      this.bytes = this.unpacked;
      this.start = 0;
      this.unpacked.fill(this.view.getUint8(at), 0, this.length);
    }
    return sectionEnd;
  }

  private readPacked(start: number, end: number, format: number, hasTable: boolean): number {
    const headBytes = format < 2 ? 3 : format + 2;
    if (start + headBytes > end) throw damaged();
    const head = this.view.getUint32(start, true);
    const sizeBits = format < 2 ? 10 : format === 2 ? 14 : 18;
    const sizeMask = (1 << sizeBits) - 1;
    this.length = (head >>> 4) & sizeMask;
    const high = format === 3 ? this.view.getUint8(start + 4) << 10 : 0;
    const packedBytes = ((head >>> (4 + sizeBits)) | high) & sizeMask;
    const sectionEnd = start + headBytes + packedBytes;
    if (sectionEnd > end || this.length > maxLiterals) throw damaged();
    let at = start + headBytes;
    if (hasTable) at = this.table.read(this.view, at, sectionEnd);
    else if (this.table.codeBits === 0) throw damaged();
    this.bytes = this.unpacked;
    this.start = 0;
    if (format === 0) this.unpackStream(at, sectionEnd, 0, this.length);
    else this.unpackFourStreams(at, sectionEnd);
    return sectionEnd;
  }

  private unpackFourStreams(start: number, end: number): void {
    const part = (this.length + 3) >>> 2;
    if (start + 6 > end || 3 * part > this.length) throw damaged();
    let at = start + 6;
    for (let stream = 0; stream < 4; stream++) {
      const streamEnd = stream < 3 ? at + this.view.getUint16(start + 2 * stream, true) : end;
      if (streamEnd > end) throw damaged();
      this.unpackStream(at, streamEnd, stream * part, stream < 3 ? (stream + 1) * part : this.length);
      at = streamEnd;
    }
  }

  /** Decodes a stream of codes, which is read backwards, to the unpacked bytes from `from` to before `to`. */
  private unpackStream(start: number, end: number, from: number, to: number): void {
    const { view, unpacked } = this;
    const { entries, codeBits } = this.table;
    const last = end > start ? view.getUint8(end - 1) : 0;
    if (last === 0) throw damaged();
    const mask = (1 << codeBits) - 1;
    let left = (end - start - 1) * 8 + 31 - Math.clz32(last);
    let at = from;
    while (left >= lookBits && at + 1 < to) {
      const bit = left - lookBits;
      const look = view.getUint32(start + (bit >>> 3), true) >>> (bit & 7);
      const first = entries[(look >>> (lookBits - codeBits)) & mask]!;
      const rest = lookBits - (first & 0xff);
      const second = entries[(look >>> (rest - codeBits)) & mask]!;
      unpacked[at++] = first >>> 8;
      unpacked[at++] = second >>> 8;
      left -= (first & 0xff) + (second & 0xff);
    }
    for (; at < to; at++) {
      if (left <= 0) throw damaged();
      // Near the beginning of the stream zeros stand in for bits that are not there.
      const bit = left - codeBits;
      const look =
        bit >= 0 ? view.getUint32(start + (bit >>> 3), true) >>> (bit & 7) : view.getUint32(start, true) << -bit;
      const entry = entries[look & mask]!;
      unpacked[at] = entry >>> 8;
      left -= entry & 0xff;
    }
    if (left !== 0) throw damaged();
  }
}

function damaged(): DamagedPacking {
  return new DamagedPacking('the literals of a Zstandard block are not what they claim');
}
