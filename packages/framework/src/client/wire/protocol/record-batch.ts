/*
 * Record batch, format 2 (`DefaultRecordBatch.java` of Apache Kafka). Offsets of the fixed part:
 *
 *    0 base offset int64       21 attributes int16          43 producer id int64
 *    8 batch length int32      23 last offset delta int32   51 producer epoch int16
 *   12 leader epoch int32      27 base timestamp int64      53 base sequence int32
 *   16 magic int8              35 max timestamp int64       57 record count int32
 *   17 CRC-32C uint32, of everything from 21 on             61 records
 *
 * The batch length counts from 12 on.
 */

/** Positions within a batch. */
export const BatchField = Object.freeze({
  baseOffset: 0,
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  recordCount: 57,
  records: 61,
});

/** Bits of a batch's attributes. */
export const BatchAttribute = Object.freeze({
  codec: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
});

/** A record takes at least its length, attributes, two deltas, two lengths and the header count: a byte each. */
export const MIN_RECORD_BYTES = 7;

/** Type of the control record that ends an aborted transaction. */
export const ABORT_MARKER = 0;

/** A signed 64-bit field; beyond the safe integers the nearest number. */
export function int64At(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
}
