import type { OffsetAndMetadata, RecordBatch, RecordHeaders, TopicPartition, TopicPartitionOffset } from './records.js';

/*
 * The Kafka client port: four narrow interfaces behind which lie the addon (`client/confluent`), and the in-memory
 * Kafka (`client/memory`). One contract suite (`testing/client-contract.ts`) runs against all of them.
 *
 *   GroupMembership   joins a consumer group, answers rebalances, commits offsets; fetches nothing
 *   RecordFetcher     reads assigned partitions from explicit offsets; knows nothing of groups
 *   RecordProducer    produces, flushes, runs transactions
 *   KafkaAdmin        topics, offsets, groups
 *
 * Every failing call rejects or throws with a `KafkaError`. No callback reaches into the caller: events are queued and
 * taken by `poll()`.
 */

/** Which topics a member wants: names, and patterns matched against whole topic names. */
export interface Subscription {
  readonly topics: readonly string[];
  readonly patterns: readonly RegExp[];
}

/**
 * A change of ownership, in order. Incremental: `assigned` adds, `revoked` and `lost` take away. Until the loop has
 * answered an event with {@link GroupMembership.acknowledge}, no later event arrives, and revoked partitions are given
 * to nobody else. `lost` means that they may already belong to another member: do not commit.
 * `error` reports a problem of the membership itself (authorization, fatal fencing); it needs no acknowledgement.
 */
export type GroupEvent =
  | { readonly type: 'assigned' | 'revoked' | 'lost'; readonly partitions: readonly TopicPartition[] }
  | { readonly type: 'error'; readonly error: Error };

export type GroupProtocol = 'consumer' | 'classic';

export interface GroupMembershipOptions {
  readonly groupId: string;
  /** Static member id (KIP-345): the same process that comes back gets its partitions back without a rebalance. */
  readonly groupInstanceId?: string;
  /**
   * `consumer` is KIP-848 (Kafka 4) with the remote assignor `range`; `classic` the older protocol with `range`. `auto`
   * asks the broker.
   * @default 'auto'
   */
  readonly protocol?: GroupProtocol | 'auto';
  /** Longest time between two `poll()` calls before the member is thrown out, ms. @default 300000 */
  readonly maxPollIntervalMs?: number;
  /** Classic protocol only; with `consumer` the broker's `group.consumer.session.timeout.ms` rules. ms. @default 45000 */
  readonly sessionTimeoutMs?: number;
}

export interface GroupMembership {
  /** Joins the group. Rejects if the broker cannot be reached, or the group may not be read. */
  join(subscription: Subscription): Promise<void>;
  /**
   * Serves the membership and returns the events queued since the last call (at most one ownership change that is not
   * yet acknowledged). Synchronous and cheap; call it at least every `maxPollIntervalMs`, which proves that the loop lives.
   */
  poll(): readonly GroupEvent[];
  /** Answers the ownership change last returned by `poll()`. */
  acknowledge(): void;
  /** Partitions held, i.e. assigned and acknowledged, not revoked or lost. */
  assignment(): readonly TopicPartition[];
  /** Commits and waits for the broker's answer. Rejects with `GROUP_FENCED` if this member no longer holds them. */
  commit(offsets: readonly OffsetAndMetadata[]): Promise<void>;
  /** Committed offsets of the group; partitions without one are left out. */
  committed(partitions: readonly TopicPartition[]): Promise<OffsetAndMetadata[]>;
  /** Leaves the group. Revocations on the way out come through `poll()` no more: commit before. Idempotent. */
  leave(): Promise<void>;
}

export type IsolationLevel = 'read_uncommitted' | 'read_committed';

export interface RecordFetcherOptions {
  readonly isolationLevel: IsolationLevel;
  /** Most records that one `poll()` returns. @default 1000 */
  readonly maxPollRecords?: number;
  /** Most bytes buffered ahead in this process. @default 67108864 */
  readonly maxBufferedBytes?: number;
}

/** What a fetcher could not read. The partition is not fetched again until it is assigned anew. */
export interface FetchFailure extends TopicPartition {
  /** `OFFSET_OUT_OF_RANGE`, `TOPIC_NOT_FOUND`, `AUTHORIZATION_FAILED`, ... */
  readonly error: Error;
}

export interface FetchResult {
  readonly batches: readonly RecordBatch[];
  readonly failures: readonly FetchFailure[];
}

export interface RecordFetcher {
  connect(): Promise<void>;
  /**
   * Starts reading these partitions at these offsets. A partition already assigned is moved there; what was fetched ahead
   * is dropped, and a pause is over.
   */
  assign(partitions: readonly TopicPartitionOffset[]): void;
  /** Stops reading; what was fetched ahead is dropped, and no batch of these partitions is returned after this call. */
  unassign(partitions: readonly TopicPartition[]): void;
  /** Paused partitions return no batches; their position stays. */
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  /**
   * Waits until something can be returned, at most `timeoutMs`. Only one call may be under way. Records of a partition
   * come in offset order.
   */
  poll(timeoutMs: number): Promise<FetchResult>;
  /** Makes a `poll()` under way, or the next one, return at once. */
  wakeup(): void;
  /**
   * End of the partition as last heard from the broker (high watermark, or last stable offset under `read_committed`):
   * records below it exist and may be fetched. `undefined` before the broker has said anything.
   */
  endOffset(partition: TopicPartition): number | undefined;
  close(): Promise<void>;
}

export interface RecordProducerOptions {
  /** Makes the producer transactional. */
  readonly transactionalId?: string;
  /** ms. @default 10000 */
  readonly transactionTimeoutMs?: number;
  /** How long records may wait for others of their batch, ms. @default 20 */
  readonly lingerMs?: number;
  /** @default 'none' */
  readonly compression?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  /** Most bytes waiting to be sent. @default 67108864 */
  readonly maxBufferedBytes?: number;
  /** Largest record, bytes. @default 1048576 */
  readonly maxRequestBytes?: number;
  /** How long a record may take to be acknowledged before it fails, ms. @default 120000 */
  readonly deliveryTimeoutMs?: number;
}

/** A record that was not delivered. */
export interface DeliveryFailure {
  readonly topic: string;
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
  readonly timestamp: number;
  readonly error: Error;
}

export interface RecordProducer {
  connect(): Promise<void>;
  /**
   * Queues one record; the bytes are copied or sent before they may change. Idempotent, acks=all.
   * @returns false if the queue is full: wait with {@link drain}, then produce the same record again. Nothing was queued.
   * @throws KafkaError if the record can never be sent (too large, unknown partition, producer closed or fenced).
   */
  produce(
    topic: string,
    partition: number,
    key: Buffer | null,
    value: Buffer | null,
    timestamp: number,
    headers: RecordHeaders,
  ): boolean;
  /** Resolves when the queue has room again. */
  drain(): Promise<void>;
  /** Resolves when every record produced before is acknowledged or has failed; failures wait in `takeFailures()`. */
  flush(): Promise<void>;
  /** Records that failed since the last call, in no particular order. */
  takeFailures(): readonly DeliveryFailure[];

  /** Fences older producers of the same transactional id and aborts what they left open. */
  initTransactions(): Promise<void>;
  beginTransaction(): Promise<void>;
  /** Adds offsets to the transaction, fenced by the membership's current generation. Send only what advanced. */
  sendOffsets(offsets: readonly OffsetAndMetadata[], membership: GroupMembership): Promise<void>;
  /** Flushes and commits. A rejection with `requiresAbort` is answered by `abortTransaction()`, with `isFatal` by a new producer. */
  commitTransaction(): Promise<void>;
  abortTransaction(): Promise<void>;
  close(): Promise<void>;
}

export interface NewTopic {
  readonly topic: string;
  readonly partitions: number;
  /** @default broker's default */
  readonly replicationFactor?: number;
  readonly configs?: Readonly<Record<string, string>>;
}

export interface TopicDescription {
  readonly topic: string;
  readonly partitions: number;
}

/** All settings of a topic by name, those included that were never set, as the broker applies them. */
export interface TopicConfigs {
  readonly topic: string;
  readonly configs: ReadonlyMap<string, string>;
}

export type OffsetSpec = 'earliest' | 'latest' | { readonly timestamp: number };

export interface GroupMember {
  readonly memberId: string;
  readonly groupInstanceId?: string;
  readonly clientId: string;
  readonly partitions: readonly TopicPartition[];
}

export interface GroupDescription {
  readonly groupId: string;
  /** `empty`, `stable`, `rebalancing` or `dead` (also for a group that does not exist). */
  readonly state: 'empty' | 'stable' | 'rebalancing' | 'dead';
  readonly members: readonly GroupMember[];
}

export interface KafkaAdmin {
  connect(): Promise<void>;
  /** All topics that may be seen. */
  listTopics(): Promise<string[]>;
  /** Topics that do not exist are left out. */
  describeTopics(topics: readonly string[]): Promise<TopicDescription[]>;
  /**
   * Settings of topics; those that do not exist are left out. Rejects with `AUTHORIZATION_FAILED` where the settings of one
   * of them may not be seen, which is a right of its own (`DescribeConfigs`).
   */
  describeTopicConfigs(topics: readonly string[]): Promise<TopicConfigs[]>;
  /** Creates one topic and waits until it can be used. Rejects with `TOPIC_EXISTS`, `AUTHORIZATION_FAILED`, ... */
  createTopic(topic: NewTopic): Promise<void>;
  createPartitions(topic: string, totalPartitions: number): Promise<void>;
  deleteTopic(topic: string): Promise<void>;
  /** Deletes all records below the offsets. */
  deleteRecords(offsets: readonly TopicPartitionOffset[]): Promise<void>;
  /**
   * `latest` is the offset after the last record (`read_uncommitted`) or the last stable offset (`read_committed`). With
   * a timestamp: the first record at or after it, or as `latest` if there is none.
   */
  listOffsets(
    partitions: readonly TopicPartition[],
    spec: OffsetSpec,
    isolationLevel?: IsolationLevel,
  ): Promise<TopicPartitionOffset[]>;
  groupOffsets(groupId: string): Promise<OffsetAndMetadata[]>;
  describeGroup(groupId: string): Promise<GroupDescription>;
  deleteGroup(groupId: string): Promise<void>;
  close(): Promise<void>;
}

/** Opens clients of one cluster. `connect`/`join` of what it returns does the network work. */
export interface KafkaClientFactory {
  membership(options: GroupMembershipOptions): GroupMembership;
  fetcher(options: RecordFetcherOptions): RecordFetcher;
  producer(options: RecordProducerOptions): RecordProducer;
  admin(): KafkaAdmin;
}
