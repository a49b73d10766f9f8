import type {
  GroupDescription,
  IsolationLevel,
  KafkaAdmin,
  NewTopic,
  OffsetSpec,
  TopicConfigs,
  TopicDescription,
} from '../port.js';
import type { OffsetAndMetadata, TopicPartition, TopicPartitionOffset } from '../records.js';
import type { AccessOperation } from './access-control.js';
import type { ClientProcess } from './client-process.js';
import type { ClientCallKind } from './failure-injection.js';
import { clientClosed } from './kafka-failures.js';
import type { MemoryCluster } from './memory-cluster.js';

/** What a Kafka 4 broker applies where a topic sets nothing. Retention is not carried out. */
const BROKER_DEFAULTS: readonly (readonly [string, string])[] = [
  ['cleanup.policy', 'delete'],
  ['max.message.bytes', '1048588'],
  ['message.timestamp.type', 'CreateTime'],
  ['min.compaction.lag.ms', '0'],
  ['retention.bytes', '-1'],
  ['retention.ms', '604800000'],
];

/** Administration of the in-memory Kafka. */
export class MemoryAdmin implements KafkaAdmin {
  readonly #process: ClientProcess;
  readonly #cluster: MemoryCluster;
  #isOpen = false;

  constructor(process: ClientProcess, cluster: MemoryCluster) {
    this.#process = process;
    this.#cluster = cluster;
  }

  connect(): Promise<void> {
    return this.#process.call('admin.connect', [], () => {
      this.#isOpen = true;
    });
  }

  listTopics(): Promise<string[]> {
    return this.#call('admin.listTopics', [], () => {
      const { access, topics } = this.#cluster;
      return topics.names().filter((topic) => access.allows(this.#process.identity, 'describe', 'topic', topic));
    });
  }

  describeTopics(names: readonly string[]): Promise<TopicDescription[]> {
    return this.#call('admin.describeTopics', [names], () =>
      names.flatMap((topic) => {
        this.#checkTopic('describe', topic);
        const found = this.#cluster.topics.find(topic);
        return found === undefined ? [] : [{ topic, partitions: found.partitions.length }];
      }),
    );
  }

  describeTopicConfigs(names: readonly string[]): Promise<TopicConfigs[]> {
    return this.#call('admin.describeTopicConfigs', [names], () =>
      names.flatMap((topic) => {
        this.#checkTopic('describeConfigs', topic);
        const found = this.#cluster.topics.find(topic);
        return found === undefined ? [] : [{ topic, configs: new Map([...BROKER_DEFAULTS, ...found.configs]) }];
      }),
    );
  }

  createTopic(topic: NewTopic): Promise<void> {
    return this.#call('admin.createTopic', [topic], () => {
      this.#checkTopic('create', topic.topic);
      this.#cluster.topics.create(topic);
    });
  }

  createPartitions(topic: string, totalPartitions: number): Promise<void> {
    return this.#call('admin.createPartitions', [topic, totalPartitions], () => {
      this.#checkTopic('alter', topic);
      this.#cluster.topics.addPartitions(topic, totalPartitions);
    });
  }

  deleteTopic(topic: string): Promise<void> {
    return this.#call('admin.deleteTopic', [topic], () => {
      this.#checkTopic('delete', topic);
      this.#cluster.topics.delete(topic);
      for (const group of this.#cluster.groups.all()) group.offsets.deleteTopic(topic);
    });
  }

  deleteRecords(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    return this.#call('admin.deleteRecords', [offsets], () => {
      for (const { topic, partition, offset } of offsets) {
        this.#checkTopic('delete', topic);
        this.#cluster.topics.log(topic, partition).deleteBelow(offset);
      }
    });
  }

  listOffsets(
    partitions: readonly TopicPartition[],
    spec: OffsetSpec,
    isolationLevel: IsolationLevel = 'read_uncommitted',
  ): Promise<TopicPartitionOffset[]> {
    return this.#call('admin.listOffsets', [partitions, spec, isolationLevel], () =>
      partitions.map(({ topic, partition }) => {
        this.#checkTopic('describe', topic);
        const log = this.#cluster.topics.log(topic, partition);
        const offset =
          spec === 'earliest'
            ? log.startOffset
            : spec === 'latest'
              ? log.endOffset(isolationLevel)
              : log.offsetAt(spec.timestamp, isolationLevel);
        return { topic, partition, offset };
      }),
    );
  }

  groupOffsets(groupId: string): Promise<OffsetAndMetadata[]> {
    return this.#call('admin.groupOffsets', [groupId], () => {
      this.#checkGroup('describe', groupId);
      return this.#cluster.groups.find(groupId)?.offsets.all() ?? [];
    });
  }

  describeGroup(groupId: string): Promise<GroupDescription> {
    return this.#call('admin.describeGroup', [groupId], () => {
      this.#checkGroup('describe', groupId);
      return this.#cluster.groups.describe(groupId);
    });
  }

  deleteGroup(groupId: string): Promise<void> {
    return this.#call('admin.deleteGroup', [groupId], () => {
      this.#checkGroup('delete', groupId);
      this.#cluster.groups.delete(groupId);
    });
  }

  close(): Promise<void> {
    return this.#process.call('admin.close', [], () => {
      this.#isOpen = false;
    });
  }

  #call<T>(kind: ClientCallKind, args: readonly unknown[], effect: () => T): Promise<T> {
    return this.#process.call(kind, args, () => {
      if (!this.#isOpen) throw clientClosed('admin client');
      return effect();
    });
  }

  #checkTopic(operation: AccessOperation, topic: string): void {
    this.#cluster.access.check(this.#process.identity, operation, 'topic', topic);
  }

  #checkGroup(operation: AccessOperation, groupId: string): void {
    this.#cluster.access.check(this.#process.identity, operation, 'group', groupId);
  }
}
