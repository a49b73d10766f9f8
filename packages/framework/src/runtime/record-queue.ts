import {
  NO_HEADERS,
  type ConsumedRecord,
  type RecordBatch,
  type TopicPartition,
  type TopicPartitionOffset,
} from '../client/records.js';
import { StreamRecord } from '../processor/record.js';
import type { SourceNode } from '../topology/topology-nodes.js';

/** Called when the record at the head cannot be deserialised. Throws, or returns to drop the record. */
export type HeadFailureListener = (error: unknown, raw: ConsumedRecord, part: 'key' | 'value' | 'timestamp') => void;

export interface RecordQueueDeps {
  /** Where reading starts. */
  readonly start: TopicPartitionOffset;
  readonly source: SourceNode;
  readonly enter: (record: StreamRecord<unknown, unknown>) => void | Promise<void>;
  /** Largest timestamp seen in the partition before, or -1. */
  readonly partitionTimeMs: number;
  readonly onHeadFailure: HeadFailureListener;
  /** A record was dropped because its timestamp is negative. */
  readonly onSkipped: () => void;
}

/**
 * Records of one partition that were fetched and not yet processed. Only the head is deserialised: its timestamp
 * decides which partition of the task goes first.
 */
export class RecordQueue implements TopicPartition {
  /** The next record to process, or undefined if the queue is empty. */
  head: StreamRecord<unknown, unknown> | undefined;
  headRaw: ConsumedRecord | undefined;
  /** Largest timestamp among the records that were taken, or -1. */
  partitionTimeMs: number;
  /** Position after all that was fetched. */
  fetchedOffset: number;
  /** Records waiting, the head included. */
  size = 0;
  isPaused = false;
  #batches: RecordBatch[] = [];
  #index = 0;

  readonly topic: string;
  readonly partition: number;
  readonly source: SourceNode;
  /** Hands a record to the children of the source node. */
  readonly enter: (record: StreamRecord<unknown, unknown>) => void | Promise<void>;

  constructor(private readonly deps: RecordQueueDeps) {
    this.topic = deps.start.topic;
    this.partition = deps.start.partition;
    this.source = deps.source;
    this.enter = deps.enter;
    this.fetchedOffset = deps.start.offset;
    this.partitionTimeMs = deps.partitionTimeMs;
  }

  /** Appends what was fetched. */
  add(batch: RecordBatch): void {
    this.fetchedOffset = batch.nextOffset;
    if (batch.records.length === 0) return;
    this.#batches.push(batch);
    this.size += batch.records.length;
    if (this.head === undefined) this.#updateHead();
  }

  /** Takes the head away and makes the next record the head. Call only when there is a head. */
  advance(): void {
    const head = this.head;
    if (head !== undefined && head.timestamp > this.partitionTimeMs) this.partitionTimeMs = head.timestamp;
    this.size--;
    this.#index++;
    this.#updateHead();
  }

  /** Offset to commit: everything below it was processed or dropped. */
  get committableOffset(): number {
    return this.headRaw === undefined ? this.fetchedOffset : this.headRaw.offset;
  }

  #updateHead(): void {
    let batch = this.#batches[0];
    while (batch !== undefined) {
      const raw = batch.records[this.#index];
      if (raw === undefined) {
        this.#batches.shift();
        this.#index = 0;
        batch = this.#batches[0];
        continue;
      }
      const record = this.#deserialize(raw);
      if (record !== undefined) {
        this.head = record;
        this.headRaw = raw;
        return;
      }
      this.size--;
      this.#index++;
    }
    this.head = undefined;
    this.headRaw = undefined;
  }

  #deserialize(raw: ConsumedRecord): StreamRecord<unknown, unknown> | undefined {
    const { source, topic } = this;
    const headers = raw.headers.length === 0 ? NO_HEADERS : raw.headers;
    let part: 'key' | 'value' | 'timestamp' = 'key';
    try {
      const key = raw.key === null ? null : source.keyDeserializer.deserialize(topic, raw.key, headers);
      part = 'value';
      const value = raw.value === null ? null : source.valueDeserializer.deserialize(topic, raw.value, headers);
      if (source.timestampExtractor === undefined) return new StreamRecord(key, value, raw.timestamp, headers);
      part = 'timestamp';
      const { partition } = this;
      const timestamp = source.timestampExtractor(
        { key, value, timestamp: raw.timestamp, headers, topic, partition, offset: raw.offset },
        this.partitionTimeMs,
      );
      // A negative time drops the record, as in Kafka Streams; anything but a whole number is the extractor's fault.
      if (!Number.isSafeInteger(timestamp) && !(typeof timestamp === 'number' && timestamp < 0)) {
        const what = typeof timestamp === 'string' ? `'${String(timestamp)}'` : String(timestamp);
        throw new TypeError(
          `The timestamp extractor of ${source.name} returned ${what}, not a whole number of milliseconds.`,
        );
      }
      if (timestamp >= 0) return new StreamRecord(key, value, timestamp, headers);
      this.deps.onSkipped();
      return undefined;
    } catch (error) {
      // While the listener runs, the failed record is the head as far as offsets go: a failure must not commit past it.
      this.head = undefined;
      this.headRaw = raw;
      this.deps.onHeadFailure(error, raw, part);
      return undefined;
    }
  }
}
