import { NO_HEADERS, type ConsumedRecord } from '../../records.js';
import { ByteView } from './byte-view.js';
import { MIN_RECORD_BYTES } from './record-batch.js';
import { WireRecord } from './wire-record.js';

/** The bytes of a batch are not what its header promises. */
export class DamagedBatch extends Error {}

/** What the header of a batch says about its records. */
export interface BatchContent {
  readonly baseOffset: number;
  readonly lastOffsetDelta: number;
  readonly baseTimestamp: number;
  /** Timestamp of all records (log-append time), or undefined: each has its own. */
  readonly commonTimestamp: number | undefined;
  readonly recordCount: number;
}

const NOTHING = Buffer.alloc(0);

/**
 * Decodes the records of one unpacked batch, some at a time. Format: `DefaultRecord.java` of Apache Kafka. One decoder
 * serves batch after batch.
 */
export class RecordDecoder {
  /** Records of the batch that are not yet decoded. */
  recordsLeft = 0;
  private data: Buffer = NOTHING;
  /** Memory of `data`, and where it begins there. */
  private memory: ArrayBufferLike = NOTHING.buffer;
  private memoryOffset = 0;
  private at = 0;
  private end = 0;
  private baseOffset = 0;
  private lastOffsetDelta = 0;
  private baseTimestamp = 0;
  private hasOwnTimestamps = true;

  /** Begins a batch that has records: they are `data` from `start` to before `end`. */
  begin(data: Buffer, start: number, end: number, content: BatchContent): void {
    const { recordCount } = content;
    if (recordCount < 1 || recordCount * MIN_RECORD_BYTES > end - start) {
      throw new DamagedBatch(`a batch claims ${recordCount} records in ${end - start} bytes`);
    }
    this.setData(data);
    this.at = start;
    this.end = end;
    this.baseOffset = content.baseOffset;
    this.lastOffsetDelta = content.lastOffsetDelta;
    this.hasOwnTimestamps = content.commonTimestamp === undefined;
    this.baseTimestamp = content.commonTimestamp ?? content.baseTimestamp;
    this.recordsLeft = recordCount;
  }

  /**
   * Decodes until `maxRecords` are appended to `into`, or the batch is at its end. Records below `position`, and those
   * that do not rise, are left out, as Java's consumer does it.
   *
   * @throws DamagedBatch; the records before the damage have been appended
   */
  decode(maxRecords: number, position: number, into: ConsumedRecord[]): void {
    let room = maxRecords;
    let lowest = position;
    while (room > 0 && this.recordsLeft > 0) {
      const recordEnd = this.beginRecord();
      const timestampDelta = this.varint();
      const offset = this.baseOffset + this.offsetDelta();
      const key = this.bytes(recordEnd);
      const value = this.bytes(recordEnd);
      const headersAt = this.at;
      const headerCount = this.varint();
      if (headerCount !== 0) this.skipHeaders(headerCount, recordEnd);
      if (this.at !== recordEnd) throw new DamagedBatch(`the record at offset ${offset} has not the length it claims`);
      this.recordsLeft--;
      if (offset < lowest) continue;
      const timestamp = this.hasOwnTimestamps ? this.baseTimestamp + timestampDelta : this.baseTimestamp;
      const headers = headerCount === 0 ? NO_HEADERS : this.view(headersAt, recordEnd);
      into.push(new WireRecord(offset, timestamp, key, value, headers));
      lowest = offset + 1;
      room--;
    }
    if (this.recordsLeft === 0) this.finish();
  }

  /** Passes over what is left of the batch. */
  skipRest(): void {
    this.recordsLeft = 0;
    this.setData(NOTHING);
  }

  private finish(): void {
    if (this.at !== this.end) throw new DamagedBatch(`${this.end - this.at} bytes are left over at the end of a batch`);
    // An unpacked batch must not be kept alive by the reader.
    this.setData(NOTHING);
  }

  private setData(data: Buffer): void {
    this.data = data;
    this.memory = data.buffer;
    this.memoryOffset = data.byteOffset;
  }

  private view(start: number, end: number): Buffer {
    return new ByteView(this.memory, this.memoryOffset + start, end - start);
  }

  private beginRecord(): number {
    const length = this.varint();
    const recordEnd = this.at + length;
    if (length < MIN_RECORD_BYTES - 1 || recordEnd > this.end) {
      throw new DamagedBatch(`a record claims ${length} bytes where ${this.end - this.at} are left`);
    }
    this.at++; // attributes: none are defined
    return recordEnd;
  }

  private offsetDelta(): number {
    const delta = this.varint();
    if (delta < 0 || delta > this.lastOffsetDelta) {
      throw new DamagedBatch(
        `a record claims offset delta ${delta} in a batch whose last one is ${this.lastOffsetDelta}`,
      );
    }
    return delta;
  }

  private bytes(recordEnd: number): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const start = this.at;
    const end = start + length;
    if (end > recordEnd)
      throw new DamagedBatch(`a key or value claims ${length} bytes where ${recordEnd - start} are left`);
    this.at = end;
    return this.view(start, end);
  }

  /** Checks the headers' lengths, so that decoding them later cannot fail. */
  private skipHeaders(count: number, recordEnd: number): void {
    if (count < 0 || count * 2 > recordEnd - this.at) throw new DamagedBatch(`a record claims ${count} headers`);
    for (let left = count; left > 0; left--) {
      const keyLength = this.varint();
      if (keyLength < 0 || keyLength > recordEnd - this.at) {
        throw new DamagedBatch(`a header's key claims ${keyLength} bytes`);
      }
      this.at += keyLength;
      const valueLength = this.varint();
      if (valueLength > recordEnd - this.at) throw new DamagedBatch(`a header's value claims ${valueLength} bytes`);
      if (valueLength > 0) this.at += valueLength;
    }
  }

  /** Zigzag varint of up to 64 bits; beyond the safe integers the nearest number. */
  private varint(): number {
    const { data } = this;
    const first = data[this.at++]!;
    if (first < 0x80) return (first >>> 1) ^ -(first & 1);
    const second = data[this.at++]!;
    let raw = (first & 0x7f) | ((second & 0x7f) << 7);
    if (second < 0x80) return (raw >>> 1) ^ -(raw & 1);
    const third = data[this.at++]!;
    raw |= (third & 0x7f) << 14;
    if (third < 0x80) return (raw >>> 1) ^ -(raw & 1);
    const fourth = data[this.at++]!;
    raw |= (fourth & 0x7f) << 21;
    if (fourth < 0x80) return (raw >>> 1) ^ -(raw & 1);
    return this.longVarint(raw);
  }

  /** @param low the first 28 bits */
  private longVarint(low: number): number {
    let high = 0;
    for (let bits = 0; bits < 42; bits += 7) {
      const byte = this.at < this.end ? this.data[this.at++]! : 0x80;
      high += (byte & 0x7f) * 2 ** bits;
      if (byte >= 0x80) continue;
      // Halved before they are added, so that a safe integer never needs 54 bits.
      const half = (low >>> 1) + high * 0x800_0000;
      return (low & 1) === 0 ? half : -half - 1;
    }
    throw new DamagedBatch('a variable-length number has no end');
  }
}
