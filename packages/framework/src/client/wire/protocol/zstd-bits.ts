import { DamagedPacking } from './unpack-buffer.js';

/** Bits are fetched four bytes at a time: so many bytes must be readable behind the last one. */
export const BIT_SLACK_BYTES = 4;

/** Stands where there is no input: a decoder that waits for its next use must not keep the last one's memory. */
export const NO_VIEW = new DataView(new ArrayBuffer(0));

/** A stream of bits that is read from its end to its beginning (RFC 8878, 4.1). The highest bit of the last byte ends it. */
export class BackwardBits {
  /** Bits that are not read; below 0 after reading beyond the beginning, where all bits are 0. */
  left = 0;
  private view: DataView = NO_VIEW;
  private start = 0;

  /** Begins at the stream from `start` to before `end`. */
  open(view: DataView, start: number, end: number): void {
    const last = end > start ? view.getUint8(end - 1) : 0;
    if (last === 0) throw new DamagedPacking('a Zstandard stream of bits without end');
    this.view = view;
    this.start = start;
    this.left = (end - start - 1) * 8 + 31 - Math.clz32(last);
  }

  close(): void {
    this.view = NO_VIEW;
  }

  /** @param count at most 24 */
  read(count: number): number {
    const left = (this.left -= count);
    if (left < 0) return this.readBeyond(count);
    return (this.view.getUint32(this.start + (left >>> 3), true) >>> (left & 7)) & ((1 << count) - 1);
  }

  private readBeyond(count: number): number {
    const available = count + this.left;
    if (available <= 0) return 0;
    return (this.view.getUint32(this.start, true) & ((1 << available) - 1)) << -this.left;
  }
}
