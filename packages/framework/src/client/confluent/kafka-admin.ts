import { KafkaError } from '../../errors/errors.js';
import type {
  GroupDescription,
  IsolationLevel,
  KafkaAdmin,
  NewTopic,
  OffsetSpec as PortOffsetSpec,
  TopicConfigs,
  TopicDescription,
} from '../port.js';
import type { OffsetAndMetadata, TopicPartition, TopicPartitionOffset } from '../records.js';
import { WireAdmin } from '../wire/admin/wire-admin.js';
import { OffsetSpec, type NativeError, type NativePartition } from './addon.js';
import { AdminHandle, type AdminCall } from './admin-handle.js';
import type { Cluster } from './cluster.js';
import { NativeCode } from './error-codes.js';
import { GroupOffsets } from './group-offsets.js';

const settlePauseMs = 25;
/** Codes of the broker's answers that the leader of a partition is another one, or of another epoch, than we know. */
const LEADER_MOVED = new Set([6, 74, 75]);

interface NativeTopic {
  readonly name: string;
  readonly partitions: readonly { readonly partition: number; readonly leader: { readonly id: number } | null }[];
  readonly error?: NativeError;
}

type PartitionResult = NativePartition & { readonly error?: NativeError };

/**
 * {@link KafkaAdmin} on the addon's admin client.
 *
 * What the addon has no call for (settings of topics), or no safe one (members of a group), goes through
 * {@link WireAdmin}.
 */
export class ConfluentAdmin implements KafkaAdmin {
  private readonly handle: AdminHandle;
  private readonly groups: GroupOffsets;
  private readonly wire: WireAdmin;
  private readonly timeoutMs: number;

  constructor(cluster: Cluster) {
    this.handle = new AdminHandle(cluster);
    this.groups = new GroupOffsets(cluster);
    this.wire = new WireAdmin(cluster.network, cluster.requestTimeoutMs);
    this.timeoutMs = cluster.requestTimeoutMs;
  }

  connect(): Promise<void> {
    return this.handle.connect();
  }

  async listTopics(): Promise<string[]> {
    const metadata = await this.handle.metadata('Cannot list topics');
    return metadata.topics.map(({ name }) => name);
  }

  async describeTopics(topics: readonly string[]): Promise<TopicDescription[]> {
    const described = await this.readTopics(topics);
    return described.map(({ name, partitions }) => ({ topic: name, partitions: partitions.length }));
  }

  private async readTopics(topics: readonly string[]): Promise<NativeTopic[]> {
    if (topics.length === 0) return [];
    const what = `Cannot describe the topics ${topics.join(', ')}`;
    const results = await this.handle.call<readonly NativeTopic[]>(what, (admin, done) => {
      admin.describeTopics([...topics], { timeout: this.timeoutMs }, done as never);
    });
    return results.filter(({ name, error }) => {
      if (error === undefined || error.code === 0) return true;
      const failure = this.handle.failure(error, `Cannot describe topic '${name}'`);
      if (failure instanceof KafkaError && failure.code === 'TOPIC_NOT_FOUND') return false;
      throw failure;
    });
  }

  async createTopic(topic: NewTopic): Promise<void> {
    const what = `Cannot create topic '${topic.topic}'`;
    const request = {
      topic: topic.topic,
      num_partitions: topic.partitions,
      replication_factor: topic.replicationFactor ?? -1,
      config: { ...topic.configs },
    };
    await this.handle.call<undefined>(what, (admin, done) => {
      admin.createTopic(request, this.timeoutMs, done as never);
    });
    await this.awaitPartitions(topic.topic, topic.partitions, what);
  }

  async createPartitions(topic: string, totalPartitions: number): Promise<void> {
    const what = `Cannot add partitions to topic '${topic}'`;
    await this.handle.call<undefined>(what, (admin, done) => {
      admin.createPartitions(topic, totalPartitions, this.timeoutMs, done as never);
    });
    await this.awaitPartitions(topic, totalPartitions, what);
  }

  /** Waits until the partitions have leaders that answer: the controller is ahead of the brokers. */
  private async awaitPartitions(topic: string, partitions: number, what: string): Promise<void> {
    await this.settle(what, async () => {
      const [described] = await this.readTopics([topic]);
      if (described === undefined || described.partitions.length < partitions) return false;
      if (described.partitions.some(({ leader }) => leader === null || leader.id < 0)) return false;
      await this.listOffsets(
        described.partitions.map(({ partition }) => ({ topic, partition })),
        'latest',
      );
      return true;
    });
  }

  async deleteTopic(topic: string): Promise<void> {
    const what = `Cannot delete topic '${topic}'`;
    await this.handle.call<undefined>(what, (admin, done) => {
      admin.deleteTopic(topic, this.timeoutMs, done as never);
    });
    await this.settle(what, async () => (await this.readTopics([topic])).length === 0);
  }

  private async settle(what: string, isDone: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + this.timeoutMs;
    for (;;) {
      try {
        if (await isDone()) return;
      } catch (error) {
        const isPassing = error instanceof KafkaError && (error.isRetriable || error.code === 'TOPIC_NOT_FOUND');
        if (!isPassing || Date.now() >= deadline) throw error;
      }
      if (Date.now() >= deadline) {
        throw new KafkaError('TIMED_OUT', `${what}: the brokers did not follow within ${String(this.timeoutMs)} ms.`, {
          kafkaCode: '_TIMED_OUT',
          isRetriable: true,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, settlePauseMs));
    }
  }

  async deleteRecords(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    if (offsets.length === 0) return;
    const what = 'Cannot delete records';
    const results = await this.aboutTopics<readonly PartitionResult[]>(offsets, what, (admin, done) => {
      const options = { timeout: this.timeoutMs, operationTimeout: this.timeoutMs };
      admin.deleteRecords(offsets.map(copy), options, done as never);
    });
    this.assertNoErrors(results, what);
  }

  /** A call that needs the leaders of partitions. Of a missing one the native client says no more than 'no such entry'. */
  private async aboutTopics<T>(partitions: readonly TopicPartition[], what: string, start: AdminCall<T>): Promise<T> {
    try {
      return await this.handle.call(what, start);
    } catch (error) {
      if (!(error instanceof KafkaError) || error.kafkaCode !== '_NOENT') throw error;
      const topics = await this.describeTopics([...new Set(partitions.map(({ topic }) => topic))]);
      const missing = partitions.find(
        ({ topic, partition }) => !topics.some((known) => known.topic === topic && partition < known.partitions),
      );
      // They are all there: one has no leader at this moment.
      if (missing === undefined) throw this.handle.failure(NativeCode.leaderNotAvailable, what);
      const place = `'${missing.topic}' partition ${String(missing.partition)}`;
      throw this.handle.failure(NativeCode.unknownTopicOrPartition, `${what} of ${place}`);
    }
  }

  /**
   * Asks for fresh metadata of topics whose leader has moved. The addon's admin client does not do so by itself (librdkafka
   * 2.15.1): it would ask with the old leader's epoch for ever.
   */
  private async refreshMovedLeaders(results: readonly PartitionResult[]): Promise<void> {
    const moved = results.filter(({ error }) => error !== undefined && LEADER_MOVED.has(error.code));
    for (const topic of new Set(moved.map((result) => result.topic))) {
      await this.handle.metadata('Cannot list offsets', topic);
    }
  }

  async listOffsets(
    partitions: readonly TopicPartition[],
    spec: PortOffsetSpec,
    isolationLevel: IsolationLevel = 'read_uncommitted',
  ): Promise<TopicPartitionOffset[]> {
    if (partitions.length === 0) return [];
    const offset =
      spec === 'earliest'
        ? OffsetSpec.EARLIEST
        : spec === 'latest'
          ? OffsetSpec.LATEST
          : new OffsetSpec(spec.timestamp);
    const options = { timeout: this.timeoutMs, isolationLevel: isolationLevel === 'read_committed' ? 1 : 0 };
    const what = 'Cannot list offsets';
    const results = await this.aboutTopics<readonly PartitionResult[]>(partitions, what, (admin, done) => {
      admin.listOffsets(
        partitions.map(({ topic, partition }) => ({ topic, partition, offset })),
        options,
        done as never,
      );
    });
    await this.refreshMovedLeaders(results);
    this.assertNoErrors(results, what);
    // No record is that young: reading starts at the end.
    const beyond = results.filter((result) => (result.offset ?? -1) < 0);
    const ends = beyond.length === 0 ? [] : await this.listOffsets(beyond, 'latest', isolationLevel);
    return results.map((result) => {
      const end = ends.find((other) => other.topic === result.topic && other.partition === result.partition);
      return { topic: result.topic, partition: result.partition, offset: end?.offset ?? result.offset ?? 0 };
    });
  }

  private assertNoErrors(results: readonly PartitionResult[], what: string): void {
    for (const { topic, partition, error } of results) {
      if (error === undefined || error.code === 0) continue;
      throw this.handle.failure(error, `${what} of '${topic}' partition ${String(partition)}`);
    }
  }

  async groupOffsets(groupId: string): Promise<OffsetAndMetadata[]> {
    const { topics } = await this.handle.metadata(`Cannot read the offsets of group '${groupId}'`);
    const partitions = topics.flatMap(({ name, partitions }) =>
      partitions.map(({ id }) => ({ topic: name, partition: id })),
    );
    return this.groups.read(groupId, partitions);
  }

  describeTopicConfigs(topics: readonly string[]): Promise<TopicConfigs[]> {
    return this.wire.describeTopicConfigs(topics);
  }

  describeGroup(groupId: string): Promise<GroupDescription> {
    return this.wire.describeGroup(groupId);
  }

  async deleteGroup(groupId: string): Promise<void> {
    const what = `Cannot delete group '${groupId}'`;
    const results = await this.handle.call<readonly { readonly error?: NativeError }[]>(what, (admin, done) => {
      admin.deleteGroups([groupId], { timeout: this.timeoutMs }, done as never);
    });
    const error = results[0]?.error;
    if (error === undefined || error.code === 0 || error.code === NativeCode.groupIdNotFound) return;
    throw this.handle.failure(error, what);
  }

  async close(): Promise<void> {
    await this.wire.close();
    await this.groups.close();
    await this.handle.close();
  }
}

function copy({ topic, partition, offset }: TopicPartitionOffset): TopicPartitionOffset {
  return { topic, partition, offset };
}
