import { BatchField, int64At } from '../protocol/record-batch.js';

/** Bytes before a batch's length is known, and what that length does not count. */
const PREFIX_BYTES = BatchField.leaderEpoch;
/** Formats before this one hold single messages (or a wrapper), whose offset is their own. */
const BATCH_MAGIC = 2;

/** The complete batches at the beginning of a record set. */
export interface CompleteBatches {
  /** How many bytes they are. */
  readonly bytes: number;
  /** Offset after them: where to fetch next. */
  readonly endOffset: number;
  /** Of the leader that appended the last of them; -1 if unknown. */
  readonly leaderEpoch: number;
}

/**
 * Measures the complete batches of a record set, from their heads only, long before anybody decodes the records. What
 * follows them is a batch that the broker has cut off.
 *
 * @returns undefined if not even one batch is complete, or the first one is damaged
 */
export function completeBatches(records: Buffer): CompleteBatches | undefined {
  let endOffset: number | undefined;
  let leaderEpoch = -1;
  let at = 0;
  while (at + BatchField.baseTimestamp <= records.length) {
    const next = at + PREFIX_BYTES + records.readInt32BE(at + BatchField.length);
    if (next > records.length || next < at + BatchField.baseTimestamp) break;
    const baseOffset = int64At(records, at + BatchField.baseOffset);
    const isBatch = records.readInt8(at + BatchField.magic) >= BATCH_MAGIC;
    endOffset = baseOffset + (isBatch ? records.readInt32BE(at + BatchField.lastOffsetDelta) : 0) + 1;
    leaderEpoch = isBatch ? records.readInt32BE(at + BatchField.leaderEpoch) : -1;
    at = next;
  }
  return endOffset === undefined ? undefined : { bytes: at, endOffset, leaderEpoch };
}
