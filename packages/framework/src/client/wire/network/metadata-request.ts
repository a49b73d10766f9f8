import { ByteReader } from '../../protocol/byte-reader.js';
import { ByteWriter } from '../../protocol/byte-writer.js';
import { brokerFailure } from './broker-errors.js';
import type { BrokerNode, ClusterView, PartitionView, TopicView } from './cluster-view.js';
import { ApiKey, type VersionRange, type WireRequest } from './wire-request.js';

const NO_TOPIC_ID = '00000000-0000-0000-0000-000000000000';

/** Kafka 2.1 to today; topic ids come with version 10, Kafka 2.8. */
export const metadataVersions: VersionRange = Object.freeze({ min: 7, max: 12 });

/**
 * Metadata of these topics, and of all brokers that are alive. Topics are not created by asking. Format:
 * `MetadataRequest.json`, `MetadataResponse.json` of Apache Kafka.
 */
export function metadataRequest(
  version: number,
  topics: readonly string[],
  timeoutMs: number,
): WireRequest<ClusterView> {
  const isFlexible = version >= 9;
  return {
    apiKey: ApiKey.metadata,
    version,
    isFlexible,
    timeoutMs,
    write: () => {
      const writer = new ByteWriter().arrayLength(topics.length, isFlexible);
      for (const topic of topics) {
        if (version >= 10) writer.uuid(NO_TOPIC_ID);
        writer.string(topic, isFlexible);
        if (isFlexible) writer.noTaggedFields();
      }
      writer.int8(0); // allow_auto_topic_creation
      // include_cluster_authorized_operations and include_topic_authorized_operations
      if (version >= 8 && version <= 10) writer.int8(0);
      if (version >= 8) writer.int8(0);
      if (isFlexible) writer.noTaggedFields();
      return writer.finish();
    },
    read: (body) => new MetadataReader(version, isFlexible, body).read(),
    throttleTimeMs: ({ throttleTimeMs }) => throttleTimeMs,
  };
}

class MetadataReader {
  private readonly reader: ByteReader;

  constructor(
    private readonly version: number,
    private readonly isFlexible: boolean,
    body: Buffer,
  ) {
    this.reader = new ByteReader(body);
  }

  read(): ClusterView {
    const { reader, isFlexible } = this;
    const throttleTimeMs = reader.int32();
    const brokers = this.array(11, () => this.broker());
    const clusterId = reader.string(isFlexible);
    reader.int32(); // controller
    const topics = this.array(8, () => this.topic());
    return {
      clusterId: clusterId === '' ? undefined : clusterId,
      brokers: new Map(brokers.map((broker) => [broker.id, broker])),
      topics: new Map(topics.map((topic) => [topic.topic, topic])),
      throttleTimeMs,
    };
  }

  private array<T>(minElementBytes: number, element: () => T): T[] {
    const elements: T[] = [];
    for (let left = this.reader.arrayLength(this.isFlexible, minElementBytes); left > 0; left--) {
      elements.push(element());
      if (this.isFlexible) this.reader.taggedFields();
    }
    return elements;
  }

  private broker(): BrokerNode {
    const { reader, isFlexible } = this;
    const id = reader.int32();
    const host = reader.string(isFlexible);
    const port = reader.int32();
    const rack = reader.string(isFlexible);
    return { id, host, port, rack: rack === '' ? undefined : rack };
  }

  private topic(): TopicView {
    const { reader, isFlexible } = this;
    const errorCode = reader.int16();
    const topic = reader.string(isFlexible);
    const topicId = this.version >= 10 ? reader.uuid() : NO_TOPIC_ID;
    reader.int8(); // is_internal
    const partitions = this.array(19, () => this.partition(topic));
    if (this.version >= 8) reader.int32(); // topic_authorized_operations
    return {
      topic,
      topicId: topicId === NO_TOPIC_ID ? undefined : topicId,
      error: errorCode === 0 ? undefined : brokerFailure(errorCode, `Cannot use topic '${topic}'`, { topic }),
      partitions: partitions.sort((left, right) => left.partition - right.partition),
    };
  }

  private partition(topic: string): PartitionView {
    const { reader } = this;
    const errorCode = reader.int16();
    const partition = reader.int32();
    const leader = reader.int32();
    const leaderEpoch = reader.int32();
    const replicas = this.brokerIds();
    this.brokerIds(); // in sync
    this.brokerIds(); // offline
    const place = `'${topic}' partition ${partition}`;
    const error = errorCode === 0 ? undefined : brokerFailure(errorCode, `Cannot use ${place}`, { topic, partition });
    return { partition, leader, leaderEpoch, replicas, error };
  }

  private brokerIds(): number[] {
    const ids: number[] = [];
    for (let left = this.reader.arrayLength(this.isFlexible, 4); left > 0; left--) ids.push(this.reader.int32());
    return ids;
  }
}
