import { malformedResponse } from './malformed-response.js';

/**
 * Reads the fields of a response (https://kafka.apache.org/protocol#protocol_types) one after the other. Every read is
 * checked against the end of the bytes: a `KafkaError` (`MALFORMED_RESPONSE`) is thrown instead of reading beyond.
 */
export class ByteReader {
  position = 0;

  constructor(readonly bytes: Buffer) {}

  get remaining(): number {
    return this.bytes.length - this.position;
  }

  int8(): number {
    return this.bytes.readInt8(this.advance(1));
  }

  int16(): number {
    return this.bytes.readInt16BE(this.advance(2));
  }

  int32(): number {
    return this.bytes.readInt32BE(this.advance(4));
  }

  /** Beyond the safe integers the nearest number. */
  int64(): number {
    const at = this.advance(8);
    return this.bytes.readInt32BE(at) * 0x1_0000_0000 + this.bytes.readUInt32BE(at + 4);
  }

  /** Unsigned varint of at most 32 bits. */
  uvarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes.readUInt8(this.advance(1));
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw malformedResponse(`a variable-length number at byte ${this.position} has no end`);
  }

  /** Lower case with hyphens, e.g. `0a1b2c3d-...`. */
  uuid(): string {
    const at = this.advance(16);
    const hex = this.bytes.toString('hex', at, at + 16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  /** Compact if `isFlexible`. Null is read as the empty string. */
  string(isFlexible: boolean): string {
    const length = isFlexible ? this.uvarint() - 1 : this.int16();
    if (length <= 0) return '';
    const at = this.advance(length);
    return this.bytes.toString('utf8', at, at + length);
  }

  /** A view, or null. */
  nullableBytes(isFlexible: boolean): Buffer | null {
    const length = isFlexible ? this.uvarint() - 1 : this.int32();
    if (length < 0) return null;
    const at = this.advance(length);
    return this.bytes.subarray(at, at + length);
  }

  /**
   * Length of an array, 0 for null. A claim that cannot be true is refused before anybody allocates by it.
   *
   * @param minElementBytes least bytes that an element takes
   */
  arrayLength(isFlexible: boolean, minElementBytes: number): number {
    const length = isFlexible ? this.uvarint() - 1 : this.int32();
    if (length * minElementBytes > this.remaining) {
      throw malformedResponse(`an array claims ${length} elements, but only ${this.remaining} bytes follow`);
    }
    return Math.max(0, length);
  }

  /** Visits the tagged fields (KIP-482); `visit` gets a reader over the field alone. Unknown tags are for it to ignore. */
  taggedFields(visit?: (tag: number, field: ByteReader) => void): void {
    for (let left = this.uvarint(); left > 0; left--) {
      const tag = this.uvarint();
      const length = this.uvarint();
      const at = this.advance(length);
      visit?.(tag, new ByteReader(this.bytes.subarray(at, at + length)));
    }
  }

  private advance(count: number): number {
    const at = this.position;
    if (count > this.bytes.length - at) {
      throw malformedResponse(`${count} bytes are expected at byte ${at}, but it ends after ${this.bytes.length}`);
    }
    this.position = at + count;
    return at;
  }
}
