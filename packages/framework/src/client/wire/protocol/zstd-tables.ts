import { DamagedPacking } from './unpack-buffer.js';
import { BackwardBits } from './zstd-bits.js';

const maxSymbols = 256;
const minAccuracyLog = 5;

/** A decoding table for finite state entropy (RFC 8878, 4.1). It is filled again for each block that brings its own. */
export class FseTable {
  /** Bits of a state. */
  accuracyLog = 0;
  /** Per state: bits 0-15 base of the next state, 16-23 how many bits to add to it, 24-31 symbol. */
  readonly entries: Uint32Array;
  private readonly counts = new Int16Array(maxSymbols);
  private readonly next = new Uint16Array(maxSymbols);

  constructor(
    private readonly maxAccuracyLog: number,
    private readonly maxSymbol: number,
  ) {
    this.entries = new Uint32Array(1 << maxAccuracyLog);
  }

  /** The table of a known distribution. */
  static of(accuracyLog: number, counts: readonly number[]): FseTable {
    const table = new FseTable(accuracyLog, counts.length - 1);
    table.counts.set(counts);
    table.build(accuracyLog, counts.length);
    return table;
  }

  /** The same symbol again and again. */
  fillWith(symbol: number): void {
    if (symbol > this.maxSymbol) throw new DamagedPacking('an unknown symbol in a Zstandard block');
    this.accuracyLog = 0;
    this.entries[0] = symbol * 0x100_0000;
  }

  /**
   * Reads the description of a distribution (RFC 8878, 4.1.1).
   *
   * @returns where it ends
   */
  read(view: DataView, start: number, end: number): number {
    const bitEnd = end * 8;
    let bit = start * 8;
    const peek = (): number => {
      if (bit > bitEnd) throw new DamagedPacking('a Zstandard table that ends too early');
      return view.getUint32(bit >>> 3, true) >>> (bit & 7);
    };
    const accuracyLog = (peek() & 15) + minAccuracyLog;
    bit += 4;
    if (accuracyLog > this.maxAccuracyLog) throw new DamagedPacking('a Zstandard table that is too large');
    let remaining = (1 << accuracyLog) + 1;
    let threshold = 1 << accuracyLog;
    let width = accuracyLog + 1;
    let symbol = 0;
    while (remaining > 1) {
      if (symbol > this.maxSymbol) throw new DamagedPacking('a Zstandard table with unknown symbols');
      const bits = peek();
      const spare = 2 * threshold - 1 - remaining;
      const isShort = (bits & (threshold - 1)) < spare;
      let value = bits & (isShort ? threshold - 1 : 2 * threshold - 1);
      if (!isShort && value >= threshold) value -= spare;
      bit += isShort ? width - 1 : width;
      const count = value - 1; // -1: less than one in the whole table, but one state
      this.counts[symbol++] = count;
      remaining -= Math.abs(count);
      if (remaining < 1) throw new DamagedPacking('a Zstandard table whose sum is wrong');
      if (count === 0) {
        for (let more = 3; more === 3; bit += 2) {
          more = peek() & 3;
          if (symbol + more > this.maxSymbol + 1) throw new DamagedPacking('a Zstandard table with unknown symbols');
          this.counts.fill(0, symbol, symbol + more);
          symbol += more;
        }
      }
      while (remaining < threshold) {
        threshold >>= 1;
        width--;
      }
    }
    if (bit > bitEnd) throw new DamagedPacking('a Zstandard table that ends too early');
    this.build(accuracyLog, symbol);
    return (bit + 7) >>> 3;
  }

  /** Spreads the symbols over the states. The counts sum up to the number of states, which `read` has checked. */
  private build(accuracyLog: number, symbols: number): void {
    const { entries, counts, next } = this;
    const size = 1 << accuracyLog;
    this.accuracyLog = accuracyLog;
    let high = size;
    for (let symbol = 0; symbol < symbols; symbol++) {
      const count = counts[symbol]!;
      next[symbol] = count < 0 ? 1 : count;
      if (count < 0) entries[--high] = symbol;
    }
    const step = (size >>> 1) + (size >>> 3) + 3;
    let at = 0;
    for (let symbol = 0; symbol < symbols; symbol++) {
      for (let left = counts[symbol]!; left > 0; left--) {
        entries[at] = symbol;
        do at = (at + step) & (size - 1);
        while (at >= high);
      }
    }
    for (let state = 0; state < size; state++) {
      const symbol = entries[state]!;
      const count = next[symbol]!++;
      const bits = accuracyLog - (31 - Math.clz32(count));
      entries[state] = symbol * 0x100_0000 + (bits << 16) + ((count << bits) - size);
    }
  }
}

const maxCodeBits = 11;

/** A decoding table for literals (RFC 8878, 4.2.1). */
export class HuffmanTable {
  /** Bits that are looked up at once; 0: there is no table yet. */
  codeBits = 0;
  /** By these bits: bits 0-7 length of the code, 8-15 symbol. */
  readonly entries = new Uint16Array(1 << maxCodeBits);
  private readonly weights = new Uint8Array(maxSymbols);
  private readonly weightTable = new FseTable(6, maxSymbols - 1);
  private readonly bits = new BackwardBits();

  /**
   * Reads the weights of the symbols.
   *
   * @returns where they end
   */
  read(view: DataView, start: number, end: number): number {
    if (start >= end) throw new DamagedPacking('a Zstandard table that ends too early');
    const head = view.getUint8(start);
    const count = head < 128 ? 0 : head - 127;
    const tableEnd = start + 1 + (head < 128 ? head : (count + 1) >>> 1);
    if (tableEnd > end) throw new DamagedPacking('a Zstandard table that ends too early');
    if (head < 128) {
      this.build(this.readPacked(view, start + 1, tableEnd));
    } else {
      for (let symbol = 0; symbol < count; symbol++) {
        const byte = view.getUint8(start + 1 + (symbol >>> 1));
        this.weights[symbol] = (symbol & 1) === 0 ? byte >>> 4 : byte & 15;
      }
      this.build(count);
    }
    return tableEnd;
  }

  /** Weights as two interleaved states write them; the stream of bits tells the end. Returns how many there are. */
  private readPacked(view: DataView, start: number, end: number): number {
    const { weights, weightTable: table, bits } = this;
    bits.open(view, table.read(view, start, end), end);
    let state = bits.read(table.accuracyLog);
    let other = bits.read(table.accuracyLog);
    for (let count = 0; count < maxSymbols - 2;) {
      const entry = table.entries[state]!;
      weights[count++] = entry >>> 24;
      state = (entry & 0xffff) + bits.read((entry >>> 16) & 0xff);
      if (bits.left < 0) {
        weights[count++] = table.entries[other]! >>> 24;
        return count;
      }
      [state, other] = [other, state];
    }
    throw new DamagedPacking('a Zstandard table with too many symbols');
  }

  /** The last symbol's weight is not written: it fills the table up to a power of two. */
  private build(count: number): void {
    const { weights, entries } = this;
    let sum = 0;
    for (let symbol = 0; symbol < count; symbol++) {
      const weight = weights[symbol]!;
      if (weight > maxCodeBits) throw new DamagedPacking('a Zstandard code that is too long');
      if (weight > 0) sum += 1 << (weight - 1);
    }
    const codeBits = 32 - Math.clz32(sum);
    const rest = (1 << codeBits) - sum;
    if (sum === 0 || codeBits > maxCodeBits || (rest & (rest - 1)) !== 0) {
      throw new DamagedPacking('a Zstandard table whose sum is wrong');
    }
    weights[count] = 32 - Math.clz32(rest);
    this.codeBits = codeBits;
    let at = 0;
    for (let weight = 1; weight <= codeBits; weight++) {
      for (let symbol = 0; symbol <= count; symbol++) {
        if (weights[symbol] !== weight) continue;
        const next = at + (1 << (weight - 1));
        entries.fill((symbol << 8) | (codeBits + 1 - weight), at, next);
        at = next;
      }
    }
  }
}
