/*
 * As much of the Kafka protocol (https://kafka.apache.org/protocol) as the broker probe needs: three requests, read and
 * written field by field.
 */

const correlationId = 1;

/** A request under construction: header v1, or v2 after `flexible()`. */
export class ProbeRequest {
  private readonly parts: Buffer[] = [];

  constructor(apiKey: number, version: number) {
    const header = Buffer.alloc(8);
    header.writeInt16BE(apiKey, 0);
    header.writeInt16BE(version, 2);
    header.writeInt32BE(correlationId, 4);
    this.parts.push(header);
    this.string('millrace-probe');
  }

  /** Ends a flexible header (KIP-482). */
  flexible(): this {
    return this.tags();
  }

  string(text: string): this {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(2);
    length.writeInt16BE(bytes.length);
    this.parts.push(length, bytes);
    return this;
  }

  int32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    this.parts.push(bytes);
    return this;
  }

  /** Shorter than 127 bytes: its length is one byte. */
  compactString(text: string): this {
    const bytes = Buffer.from(text);
    this.parts.push(Buffer.from([bytes.length + 1]), bytes);
    return this;
  }

  /** No tagged fields. */
  tags(): this {
    this.parts.push(Buffer.from([0]));
    return this;
  }

  finish(): Buffer {
    const body = Buffer.concat(this.parts);
    const length = Buffer.alloc(4);
    length.writeInt32BE(body.length);
    return Buffer.concat([length, body]);
  }
}

/** Reads a response after its header v0 (the correlation id). */
export class ProbeReader {
  constructor(
    private readonly bytes: Buffer,
    private position = 4,
  ) {}

  skip(count: number): void {
    this.position += count;
  }

  int16(): number {
    this.position += 2;
    return this.bytes.readInt16BE(this.position - 2);
  }

  int32(): number {
    this.position += 4;
    return this.bytes.readInt32BE(this.position - 4);
  }

  string(): string {
    return this.text(this.int16());
  }

  /** Length of a compact array; 0 for null. */
  compactLength(): number {
    return Math.max(0, this.varint() - 1);
  }

  compactString(): string {
    return this.text(this.compactLength());
  }

  /** Tagged fields by tag. */
  tags(): Map<number, Buffer> {
    const fields = new Map<number, Buffer>();
    for (let left = this.varint(); left > 0; left--) {
      const tag = this.varint();
      const length = this.varint();
      fields.set(tag, this.bytes.subarray(this.position, this.position + length));
      this.position += length;
    }
    return fields;
  }

  private text(length: number): string {
    this.position += length;
    return this.bytes.toString('utf8', this.position - length, this.position);
  }

  private varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes.readUInt8(this.position++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value >>> 0;
  }
}
