import type { IsolationLevel, OffsetSpec } from '../../port.js';
import type { TopicPartition } from '../../records.js';
import { ByteReader } from '../../protocol/byte-reader.js';
import { ByteWriter } from '../../protocol/byte-writer.js';
import { ApiKey, type VersionRange, type WireRequest } from './wire-request.js';

/** Kafka 2.1 to today. Later versions have only more kinds of timestamps. */
export const listOffsetsVersions: VersionRange = Object.freeze({ min: 4, max: 7 });

/** A partition whose leader is to be asked. */
export interface OffsetQuery extends TopicPartition {
  readonly leaderEpoch: number;
}

export interface OffsetAnswer extends TopicPartition {
  /** Kafka's error number, 0 for none. */
  readonly errorCode: number;
  /** -1 if no record is as young as the timestamp. */
  readonly offset: number;
}

export interface OffsetAnswers {
  readonly throttleTimeMs: number;
  readonly answers: readonly OffsetAnswer[];
}

/**
 * Offsets of partitions that one broker leads. Format: `ListOffsetsRequest.json`, `ListOffsetsResponse.json` of Apache
 * Kafka.
 */
export function listOffsetsRequest(
  version: number,
  queries: readonly OffsetQuery[],
  spec: OffsetSpec,
  isolationLevel: IsolationLevel,
  timeoutMs: number,
): WireRequest<OffsetAnswers> {
  const isFlexible = version >= 6;
  const timestamp = spec === 'latest' ? -1 : spec === 'earliest' ? -2 : spec.timestamp;
  return {
    apiKey: ApiKey.listOffsets,
    version,
    isFlexible,
    timeoutMs,
    write: () => {
      const writer = new ByteWriter();
      writer.int32(-1); // replica id: a consumer
      writer.int8(isolationLevel === 'read_committed' ? 1 : 0);
      const topics = groupByTopic(queries);
      writer.arrayLength(topics.size, isFlexible);
      for (const [topic, partitions] of topics) {
        writer.string(topic, isFlexible).arrayLength(partitions.length, isFlexible);
        for (const { partition, leaderEpoch } of partitions) {
          writer.int32(partition).int32(leaderEpoch).int64(timestamp);
          if (isFlexible) writer.noTaggedFields();
        }
        if (isFlexible) writer.noTaggedFields();
      }
      if (isFlexible) writer.noTaggedFields();
      return writer.finish();
    },
    read: (body) => readAnswers(new ByteReader(body), isFlexible),
    throttleTimeMs: ({ throttleTimeMs }) => throttleTimeMs,
  };
}

function groupByTopic(queries: readonly OffsetQuery[]): Map<string, OffsetQuery[]> {
  const topics = new Map<string, OffsetQuery[]>();
  for (const query of queries) {
    const known = topics.get(query.topic);
    if (known === undefined) topics.set(query.topic, [query]);
    else known.push(query);
  }
  return topics;
}

function readAnswers(reader: ByteReader, isFlexible: boolean): OffsetAnswers {
  const throttleTimeMs = reader.int32();
  const answers: OffsetAnswer[] = [];
  for (let topics = reader.arrayLength(isFlexible, 3); topics > 0; topics--) {
    const topic = reader.string(isFlexible);
    for (let left = reader.arrayLength(isFlexible, 26); left > 0; left--) {
      const partition = reader.int32();
      const errorCode = reader.int16();
      reader.int64(); // timestamp
      const offset = reader.int64();
      reader.int32(); // leader epoch
      answers.push({ topic, partition, errorCode, offset });
      if (isFlexible) reader.taggedFields();
    }
    if (isFlexible) reader.taggedFields();
  }
  return { throttleTimeMs, answers };
}
