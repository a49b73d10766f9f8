import type { RecordHeaders } from '../client/records.js';
import type { ProcessorSupplier } from '../processor/processor.js';
import type { RecordMetadata } from '../processor/processor-context.js';
import type { StreamRecord } from '../processor/record.js';
import type { Deserializer, Serializer } from '../serde/serde.js';
import type { StoreBuilder } from '../state/stores/store-builder.js';

/** Event time of a record. `partitionTimeMs` is the largest time seen in its partition, or -1. A negative answer drops the record. */
export type TimestampExtractor<K = unknown, V = unknown> = (
  record: {
    key: K;
    value: V;
    timestamp: number;
    headers: RecordHeaders;
    topic: string;
    partition: number;
    offset: number;
  },
  partitionTimeMs: number,
) => number;

/**
 * Partition of an output record. `undefined`: the default partitioner (murmur2 of the serialised key, as in Java; round
 * robin without a key).
 */
export type StreamPartitioner<K = unknown, V = unknown> = (
  topic: string,
  key: K,
  value: V,
  partitions: number,
) => number | undefined;

/** Chooses the topic of each output record. The topics must exist. */
export type TopicNameExtractor<K = unknown, V = unknown> = (
  record: StreamRecord<K, V>,
  metadata: RecordMetadata | undefined,
) => string;

export type OffsetResetPolicy = 'earliest' | 'latest' | 'none';

export interface SourceNode {
  readonly kind: 'source';
  readonly name: string;
  /** Topic names (internal ones without the application's prefix), or a pattern for whole names. */
  readonly topics: readonly string[] | RegExp;
  readonly keyDeserializer: Deserializer<unknown>;
  readonly valueDeserializer: Deserializer<unknown>;
  readonly timestampExtractor?: TimestampExtractor;
  /** @default the application's `offsetReset` */
  readonly offsetReset?: OffsetResetPolicy;
}

export interface ProcessorNode {
  readonly kind: 'processor';
  readonly name: string;
  readonly parents: readonly string[];
  readonly supplier: ProcessorSupplier;
  /** Names of the state stores it uses. */
  readonly stores: readonly string[];
}

export interface SinkNode {
  readonly kind: 'sink';
  readonly name: string;
  readonly parents: readonly string[];
  readonly topic: string | TopicNameExtractor;
  readonly keySerializer: Serializer<unknown>;
  readonly valueSerializer: Serializer<unknown>;
  readonly partitioner?: StreamPartitioner;
}

/** A node of the topology as the builder recorded it: a description, not yet running. */
export type TopologyNode = SourceNode | ProcessorNode | SinkNode;

/** A topic that Millrace creates between two subtopologies. */
export interface RepartitionTopic {
  /** Without the application's prefix, e.g. `by-user-repartition`. */
  readonly name: string;
  /** Fixed by the user, or the largest count among the topics upstream. */
  readonly partitions?: number;
}

/** Nodes connected with each other (and through shared stores): the unit that is run once per partition. */
export interface Subtopology {
  readonly id: number;
  /** Parents before children. */
  readonly nodes: readonly TopologyNode[];
  /** Groups of topics (unprefixed names) that must have equal partition counts. */
  readonly copartitionGroups: readonly (readonly string[])[];
  /** Its stores; one comes before those that its processors' output leads to. */
  readonly stores: readonly StoreBuilder[];
}

/** A store that every process holds a full copy of. */
export interface GlobalStore {
  /** It takes up one of the numbers of subtopologies. */
  readonly id: number;
  readonly builder: StoreBuilder;
  /** Reads the topic that the store is a copy of. */
  readonly source: SourceNode;
  /** Writes the records to the store. */
  readonly processor: ProcessorNode;
}

/** What the runtime needs of a topology. */
export interface TopologyPlan {
  readonly subtopologies: readonly Subtopology[];
  readonly repartitionTopics: readonly RepartitionTopic[];
  readonly globalStores: readonly GlobalStore[];
  /** Stores whose changelog is the topic they are read from, by store name (KIP-295 `reuse.ktable.source.topics`). */
  readonly sourceChangelogs: ReadonlyMap<string, string>;
}
