export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface TopicPartitionOffset extends TopicPartition {
  /** Offset of the next record to read. */
  readonly offset: number;
}

export interface OffsetAndMetadata extends TopicPartitionOffset {
  /** Free text kept with the offset (Millrace keeps the stream time there, in Kafka Streams' encoding). */
  readonly metadata?: string;
}

export interface RecordHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

/** Headers in wire order; a key may repeat. */
export type RecordHeaders = readonly RecordHeader[];

/** The one shared empty header list. */
export const NO_HEADERS: RecordHeaders = Object.freeze([]);

/**
 * One record as a fetcher delivers it. `key` and `value` may be views of a larger buffer: whoever keeps one beyond the
 * processing of its record copies it.
 */
export interface ConsumedRecord {
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
}

/** Consecutive records of one partition. Offsets rise; compaction and transaction markers leave holes. */
export interface RecordBatch extends TopicPartition {
  readonly records: readonly ConsumedRecord[];
  /**
   * Position after this batch: offset of the next record to fetch. At least last offset + 1; more where markers, aborted
   * or compacted records follow. A batch may have no records and still move the position.
   */
  readonly nextOffset: number;
}

/** `topic-partition`, the key under which partitions are kept in maps. */
export function partitionKey(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}
