import { crc32c } from '../../../../dist/client/wire/protocol/crc32c.js';
import { BatchField } from '../../../../dist/client/wire/protocol/record-batch.js';

/** One batch of a partition's log in the tests. */
export interface TestBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly bytes: Buffer;
  /** Offsets of the records that it still has; none for a control batch. */
  readonly offsets: readonly number[];
}

function varint(value: number): number[] {
  let raw = value >= 0 ? value * 2 : -value * 2 - 1;
  const bytes = [];
  for (; raw > 0x7f; raw = Math.floor(raw / 128)) bytes.push((raw % 128) | 0x80);
  bytes.push(raw);
  return bytes;
}

function record(offsetDelta: number, value: Buffer): Buffer {
  const head = [0, ...varint(0), ...varint(offsetDelta), ...varint(-1), ...varint(value.length)];
  const body = Buffer.concat([Buffer.from(head), value, Buffer.from(varint(0))]);
  return Buffer.concat([Buffer.from(varint(body.length)), body]);
}

/**
 * A record batch, format 2, not compressed.
 *
 * @param offsets of its records, rising; may leave holes, as compaction does
 * @param lastOffset of the batch, at least that of the last record
 */
export function batchOf(
  baseOffset: number,
  lastOffset: number,
  offsets: readonly number[],
  valueOf: (offset: number) => Buffer,
  attributes = 0,
  leaderEpoch = 0,
): TestBatch {
  const records = Buffer.concat(offsets.map((offset) => record(offset - baseOffset, valueOf(offset))));
  const bytes = Buffer.alloc(BatchField.records + records.length);
  bytes.writeBigInt64BE(BigInt(baseOffset), BatchField.baseOffset);
  bytes.writeInt32BE(bytes.length - BatchField.leaderEpoch, BatchField.length);
  bytes.writeInt32BE(leaderEpoch, BatchField.leaderEpoch);
  bytes.writeInt8(2, BatchField.magic);
  bytes.writeInt16BE(attributes, BatchField.attributes);
  bytes.writeInt32BE(lastOffset - baseOffset, BatchField.lastOffsetDelta);
  bytes.writeInt32BE(offsets.length, BatchField.recordCount);
  records.copy(bytes, BatchField.records);
  bytes.writeUInt32BE(crc32c(bytes.subarray(BatchField.attributes)), BatchField.crc);
  return { baseOffset, lastOffset, bytes, offsets };
}
