import { KafkaError } from '../../../errors/errors.js';
import type { Clock } from '../../../time/clock.js';
import type { IsolationLevel } from '../../port.js';
import type { EpochEnd, FetchedPartition, NodeEndpoint } from '../protocol/fetch-response.js';
import { Alarm } from './alarm.js';
import { AssignedPartition } from './assigned-partition.js';
import { BrokerFetcher, type FetchEvents } from './broker-fetcher.js';
import type { BufferBudget } from './buffer-budget.js';
import { errorOfPartition, outOfRange, reactionTo, truncated } from './fetch-errors.js';
import type { FetchNetwork } from './fetch-network.js';
import { bufferRecords } from './fetched-records.js';
import { LeaderFinder } from './leader-finder.js';

/** How long a follower is read from before the leader is asked again which one to use (Java's `metadata.max.age.ms`). */
const REPLICA_LEASE_MS = 300_000;
/** So often in a row a leader may refuse an offset that it has: it may just have taken over. */
const MAX_DOUBTFUL_REFUSALS = 10;

export interface PartitionFetchingDeps {
  readonly network: FetchNetwork;
  readonly budget: BufferBudget;
  readonly clock: Clock;
  readonly isolation: IsolationLevel;
  readonly rack: string | undefined;
  /** Records of the partition were put into its buffer. */
  readonly onRecords: (partition: AssignedPartition) => void;
  /** The partition cannot be read on; what is in its buffer is before the failure. */
  readonly onFailure: (partition: AssignedPartition, error: KafkaError) => void;
  /** Nothing can be read any more. */
  readonly onFatal: (error: Error) => void;
  /** All news of one response was told. */
  readonly onResponse: () => void;
}

/** Keeps the buffers of assigned partitions filled: finds their leaders, and answers what brokers say about them. */
export class PartitionFetching implements FetchEvents {
  private readonly brokers = new Map<number, BrokerFetcher>();
  /** Brokers that have got partitions, and have not been asked for them yet. */
  private readonly joined = new Set<BrokerFetcher>();
  private readonly finder: LeaderFinder;
  private readonly alarm: Alarm;
  private isClosed = false;

  constructor(private readonly deps: PartitionFetchingDeps) {
    this.alarm = new Alarm(deps.clock, () => {
      for (const broker of this.brokers.values()) broker.pump();
    });
    this.finder = new LeaderFinder({
      network: deps.network,
      clock: deps.clock,
      onLeader: (partition, leaderId, leaderEpoch) => {
        this.onLeader(partition, leaderId, leaderEpoch);
      },
      onAnswered: () => {
        this.pumpJoined();
      },
      onFailure: deps.onFailure,
      onFatal: deps.onFatal,
    });
  }

  /** Begins to fetch a partition from `offset` on. */
  start(topic: string, partition: number, offset: number): AssignedPartition {
    const state = new AssignedPartition(topic, partition, offset);
    this.deps.budget.addPartitions(1);
    this.finder.find(state);
    return state;
  }

  /** Stops fetching a partition and drops what is buffered of it. */
  stop(partition: AssignedPartition): void {
    if (partition.isDropped) return;
    partition.isDropped = true;
    this.take(partition);
    this.deps.budget.addPartitions(-1);
    this.deps.budget.release(partition.buffer.heldBytes);
    partition.buffer.clear();
  }

  /** The partitions may have room again, or be wanted again. */
  continue(partitions: Iterable<AssignedPartition>): void {
    const brokers = new Set<BrokerFetcher | undefined>();
    for (const partition of partitions) brokers.add(this.brokerOf(partition));
    for (const broker of brokers) broker?.pump();
  }

  close(): void {
    this.isClosed = true;
    this.alarm.clear();
    this.finder.close();
    for (const broker of this.brokers.values()) broker.close();
  }

  onAnswer(partition: AssignedPartition, answer: FetchedPartition, brokerId: number): void {
    if (answer.errorCode !== 0) {
      this.onError(partition, answer, brokerId);
      return;
    }
    if (answer.divergingEpoch !== undefined) {
      this.onDiverging(partition, answer.divergingEpoch, brokerId);
      return;
    }
    partition.backoff.reset();
    partition.isTopicIdRefused = false;
    partition.doubtfulRefusals = 0;
    const { clock, isolation, budget } = this.deps;
    const { lastStableOffset, highWatermark } = answer;
    const end = isolation === 'read_committed' && lastStableOffset >= 0 ? lastStableOffset : highWatermark;
    if (end >= 0) partition.endOffset = end;
    try {
      const bytes = bufferRecords(partition, answer, isolation);
      if (bytes > 0) {
        budget.take(bytes);
        this.deps.onRecords(partition);
      }
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      this.fail(partition, error);
      return;
    }
    if (answer.preferredReadReplica >= 0 && answer.preferredReadReplica !== brokerId) {
      this.follow(partition, answer.preferredReadReplica);
    } else if (partition.replicaId !== undefined && clock.monotonicMs() >= partition.replicaUntilMs) {
      this.leaveReplica(partition);
      this.place(partition);
    }
  }

  onEndpoints(endpoints: readonly NodeEndpoint[]): void {
    this.deps.network.learn(endpoints);
  }

  onBrokerFailure(brokerId: number, error: KafkaError, partitions: readonly AssignedPartition[]): void {
    if (!error.isRetriable) {
      this.deps.onFatal(error);
      return;
    }
    for (const partition of partitions) this.seek(partition);
  }

  onResponse(): void {
    this.pumpJoined();
    this.deps.onResponse();
  }

  onFatal(error: unknown): void {
    this.deps.onFatal(error instanceof Error ? error : new Error(String(error)));
  }

  private onError(partition: AssignedPartition, answer: FetchedPartition, brokerId: number): void {
    const { errorCode, currentLeader } = answer;
    const reaction = reactionTo(errorCode);
    const isFollower = brokerId !== partition.leaderId;
    if (reaction === 'fail') {
      this.fail(partition, errorOfPartition(partition, errorCode));
      return;
    }
    this.retryLater(partition);
    if (isFollower) {
      // What a follower says may only mean that it is behind: the leader knows.
      this.leaveReplica(partition);
      if (reaction === 'range' || reaction === 'wait') {
        this.place(partition);
        return;
      }
    }
    if (reaction === 'range') void this.onOutOfRange(partition);
    else if (reaction === 'identify') partition.isTopicIdRefused = true;
    if (reaction !== 'move' && reaction !== 'identify') return;
    if (currentLeader !== undefined && currentLeader.leaderEpoch > partition.leaderEpoch) {
      const { leaderId, leaderEpoch } = currentLeader;
      if (this.deps.network.knows(leaderId)) {
        partition.retryAtMs = 0;
        this.onLeader(partition, leaderId, leaderEpoch);
        return;
      }
    }
    this.seek(partition);
  }

  /** The log does not have what was read. A follower may not have heard of it yet, or have lost it itself. */
  private onDiverging(partition: AssignedPartition, { endOffset }: EpochEnd, brokerId: number): void {
    if (brokerId === partition.leaderId) {
      this.fail(partition, truncated(partition, endOffset));
      return;
    }
    this.retryLater(partition);
    this.leaveReplica(partition);
    this.place(partition);
  }

  private retryLater(partition: AssignedPartition): void {
    partition.retryAtMs = this.deps.clock.monotonicMs() + partition.backoff.next();
    this.alarm.set(partition.retryAtMs);
  }

  private async onOutOfRange(partition: AssignedPartition): Promise<void> {
    const { retryAtMs, fetchOffset, topic, partition: number } = partition;
    partition.retryAtMs = Infinity;
    const range = await this.deps.network.range(topic, number).catch(() => undefined);
    if (!partition.isFetched || this.isClosed) return;
    if (range === undefined || fetchOffset < range.first || fetchOffset > range.end) {
      this.fail(partition, outOfRange(partition, range));
      return;
    }
    partition.doubtfulRefusals += 1;
    if (partition.doubtfulRefusals > MAX_DOUBTFUL_REFUSALS) {
      this.fail(partition, truncated(partition, undefined));
      return;
    }
    partition.retryAtMs = retryAtMs;
    this.alarm.set(retryAtMs);
  }

  private fail(partition: AssignedPartition, error: KafkaError): void {
    this.take(partition);
    this.deps.onFailure(partition, error);
  }

  /** Reads from a follower for a while, if its address is known. */
  private follow(partition: AssignedPartition, replicaId: number): void {
    if (!this.deps.network.knows(replicaId)) {
      this.seek(partition);
      return;
    }
    this.take(partition);
    partition.replicaId = replicaId;
    partition.replicaUntilMs = this.deps.clock.monotonicMs() + REPLICA_LEASE_MS;
    this.place(partition);
  }

  private leaveReplica(partition: AssignedPartition): void {
    this.take(partition);
    partition.replicaId = undefined;
  }

  private onLeader(partition: AssignedPartition, leaderId: number, leaderEpoch: number): void {
    this.take(partition);
    partition.leaderId = leaderId;
    partition.leaderEpoch = leaderEpoch;
    this.place(partition);
  }

  /** Asks who leads the partition; until that is known, nobody is asked for its records. */
  private seek(partition: AssignedPartition): void {
    this.take(partition);
    partition.replicaId = undefined;
    partition.leaderId = undefined;
    this.finder.find(partition);
  }

  private place(partition: AssignedPartition): void {
    const brokerId = partition.source;
    if (brokerId === undefined || !partition.isFetched) return;
    let broker = this.brokers.get(brokerId);
    if (broker === undefined) {
      const { network, budget, clock, isolation, rack } = this.deps;
      const pumpAt = (atMs: number): void => {
        this.alarm.set(atMs);
      };
      broker = new BrokerFetcher({ brokerId, network, budget, clock, isolation, rack, events: this, pumpAt });
      this.brokers.set(brokerId, broker);
    }
    broker.add(partition);
    this.joined.add(broker);
  }

  private pumpJoined(): void {
    const brokers = [...this.joined];
    this.joined.clear();
    for (const broker of brokers) broker.pump();
  }

  /** Takes the partition away from the broker that it is read from. */
  private take(partition: AssignedPartition): void {
    this.brokerOf(partition)?.remove(partition);
  }

  private brokerOf({ source }: AssignedPartition): BrokerFetcher | undefined {
    return source === undefined ? undefined : this.brokers.get(source);
  }
}
