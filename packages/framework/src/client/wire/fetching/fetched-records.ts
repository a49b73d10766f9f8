import type { IsolationLevel } from '../../port.js';
import type { FetchedPartition } from '../protocol/fetch-response.js';
import { corruptRecord } from '../protocol/protocol-errors.js';
import { RecordReader } from '../protocol/record-reader.js';
import type { AssignedPartition } from './assigned-partition.js';
import { completeBatches } from './complete-batches.js';

/** Record sets up to this size are copied into a shared slab of 8 KiB. */
const MAX_POOLED_BYTES = 4096;
const MAX_INT32 = 0x7fff_ffff;

/**
 * Puts the records of an answer into the partition's buffer, undecoded, and moves its position behind them.
 *
 * @returns how many bytes of memory they keep; 0 if the answer brought nothing
 * @throws KafkaError `CORRUPT_RECORD` if the first batch is not complete although its size was asked for
 */
export function bufferRecords(
  partition: AssignedPartition,
  { records, abortedTransactions }: FetchedPartition,
  isolation: IsolationLevel,
): number {
  if (records === null || records.length === 0) return 0;
  const complete = completeBatches(records);
  const isSound = complete !== undefined && complete.endOffset > partition.fetchOffset;
  const bytes = ownBytes(isSound ? records.subarray(0, complete.bytes) : records);
  const { topic, partition: number, fetchOffset: position } = partition;
  const options = { topic, partition: number, position, isolation, abortedTransactions, checkCrc: true };
  const reader = new RecordReader(bytes, options);
  if (reader.bytesNeeded > 0) {
    if (partition.bytesNeeded > 0)
      throw corruptRecord('a batch never comes whole', { topic, partition: number, offset: position });
    // Brokers before KIP-74 cut it off.
    partition.bytesNeeded = Math.min(reader.bytesNeeded, MAX_INT32);
    return 0;
  }
  partition.bytesNeeded = 0;
  if (complete !== undefined && !isSound) {
    const what = `asked for from offset ${position}, the broker sends only what is before it`;
    throw corruptRecord(what, { topic, partition: number, offset: position });
  }
  if (isSound) {
    partition.fetchOffset = complete.endOffset;
    partition.fetchedEpoch = complete.leaderEpoch;
  } else {
    // Damaged: the reader will say so, once everything before it was taken. Until then there is nothing to ask for.
    partition.retryAtMs = Infinity;
  }
  partition.buffer.add(reader, bytes.length, partition.fetchOffset);
  return bytes.length;
}

/**
 * The records in memory of their own, unless they are most of the response: so a paused or slow partition keeps its own
 * part alive, and not the response with everybody else's.
 */
function ownBytes(records: Buffer): Buffer {
  if (records.length * 2 >= records.buffer.byteLength) return records;
  if (records.length <= MAX_POOLED_BYTES) return Buffer.from(records);
  const copy = Buffer.allocUnsafeSlow(records.length);
  records.copy(copy);
  return copy;
}
