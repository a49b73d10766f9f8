import { KafkaError } from '../../errors/errors.js';
import type {
  GroupDescription,
  GroupMember,
  IsolationLevel,
  KafkaAdmin,
  NewTopic,
  OffsetSpec as PortOffsetSpec,
  TopicDescription,
} from '../port.js';
import type { OffsetAndMetadata, TopicPartition, TopicPartitionOffset } from '../records.js';
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

interface NativeGroup {
  readonly groupId: string;
  readonly state: number;
  readonly error?: NativeError;
  readonly members: readonly {
    readonly memberId: string;
    readonly clientId: string;
    readonly groupInstanceId?: string | null;
    readonly assignment?: { readonly topicPartitions: readonly TopicPartition[] };
  }[];
}

interface NativeGroupList {
  readonly groups: readonly { readonly groupId: string }[];
  readonly errors: readonly NativeError[];
}

/** A coordinator that is starting, or moving, knows no groups for the moment. */
const LOADING: ReadonlySet<number> = new Set<number>([
  NativeCode.coordinatorLoadInProgress,
  NativeCode.coordinatorNotAvailable,
  NativeCode.notCoordinator,
]);

type PartitionResult = NativePartition & { readonly error?: NativeError };

/** States of a group in the addon's numbering; what is missing counts as `dead`. */
const groupStates: Readonly<Record<number, GroupDescription['state']>> = {
  1: 'rebalancing',
  2: 'rebalancing',
  3: 'stable',
  // KIP-848: assigning and reconciling.
  6: 'rebalancing',
  7: 'rebalancing',
  5: 'empty',
};

/**
 * {@link KafkaAdmin} on the addon's admin client.
 *
 * Topic configurations can be given when a topic is created, and neither read nor changed later: the addon has no call
 * for it.
 */
export class ConfluentAdmin implements KafkaAdmin {
  private readonly handle: AdminHandle;
  private readonly groups: GroupOffsets;
  private readonly timeoutMs: number;

  constructor(cluster: Cluster) {
    this.handle = new AdminHandle(cluster);
    this.groups = new GroupOffsets(cluster);
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

  async describeGroup(groupId: string): Promise<GroupDescription> {
    const what = `Cannot describe group '${groupId}'`;
    if (!(await this.isListed(groupId, what))) return { groupId, state: 'dead', members: [] };
    // While the group has no coordinator (a fresh cluster, a broker gone) the addon crashes the process on its answer,
    // which lacks the assignor's name (1.10.1, common.cc, FromConsumerGroupDescription). This call only fails then.
    await this.groups.read(groupId, [{ topic: 'millrace', partition: 0 }]).catch(ignoreUnknownTopic);
    const { groups } = await this.handle.call<{ readonly groups: readonly NativeGroup[] }>(what, (admin, done) => {
      admin.describeGroups([groupId], { timeout: this.timeoutMs }, done as never);
    });
    const [group] = groups;
    if (group === undefined || group.error?.code === NativeCode.groupIdNotFound) {
      return { groupId, state: 'dead', members: [] };
    }
    if (group.error !== undefined && group.error.code !== 0) throw this.handle.failure(group.error, what);
    return { groupId, state: groupStates[group.state] ?? 'dead', members: group.members.map(toMember) };
  }

  /**
   * Does a coordinator know the group, and show it to us? Only then may it be described: where the broker answers with an
   * error for the group (coordinator still loading, not authorized), the addon 1.10.1 reads a null assignor name and the
   * process dies of a segmentation fault.
   */
  private async isListed(groupId: string, what: string): Promise<boolean> {
    const { groups, errors } = await this.handle.call<NativeGroupList>(what, (admin, done) => {
      admin.listGroups({ timeout: this.timeoutMs }, done as never);
    });
    if (groups.some((group) => group.groupId === groupId)) return true;
    const failure = errors.find(({ code }) => !LOADING.has(code));
    if (failure !== undefined) throw this.handle.failure(failure, what);
    return false;
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
    await this.groups.close();
    await this.handle.close();
  }
}

/** A group is asked about a topic that need not exist. */
function ignoreUnknownTopic(error: unknown): void {
  if (
    error instanceof KafkaError &&
    (error.code === 'TOPIC_NOT_FOUND' || error.kafkaCode === 'TOPIC_AUTHORIZATION_FAILED')
  )
    return;
  throw error;
}

function copy({ topic, partition, offset }: TopicPartitionOffset): TopicPartitionOffset {
  return { topic, partition, offset };
}

function toMember(member: NativeGroup['members'][number]): GroupMember {
  const partitions = member.assignment?.topicPartitions.map(({ topic, partition }) => ({ topic, partition })) ?? [];
  return {
    memberId: member.memberId,
    clientId: member.clientId,
    partitions,
    ...(member.groupInstanceId == null ? {} : { groupInstanceId: member.groupInstanceId }),
  };
}
