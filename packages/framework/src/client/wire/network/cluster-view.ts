import type { KafkaError } from '../../../errors/errors.js';

/** A broker that is alive, with the address that it advertises for this listener. */
export interface BrokerNode {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | undefined;
}

export interface PartitionView {
  readonly partition: number;
  /** Id of the leader's broker; -1 if there is none at the moment. */
  readonly leader: number;
  /** -1 if the broker does not know. */
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  /** E.g. `LEADER_NOT_AVAILABLE`. */
  readonly error: KafkaError | undefined;
}

export interface TopicView {
  readonly topic: string;
  /** Lower case with hyphens; `undefined` where the cluster has no topic ids (before Kafka 2.8). */
  readonly topicId: string | undefined;
  /** `TOPIC_NOT_FOUND`, `AUTHORIZATION_FAILED`, ...; then there are no partitions. */
  readonly error: KafkaError | undefined;
  /** In order: the partition is the index. */
  readonly partitions: readonly PartitionView[];
}

/** What a broker knew of the cluster when it was asked. */
export interface ClusterView {
  readonly clusterId: string | undefined;
  readonly brokers: ReadonlyMap<number, BrokerNode>;
  /** At least the topics that were asked for, also those that do not exist. */
  readonly topics: ReadonlyMap<string, TopicView>;
  /** How long the broker asked us to wait because of a quota (KIP-219), ms; already honoured. */
  readonly throttleTimeMs: number;
}
