import { NO_HEADERS, type ConsumedRecord, type RecordBatch, type TopicPartition } from '../records.js';

/** One assignment of one partition to a fetcher. An object of its own per assignment: late records find it dropped. */
export class FetchPartition implements TopicPartition {
  /** Fetched and not yet returned. */
  records: ConsumedRecord[] = [];
  isPaused = false;
  isPausedNatively = false;
  /** Unassigned, or assigned anew: nothing of it may be returned. */
  isDropped = false;
  /** The native consumer has it. */
  isNative = false;
  /** Reported as failed; not fetched any more. */
  hasFailed = false;
  /** Where the partition ended when it was last read to its end. */
  eofOffset: number | undefined;
  /** When something last came of it, or it was last looked at. */
  progressAtMs = 0;
  private hasMoved = false;
  private hasBegun = false;
  private bytes = 0;

  constructor(
    readonly topic: string,
    readonly partition: number,
    /** Offset after everything fetched so far. */
    public nextOffset: number,
  ) {}

  get isReady(): boolean {
    return this.hasMoved;
  }

  get isAtEnd(): boolean {
    return this.eofOffset === this.nextOffset;
  }

  /** Stands still although it is not known to be at its end. */
  isStalled(now: number, stallMs: number): boolean {
    // Nothing ever came: probably the topic does not exist. At the end: somebody may have deleted it.
    const hasBegun = this.hasBegun || this.eofOffset !== undefined;
    const patienceMs = this.isAtEnd ? stallMs * 10 : hasBegun ? stallMs : stallMs / 3;
    return this.isNative && !this.isPaused && !this.hasFailed && now - this.progressAtMs > patienceMs;
  }

  /**
   * Takes note of appended records, the end of the partition and the position of the native consumer, which is behind
   * transaction markers that follow the last record.
   */
  advance(position: number, now: number): void {
    const last = this.records.at(-1);
    let next = Math.max(this.nextOffset, position, this.eofOffset ?? 0);
    if (last !== undefined) next = Math.max(next, last.offset + 1);
    if (next === this.nextOffset) return;
    this.nextOffset = next;
    this.hasBegun = true;
    this.hasMoved = true;
    this.progressAtMs = now;
    this.bytes = -1;
  }

  /** At most `maxRecords` of what is buffered, oldest first. */
  take(maxRecords: number): RecordBatch {
    const { topic, partition } = this;
    this.bytes = -1;
    if (this.records.length <= maxRecords) {
      const batch = { topic, partition, records: this.records, nextOffset: this.nextOffset };
      this.records = [];
      this.hasMoved = false;
      return batch;
    }
    const records = this.records.splice(0, maxRecords);
    return { topic, partition, records, nextOffset: this.records[0]?.offset ?? this.nextOffset };
  }

  clear(): void {
    this.records = [];
    this.hasMoved = false;
    this.bytes = -1;
  }

  /** About what the buffered records take; counted only for paused partitions. */
  bufferedBytes(): number {
    if (this.bytes < 0) this.bytes = countBytes(this.records);
    return this.bytes;
  }
}

/** What an object, its offset and timestamp take beside key and value. */
const recordOverheadBytes = 200;

function countBytes(records: readonly ConsumedRecord[]): number {
  let bytes = 0;
  for (const { key, value, headers } of records) {
    bytes += recordOverheadBytes + (key?.length ?? 0) + (value?.length ?? 0);
    if (headers !== NO_HEADERS) for (const header of headers) bytes += header.key.length + (header.value?.length ?? 0);
  }
  return bytes;
}
