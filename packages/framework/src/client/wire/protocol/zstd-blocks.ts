import { RunCopier } from './run-copier.js';
import { DamagedPacking } from './unpack-buffer.js';
import { BIT_SLACK_BYTES, BackwardBits, NO_VIEW } from './zstd-bits.js';
import { ZstdLiterals } from './zstd-literals.js';
import { FseTable } from './zstd-tables.js';

/** Most that a block unpacks to (RFC 8878, 3.1.1.2.4). */
export const MAX_ZSTD_BLOCK_BYTES = 0x2_0000;

/** Bits and bases of the codes of lengths (RFC 8878, 3.1.1.3.2.1.1). */
const literalBits = [...zeros(16), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const matchBits = [...zeros(32), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const literalBases = basesOf(0, literalBits);
const matchBases = basesOf(3, matchBits);
const literalBitTable = Uint8Array.from(literalBits);
const matchBitTable = Uint8Array.from(matchBits);
/** A distance of 2^30 is more than can have been written. */
const maxDistanceCode = 29;

/** Tables that need not be described (RFC 8878, 3.1.1.3.2.2). */
const defaultLiterals = FseTable.of(
  6,
  [4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1],
);
const defaultMatches = FseTable.of(6, [1, 4, 3, 2, 2, 2, 2, 2, 2, ...ones(37), -1, -1, -1, -1, -1, -1, -1]);
const defaultDistances = FseTable.of(5, [1, 1, 1, 1, 1, 1, 2, 2, 2, ...ones(15), -1, -1, -1, -1, -1]);

function zeros(count: number): number[] {
  return new Array<number>(count).fill(0);
}

function ones(count: number): number[] {
  return new Array<number>(count).fill(1);
}

function basesOf(first: number, bits: readonly number[]): Uint32Array {
  let base = first;
  return Uint32Array.from(bits, (count) => (base += 1 << count) - (1 << count));
}

/** A kind of code with its tables: the one of its own, and the one that holds for the block. */
class CodeTable {
  current: FseTable | undefined;
  private readonly own: FseTable;

  constructor(
    private readonly standard: FseTable,
    maxAccuracyLog: number,
    maxSymbol: number,
  ) {
    this.own = new FseTable(maxAccuracyLog, maxSymbol);
  }

  /**
   * Chooses the table for a block (RFC 8878, 3.1.1.3.2.1): standard, one symbol, described here, or as before.
   *
   * @returns where its description ends
   */
  choose(mode: number, view: DataView, start: number, end: number): number {
    switch (mode) {
      case 0:
        this.current = this.standard;
        return start;
      case 1:
        if (start >= end) throw damaged();
        this.own.fillWith(view.getUint8(start));
        this.current = this.own;
        return start + 1;
      case 2:
        this.current = this.own;
        return this.own.read(view, start, end);
      default:
        if (this.current === undefined) throw damaged();
        return start;
    }
  }
}

const NOTHING = Buffer.alloc(0);

/** Unpacks the blocks of Zstandard frames from one buffer to another. Its tables are made once, and used again. */
export class ZstdBlocks {
  private view: DataView = NO_VIEW;
  private output: Buffer = NOTHING;
  private readonly bits = new BackwardBits();
  private readonly literals = new ZstdLiterals();
  private readonly literalCodes = new CodeTable(defaultLiterals, 9, 35);
  private readonly matchCodes = new CodeTable(defaultMatches, 9, 52);
  private readonly distanceCodes = new CodeTable(defaultDistances, 8, 31);
  /** The last three distances, the latest first. */
  private readonly distances = new Uint32Array(3);
  private frameStart = 0;

  /**
   * @param input has `BIT_SLACK_BYTES` more than what is read
   * @param output has `RUN_SLACK_BYTES` more than what is written
   */
  attach(input: Buffer, output: Buffer): void {
    this.view = new DataView(input.buffer, input.byteOffset, input.length);
    this.output = output;
    this.literals.attach(input, this.view);
  }

  /** Lets go of input and output, so that their memory is not kept until the next use. */
  detach(): void {
    this.view = NO_VIEW;
    this.output = NOTHING;
    this.literals.attach(NOTHING, NO_VIEW);
    this.bits.close();
  }

  /** A frame begins, whose content goes from `written` on. */
  beginFrame(written: number): void {
    this.frameStart = written;
    this.distances.set([1, 4, 8]);
    this.literals.reset();
    for (const codes of [this.literalCodes, this.matchCodes, this.distanceCodes]) codes.current = undefined;
  }

  /**
   * Unpacks a compressed block, which lies from `start` to before `end`, to the output from `written` to before `limit`.
   *
   * @returns end of what is written
   */
  unpack(start: number, end: number, written: number, limit: number): number {
    const { literals, view } = this;
    let at = literals.read(start, end);
    const copier = new RunCopier(literals.bytes, this.output);
    if (at >= end) throw damaged();
    const first = view.getUint8(at);
    if (first === 0) {
      if (at + 1 !== end || literals.length > limit - written) throw damaged();
      copier.literals(literals.start, written, literals.length);
      return written + literals.length;
    }
    const headBytes = first < 128 ? 1 : first < 255 ? 2 : 3;
    if (at + headBytes + 1 > end) throw damaged();
    const count =
      headBytes === 1
        ? first
        : headBytes === 2
          ? ((first - 128) << 8) + view.getUint8(at + 1)
          : view.getUint16(at + 1, true) + 0x7f00;
    at += headBytes;
    const modes = view.getUint8(at++);
    if ((modes & 3) !== 0) throw damaged();
    at = this.literalCodes.choose(modes >>> 6, view, at, end);
    at = this.distanceCodes.choose((modes >>> 4) & 3, view, at, end);
    at = this.matchCodes.choose((modes >>> 2) & 3, view, at, end);
    this.bits.open(view, at, end);
    return this.execute(count, copier, written, limit);
  }

  /** Runs the sequences: each copies literals, then repeats what was written before (RFC 8878, 3.1.1.4). */
  private execute(count: number, copier: RunCopier, written: number, limit: number): number {
    const { bits, literals } = this;
    const literalTable = this.literalCodes.current!;
    const matchTable = this.matchCodes.current!;
    const distanceTable = this.distanceCodes.current!;
    let literalState = bits.read(literalTable.accuracyLog);
    let distanceState = bits.read(distanceTable.accuracyLog);
    let matchState = bits.read(matchTable.accuracyLog);
    let from = literals.start;
    const literalsEnd = from + literals.length;
    let to = written;
    for (let left = count; left > 0; left--) {
      const literalEntry = literalTable.entries[literalState]!;
      const matchEntry = matchTable.entries[matchState]!;
      const distanceEntry = distanceTable.entries[distanceState]!;
      const distanceValue = this.readDistance(distanceEntry >>> 24);
      const matchCode = matchEntry >>> 24;
      const matchLength = matchBases[matchCode]! + bits.read(matchBitTable[matchCode]!);
      const literalCode = literalEntry >>> 24;
      const literalLength = literalBases[literalCode]! + bits.read(literalBitTable[literalCode]!);
      const distance = this.distanceOf(distanceValue, literalLength === 0);
      if (literalLength > literalsEnd - from || literalLength + matchLength > limit - to) throw damaged();
      copier.literals(from, to, literalLength);
      from += literalLength;
      to += literalLength;
      if (distance === 0 || distance > to - this.frameStart) throw damaged();
      copier.match(to, distance, matchLength);
      to += matchLength;
      if (left === 1) break;
      literalState = (literalEntry & 0xffff) + bits.read((literalEntry >>> 16) & 0xff);
      matchState = (matchEntry & 0xffff) + bits.read((matchEntry >>> 16) & 0xff);
      distanceState = (distanceEntry & 0xffff) + bits.read((distanceEntry >>> 16) & 0xff);
    }
    if (bits.left !== 0 || literalsEnd - from > limit - to) throw damaged();
    copier.literals(from, to, literalsEnd - from);
    return to + literalsEnd - from;
  }

  private readDistance(code: number): number {
    if (code > maxDistanceCode) throw damaged();
    if (code <= 24) return (1 << code) + this.bits.read(code);
    const high = this.bits.read(code - 16);
    return (1 << code) + (high << 16) + this.bits.read(16);
  }

  /** Values up to 3 mean one of the last distances (RFC 8878, 3.1.1.5). */
  private distanceOf(value: number, hasNoLiterals: boolean): number {
    const { distances } = this;
    if (value > 3) {
      distances[2] = distances[1]!;
      distances[1] = distances[0]!;
      return (distances[0] = value - 3);
    }
    const index = value - (hasNoLiterals ? 0 : 1);
    if (index === 0) return distances[0]!;
    const distance = index === 3 ? distances[0]! - 1 : distances[index]!;
    if (index !== 1) distances[2] = distances[1]!;
    distances[1] = distances[0]!;
    distances[0] = distance;
    return distance;
  }
}

/** The bytes with `BIT_SLACK_BYTES` behind them that may be read, but are not used. */
export function withBitSlack(packed: Buffer): Buffer {
  const { buffer, byteOffset, length } = packed;
  const wanted = length + BIT_SLACK_BYTES;
  if (byteOffset + wanted <= buffer.byteLength) return Buffer.from(buffer, byteOffset, wanted);
  const copy = Buffer.alloc(wanted);
  packed.copy(copy);
  return copy;
}

function damaged(): DamagedPacking {
  return new DamagedPacking('a Zstandard block is not what it claims');
}
