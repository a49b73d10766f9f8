import type { IsolationLevel } from '../../port.js';
import { ByteWriter } from '../../protocol/byte-writer.js';

/** Key of the Fetch API. */
export const FETCH_API_KEY = 1;

/** Session epoch that opens a session, or ends it together with {@link SessionEpoch.final} (KIP-227). */
export const SessionEpoch = Object.freeze({
  /** Of a full request that asks for a new session; with session id 0. */
  initial: 0,
  /** Of a full request without a session; with a session id, it also closes that session. */
  final: -1,
});

/** One partition of a {@link FetchRequest}. */
export interface FetchRequestPartition {
  readonly partition: number;
  /** Offset of the first record wanted. */
  readonly fetchOffset: number;
  /** Epoch of the leader as known from metadata (KIP-320): the broker refuses to answer by another. @default -1, unknown */
  readonly currentLeaderEpoch?: number;
  /** Leader epoch of the last record read; a broker answers with a diverging epoch. @default -1, not asked for */
  readonly lastFetchedEpoch?: number;
  /** Most bytes of this partition; the first batch comes whole even if it is larger (KIP-74). */
  readonly maxBytes: number;
}

/** One topic of a {@link FetchRequest}. */
export interface FetchRequestTopic {
  readonly topic: string;
  /** Needed from version 13 on, where topics go by id (KIP-516). */
  readonly topicId?: string;
  readonly partitions: readonly FetchRequestPartition[];
}

/** Partitions that a session no longer reads. */
export interface ForgottenTopic {
  readonly topic: string;
  readonly topicId?: string;
  readonly partitions: readonly number[];
}

/** A request for records, for one broker. */
export interface FetchRequest {
  /** How long the broker may wait for `minBytes`, ms. */
  readonly maxWaitMs: number;
  readonly minBytes: number;
  /** Most bytes of the whole response, with the same exception as of a partition. */
  readonly maxBytes: number;
  readonly isolationLevel: IsolationLevel;
  /** 0 for none. Not sent below version 7. */
  readonly sessionId: number;
  readonly sessionEpoch: number;
  /** In a session only those that are new, or whose position or limit changed. */
  readonly topics: readonly FetchRequestTopic[];
  readonly forgottenTopics: readonly ForgottenTopic[];
  /** Rack of this process (KIP-392), from version 11 on. @default '' */
  readonly rackId?: string;
}

const versions = { min: 4, max: 17, topicIds: 13 } as const;

/** Requests and responses from this version on have compact fields, tagged fields and header version 2. */
export function isFlexibleFetch(version: number): boolean {
  return version >= 12;
}

/** Requests and responses from this version on name topics by id instead of by name. */
export function hasTopicIds(version: number): boolean {
  return version >= versions.topicIds;
}

/**
 * The highest version of Fetch that both sides speak: 4 (Kafka 0.11) to 17.
 *
 * @param canUseTopicIds the id of every topic of the request is known
 * @returns undefined if there is none
 */
export function chooseFetchVersion(
  broker: { readonly min: number; readonly max: number },
  canUseTopicIds: boolean,
): number | undefined {
  const version = Math.min(broker.max, canUseTopicIds ? versions.max : versions.topicIds - 1);
  return version >= Math.max(broker.min, versions.min) ? version : undefined;
}

/**
 * The body of a Fetch request, version 4 to 17, without header. Format: `FetchRequest.json` of Apache Kafka.
 *
 * @throws TypeError if a topic id that the version needs is missing
 */
export function encodeFetchRequest(version: number, request: FetchRequest): Buffer {
  const isFlexible = isFlexibleFetch(version);
  const writer = new ByteWriter();
  if (version < 15) writer.int32(-1); // replica id: a consumer
  writer.int32(request.maxWaitMs).int32(request.minBytes).int32(request.maxBytes);
  writer.int8(request.isolationLevel === 'read_committed' ? 1 : 0);
  if (version >= 7) writer.int32(request.sessionId).int32(request.sessionEpoch);
  writer.arrayLength(request.topics.length, isFlexible);
  for (const topic of request.topics) {
    writeTopic(writer, version, topic);
    writer.arrayLength(topic.partitions.length, isFlexible);
    for (const partition of topic.partitions) writePartition(writer, version, partition);
    if (isFlexible) writer.noTaggedFields();
  }
  if (version >= 7) writeForgotten(writer, version, request.forgottenTopics);
  if (version >= 11) writer.string(request.rackId ?? '', isFlexible);
  if (isFlexible) writer.noTaggedFields();
  return writer.finish();
}

function writeTopic(writer: ByteWriter, version: number, { topic, topicId }: FetchRequestTopic | ForgottenTopic): void {
  if (!hasTopicIds(version)) {
    writer.string(topic, isFlexibleFetch(version));
    return;
  }
  if (topicId === undefined) throw new TypeError(`Fetch version ${version} needs the id of topic '${topic}'`);
  writer.uuid(topicId);
}

function writePartition(writer: ByteWriter, version: number, partition: FetchRequestPartition): void {
  writer.int32(partition.partition);
  if (version >= 9) writer.int32(partition.currentLeaderEpoch ?? -1);
  writer.int64(partition.fetchOffset);
  if (version >= 12) writer.int32(partition.lastFetchedEpoch ?? -1);
  if (version >= 5) writer.int64(-1); // log start offset: only followers have one
  writer.int32(partition.maxBytes);
  if (isFlexibleFetch(version)) writer.noTaggedFields();
}

function writeForgotten(writer: ByteWriter, version: number, topics: readonly ForgottenTopic[]): void {
  const isFlexible = isFlexibleFetch(version);
  writer.arrayLength(topics.length, isFlexible);
  for (const topic of topics) {
    writeTopic(writer, version, topic);
    writer.arrayLength(topic.partitions.length, isFlexible);
    for (const partition of topic.partitions) writer.int32(partition);
    if (isFlexible) writer.noTaggedFields();
  }
}
