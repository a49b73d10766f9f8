import { ByteReader } from '../../protocol/byte-reader.js';
import { hasTopicIds, isFlexibleFetch } from './fetch-request.js';
import { malformedResponse } from '../../protocol/malformed-response.js';

/** A transaction that was aborted: the producer's records from `firstOffset` up to its abort marker do not count. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/** Who leads a partition, as a broker that does not lead it tells (KIP-951). */
export interface LeaderHint {
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

/** Where the records of a leader epoch end in a log. */
export interface EpochEnd {
  readonly epoch: number;
  readonly endOffset: number;
}

/** Address of a broker that a {@link LeaderHint} names (KIP-951). */
export interface NodeEndpoint {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

/** What a broker answers about one partition. */
export interface FetchedPartition {
  readonly partition: number;
  /** Kafka's error number, 0 for none. */
  readonly errorCode: number;
  readonly highWatermark: number;
  /** Records below it are decided: committed or aborted. -1 if the broker does not know. */
  readonly lastStableOffset: number;
  /** -1 if the version does not tell (below 5). */
  readonly logStartOffset: number;
  /** Those that overlap the records, for `read_committed`; empty otherwise. */
  readonly abortedTransactions: readonly AbortedTransaction[];
  /** Broker that is closer (KIP-392), -1 for none. */
  readonly preferredReadReplica: number;
  /**
   * What was read before is not in the log any more (KIP-320, KIP-595), from version 12 on: the newest epoch not above the
   * `lastFetchedEpoch` of the request that the log has, and where that epoch ends.
   */
  readonly divergingEpoch: EpochEnd | undefined;
  /** With errors that say that the leader moved, from version 12 on. */
  readonly currentLeader: LeaderHint | undefined;
  /** Undecoded record set, a view of the response. Null and empty both mean no records. */
  readonly records: Buffer | null;
}

/** What a broker answers about one topic: `topic` up to version 12, `topicId` from 13 on. */
export interface FetchedTopic {
  readonly topic: string | undefined;
  /** Lower case with hyphens. */
  readonly topicId: string | undefined;
  readonly partitions: readonly FetchedPartition[];
}

/** A decoded answer to a {@link FetchRequest}. */
export interface FetchResponse {
  /** How long the broker asks us to wait because of a quota (KIP-219), ms. */
  readonly throttleTimeMs: number;
  /** Error of the whole request, e.g. of the session. */
  readonly errorCode: number;
  /** 0: the broker keeps no session. */
  readonly sessionId: number;
  /** In a session only partitions with something new. */
  readonly topics: readonly FetchedTopic[];
  /** Brokers that the leader hints name, from version 16 on. */
  readonly nodeEndpoints: readonly NodeEndpoint[];
}

const NO_ABORTED: readonly AbortedTransaction[] = Object.freeze([]);
const NO_ENDPOINTS: readonly NodeEndpoint[] = Object.freeze([]);

/**
 * Decodes the body of a Fetch response, version 4 to 17, without header. Records stay undecoded views of `body`. Format:
 * `FetchResponse.json` of Apache Kafka.
 *
 * @throws KafkaError `MALFORMED_RESPONSE`
 */
export function decodeFetchResponse(version: number, body: Buffer): FetchResponse {
  const isFlexible = isFlexibleFetch(version);
  const reader = new ByteReader(body);
  const throttleTimeMs = reader.int32();
  const errorCode = version >= 7 ? reader.int16() : 0;
  const sessionId = version >= 7 ? reader.int32() : 0;
  const topics: FetchedTopic[] = [];
  for (let left = reader.arrayLength(isFlexible, hasTopicIds(version) ? 18 : 3); left > 0; left--) {
    topics.push(readTopic(reader, version));
  }
  let nodeEndpoints = NO_ENDPOINTS;
  if (isFlexible) {
    reader.taggedFields((tag, field) => {
      if (tag === 0 && version >= 16) nodeEndpoints = readEndpoints(field);
    });
  }
  if (reader.remaining > 0) throw malformedResponse(`${reader.remaining} bytes are left over at its end`);
  return { throttleTimeMs, errorCode, sessionId, topics, nodeEndpoints };
}

function readTopic(reader: ByteReader, version: number): FetchedTopic {
  const isFlexible = isFlexibleFetch(version);
  const topicId = hasTopicIds(version) ? reader.uuid() : undefined;
  const topic = topicId === undefined ? reader.string(isFlexible) : undefined;
  const partitions: FetchedPartition[] = [];
  for (let left = reader.arrayLength(isFlexible, 24); left > 0; left--) partitions.push(readPartition(reader, version));
  if (isFlexible) reader.taggedFields();
  return { topic, topicId, partitions };
}

function readPartition(reader: ByteReader, version: number): FetchedPartition {
  const isFlexible = isFlexibleFetch(version);
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = reader.int64();
  const lastStableOffset = reader.int64();
  const logStartOffset = version >= 5 ? reader.int64() : -1;
  const abortedTransactions = readAborted(reader, isFlexible);
  const preferredReadReplica = version >= 11 ? reader.int32() : -1;
  const records = reader.nullableBytes(isFlexible);
  let currentLeader: LeaderHint | undefined;
  let divergingEpoch: EpochEnd | undefined;
  if (isFlexible) {
    reader.taggedFields((tag, field) => {
      if (tag === 0) divergingEpoch = { epoch: field.int32(), endOffset: field.int64() };
      else if (tag === 1) currentLeader = { leaderId: field.int32(), leaderEpoch: field.int32() };
    });
  }
  return {
    partition,
    errorCode,
    highWatermark,
    lastStableOffset,
    logStartOffset,
    abortedTransactions,
    preferredReadReplica,
    divergingEpoch: divergingEpoch !== undefined && divergingEpoch.endOffset >= 0 ? divergingEpoch : undefined,
    currentLeader: currentLeader !== undefined && currentLeader.leaderId >= 0 ? currentLeader : undefined,
    records,
  };
}

function readAborted(reader: ByteReader, isFlexible: boolean): readonly AbortedTransaction[] {
  let left = reader.arrayLength(isFlexible, 16);
  if (left === 0) return NO_ABORTED;
  const aborted: AbortedTransaction[] = [];
  for (; left > 0; left--) {
    aborted.push({ producerId: reader.int64(), firstOffset: reader.int64() });
    if (isFlexible) reader.taggedFields();
  }
  return aborted;
}

function readEndpoints(field: ByteReader): readonly NodeEndpoint[] {
  const endpoints: NodeEndpoint[] = [];
  for (let left = field.arrayLength(true, 11); left > 0; left--) {
    const nodeId = field.int32();
    const host = field.string(true);
    const port = field.int32();
    const rack = field.string(true);
    endpoints.push({ nodeId, host, port, rack: rack === '' ? null : rack });
    field.taggedFields();
  }
  return endpoints;
}
