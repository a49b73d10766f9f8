import { NO_HEADERS, type ConsumedRecord, type RecordHeader, type RecordHeaders } from '../../records.js';

/** A record that was read from a batch. Key and value are views of the response, or of the unpacked batch. */
export class WireRecord implements ConsumedRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** The headers, or the bytes that hold them until somebody looks. */
  private lazyHeaders: RecordHeaders | Buffer;

  constructor(
    offset: number,
    timestamp: number,
    key: Buffer | null,
    value: Buffer | null,
    headers: RecordHeaders | Buffer,
  ) {
    this.offset = offset;
    this.timestamp = timestamp;
    this.key = key;
    this.value = value;
    this.lazyHeaders = headers;
  }

  get headers(): RecordHeaders {
    const lazy = this.lazyHeaders;
    if (!Buffer.isBuffer(lazy)) return lazy;
    return (this.lazyHeaders = decodeHeaders(lazy));
  }
}

/** @param bytes count and headers, whose lengths are known to be sound */
function decodeHeaders(bytes: Buffer): RecordHeaders {
  let at = 0;
  const varint = (): number => {
    let raw = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes.readUInt8(at++);
      raw |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (raw >>> 1) ^ -(raw & 1);
    }
  };
  const headers: RecordHeader[] = [];
  for (let left = varint(); left > 0; left--) {
    const keyLength = varint();
    const key = bytes.toString('utf8', at, (at += keyLength));
    const valueLength = varint();
    const value = valueLength < 0 ? null : bytes.subarray(at, (at += valueLength));
    headers.push({ key, value });
  }
  return headers.length === 0 ? NO_HEADERS : headers;
}
