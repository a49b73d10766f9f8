/*
 * A second opinion on the record batch format: written from the protocol guide, with big integers and without speed in
 * mind, so that it shares neither code nor habits with the reader under test.
 */

export interface PlainHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

export interface PlainRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly PlainHeader[];
}

export interface PlainBatch {
  readonly baseOffset: number;
  /** With compaction beyond the last record that is left. */
  readonly lastOffset: number;
  readonly records: readonly PlainRecord[];
  readonly codec?: number;
  /** Packs the records of a batch whose codec is not 0. */
  readonly pack?: (bytes: Buffer) => Buffer;
  readonly producerId?: number;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
  /** Log-append time, which is that of all records. */
  readonly appendTime?: number | undefined;
  readonly leaderEpoch?: number;
}

/** CRC-32C bit by bit, by a table of a byte: the definition. */
const crcTable = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc >>> 0;
});

export function plainCrc32c(bytes: Buffer): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (crcTable[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}

/** Zigzag varint of any length. */
export function varint(value: number | bigint): Buffer {
  const number = BigInt(value);
  let rest = number >= 0n ? number * 2n : -number * 2n - 1n;
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

function sized(bytes: Buffer | null): Buffer {
  return bytes === null ? varint(-1) : Buffer.concat([varint(bytes.length), bytes]);
}

function encodeRecord(record: PlainRecord, baseOffset: number, baseTimestamp: number): Buffer {
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(BigInt(record.timestamp) - BigInt(baseTimestamp)),
    varint(record.offset - baseOffset),
    sized(record.key),
    sized(record.value),
    varint(record.headers.length),
    ...record.headers.flatMap(({ key, value }) => [sized(Buffer.from(key)), sized(value)]),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

/** Sets the checksum of the batch that `bytes` begins with and ends with. */
export function sealBatch(bytes: Buffer): Buffer {
  bytes.writeUInt32BE(plainCrc32c(bytes.subarray(21)), 17);
  return bytes;
}

/** A record batch of format 2. */
export function encodeBatch(batch: PlainBatch): Buffer {
  const { baseOffset, lastOffset, records, codec = 0, producerId = -1, appendTime } = batch;
  const timestamps = records.map(({ timestamp }) => timestamp);
  const baseTimestamp = timestamps[0] ?? -1;
  const plain = Buffer.concat(records.map((record) => encodeRecord(record, baseOffset, baseTimestamp)));
  const content = codec === 0 || batch.pack === undefined ? plain : batch.pack(plain);
  const header = Buffer.alloc(61);
  header.writeBigInt64BE(BigInt(baseOffset), 0);
  header.writeInt32BE(header.length - 12 + content.length, 8);
  header.writeInt32BE(batch.leaderEpoch ?? 0, 12);
  header.writeInt8(2, 16);
  const isAppendTime = appendTime !== undefined;
  header.writeInt16BE(
    codec | (isAppendTime ? 8 : 0) | (batch.isTransactional === true ? 16 : 0) | (batch.isControl === true ? 32 : 0),
    21,
  );
  header.writeInt32BE(lastOffset - baseOffset, 23);
  header.writeBigInt64BE(BigInt(baseTimestamp), 27);
  header.writeBigInt64BE(BigInt(appendTime ?? Math.max(-1, ...timestamps)), 35);
  header.writeBigInt64BE(BigInt(producerId), 43);
  header.writeInt16BE(producerId < 0 ? -1 : 0, 51);
  header.writeInt32BE(producerId < 0 ? -1 : 0, 53);
  header.writeInt32BE(records.length, 57);
  return sealBatch(Buffer.concat([header, content]));
}

/** The marker that ends a transaction. */
export function encodeMarker(offset: number, producerId: number, type: 'abort' | 'commit'): Buffer {
  const key = Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1]);
  const records = [{ offset, timestamp: 1_700_000_000_000, key, value: Buffer.alloc(6), headers: [] }];
  return encodeBatch({
    baseOffset: offset,
    lastOffset: offset,
    records,
    producerId,
    isTransactional: true,
    isControl: true,
  });
}
