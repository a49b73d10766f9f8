/** Writes the fields of a request (https://kafka.apache.org/protocol#protocol_types) into one buffer that grows. */
export class ByteWriter {
  private bytes: Buffer;
  private length = 0;

  constructor(initialBytes = 512) {
    this.bytes = Buffer.allocUnsafe(initialBytes);
  }

  int8(value: number): this {
    const at = this.reserve(1);
    this.bytes.writeInt8(value, at);
    return this;
  }

  int16(value: number): this {
    const at = this.reserve(2);
    this.bytes.writeInt16BE(value, at);
    return this;
  }

  int32(value: number): this {
    const at = this.reserve(4);
    this.bytes.writeInt32BE(value, at);
    return this;
  }

  /** @param value a safe integer */
  int64(value: number): this {
    const at = this.reserve(8);
    this.bytes.writeInt32BE(Math.floor(value / 0x1_0000_0000), at);
    this.bytes.writeUInt32BE(value >>> 0, at + 4);
    return this;
  }

  uvarint(value: number): this {
    let rest = value >>> 0;
    while (rest > 0x7f) {
      const at = this.reserve(1);
      this.bytes[at] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    const at = this.reserve(1);
    this.bytes[at] = rest;
    return this;
  }

  /** @param text 32 hexadecimal digits, with or without hyphens */
  uuid(text: string): this {
    const at = this.reserve(16);
    const written = this.bytes.write(text.replaceAll('-', ''), at, 16, 'hex');
    if (written !== 16) throw new TypeError(`not a UUID: ${text}`);
    return this;
  }

  /** Compact if `isFlexible`. */
  string(text: string, isFlexible: boolean): this {
    const length = Buffer.byteLength(text);
    if (isFlexible) this.uvarint(length + 1);
    else this.int16(length);
    const at = this.reserve(length);
    this.bytes.write(text, at, 'utf8');
    return this;
  }

  arrayLength(length: number, isFlexible: boolean): this {
    return isFlexible ? this.uvarint(length + 1) : this.int32(length);
  }

  noTaggedFields(): this {
    return this.uvarint(0);
  }

  /** What was written; a view that later writes may change. */
  finish(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  private reserve(count: number): number {
    const at = this.length;
    if (at + count > this.bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, at + count));
      this.bytes.copy(grown, 0, 0, at);
      this.bytes = grown;
    }
    this.length = at + count;
    return at;
  }
}
