import type { NewRecord, PartitionLog } from './partition-log.js';

/** Records of one partition on their way to the broker. */
export interface ProducerBatch {
  readonly log: PartitionLog;
  readonly records: NewRecord[];
  bytes: number;
  /** When its first record was produced, ms of the monotonic clock. */
  readonly queuedMs: number;
}

/** What a record costs in the queue beside its key, value and headers, bytes. */
const RECORD_OVERHEAD_BYTES = 64;

/** Bytes that a record takes in the queue and on the wire. */
export function recordBytes({ key, value, headers }: NewRecord): number {
  let bytes = RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
  for (const header of headers) bytes += Buffer.byteLength(header.key) + (header.value?.length ?? 0);
  return bytes;
}

/** Records that wait to be sent, by partition, bounded in bytes; those in flight count until they are answered. */
export class ProducerQueue {
  readonly #maxBytes: number;
  #waiting = new Map<PartitionLog, ProducerBatch>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** An empty queue takes any record, else one larger than the queue could never be sent. */
  hasRoom(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= this.#maxBytes;
  }

  add(log: PartitionLog, record: NewRecord, bytes: number, nowMs: number): void {
    let batch = this.#waiting.get(log);
    if (batch === undefined) {
      batch = { log, records: [], bytes: 0, queuedMs: nowMs };
      this.#waiting.set(log, batch);
    }
    batch.records.push(record);
    batch.bytes += bytes;
    this.#bytes += bytes;
  }

  /** Takes all waiting batches, in the order of their first records; their bytes stay taken until {@link release}. */
  take(): ProducerBatch[] {
    const batches = [...this.#waiting.values()];
    this.#waiting = new Map();
    return batches;
  }

  release(batch: ProducerBatch): void {
    this.#bytes -= batch.bytes;
  }

  /** Drops what waits. */
  purge(): void {
    for (const batch of this.take()) this.release(batch);
  }
}
