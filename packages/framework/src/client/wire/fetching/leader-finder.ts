import { KafkaError } from '../../../errors/errors.js';
import type { Clock } from '../../../time/clock.js';
import { kafkaFailure } from '../../connection/kafka-failure.js';
import type { AssignedPartition } from './assigned-partition.js';
import { Backoff } from '../network/backoff.js';
import type { TopicView } from '../network/cluster-view.js';
import type { FetchNetwork } from './fetch-network.js';

/** How long a topic that no broker knows is waited for: a new one is not known everywhere at once. ms */
const MISSING_AFTER_MS = 3_000;
/**
 * How long a leader epoch below the one known is taken for old news, ms. After that it must be true: a topic made anew in
 * a cluster without topic ids, or a cluster whose metadata was restored. Of a leader that is none any more the fetch itself
 * will tell.
 */
const OLD_NEWS_MS = 10_000;

export interface LeaderFinderDeps {
  readonly network: Pick<FetchNetwork, 'topics'>;
  readonly clock: Clock;
  /** The leader of the partition is known. */
  readonly onLeader: (partition: AssignedPartition, leaderId: number, leaderEpoch: number) => void;
  /** All leaders of one answer were told. */
  readonly onAnswered: () => void;
  /** The partition cannot be read. */
  readonly onFailure: (partition: AssignedPartition, error: KafkaError) => void;
  /** The network cannot be used at all. */
  readonly onFatal: (error: Error) => void;
}

/** Asks for the leaders of partitions until each has one, or is known not to exist. */
export class LeaderFinder {
  private readonly wanted = new Set<AssignedPartition>();
  private readonly backoff = new Backoff();
  private isClosed = false;
  private isLooking = false;
  /** Partitions were added since the last question: they need not wait for the next look. */
  private hasNew = false;
  private pause: AbortController | undefined;

  constructor(private readonly deps: LeaderFinderDeps) {}

  /** Looks for the leader of this partition; `onLeader` or `onFailure` is called unless it is dropped before. */
  find(partition: AssignedPartition): void {
    this.wanted.add(partition);
    this.hasNew = true;
    this.pause?.abort();
    if (this.isLooking) return;
    this.look().catch((error: unknown) => {
      this.deps.onFatal(error instanceof Error ? error : new Error(String(error)));
    });
  }

  close(): void {
    this.isClosed = true;
    this.wanted.clear();
    this.pause?.abort();
  }

  private async look(): Promise<void> {
    const { clock } = this.deps;
    this.isLooking = true;
    try {
      // One turn, so that partitions assigned together are asked for together.
      await Promise.resolve();
      while (this.prune() > 0) {
        const isComplete = await this.ask();
        if (isComplete) this.backoff.reset();
        if (this.wanted.size > 0 && !this.hasNew) {
          this.pause = new AbortController();
          await clock.sleep(this.backoff.next(), this.pause.signal);
          this.pause = undefined;
        }
      }
    } finally {
      this.isLooking = false;
    }
  }

  /** Forgets those that nobody wants any more. */
  private prune(): number {
    for (const partition of this.wanted) if (!partition.isFetched) this.wanted.delete(partition);
    return this.wanted.size;
  }

  /** @returns whether every partition asked for has its answer */
  private async ask(): Promise<boolean> {
    const asked = [...this.wanted];
    this.hasNew = false;
    let found: ReadonlyMap<string, TopicView>;
    try {
      found = await this.deps.network.topics([...new Set(asked.map(({ topic }) => topic))]);
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      if (!error.isRetriable && !this.isClosed) this.deps.onFatal(error);
      return false;
    }
    let isComplete = true;
    for (const partition of asked) {
      if (!partition.isFetched || !this.wanted.has(partition)) continue;
      if (this.answer(partition, found.get(partition.topic))) this.wanted.delete(partition);
      else isComplete = false;
    }
    this.deps.onAnswered();
    return isComplete;
  }

  /** @returns false if the partition has to be asked for again */
  private answer(partition: AssignedPartition, topic: TopicView | undefined): boolean {
    const refusal = topic?.error;
    if (refusal?.code === 'AUTHORIZATION_FAILED' || refusal?.code === 'INVALID_TOPIC') {
      this.deps.onFailure(partition, cannotRead(partition, 'the broker refuses it', refusal.kafkaCode));
      return true;
    }
    const leader = topic?.partitions[partition.partition];
    if (topic === undefined || refusal !== undefined || leader === undefined) return this.onMissing(partition, refusal);
    partition.missingSinceMs = undefined;
    if (leader.leader < 0) return false;
    return this.onFound(partition, topic.topicId, leader.leader, leader.leaderEpoch);
  }

  private onMissing(partition: AssignedPartition, error: KafkaError | undefined): boolean {
    if (error !== undefined && error.code !== 'TOPIC_NOT_FOUND') return false;
    const now = this.deps.clock.monotonicMs();
    partition.missingSinceMs ??= now;
    if (now - partition.missingSinceMs < MISSING_AFTER_MS) return false;
    const reason = error === undefined ? 'it has no such partition' : 'no broker knows the topic';
    this.deps.onFailure(partition, cannotRead(partition, reason, 'UNKNOWN_TOPIC_OR_PART'));
    return true;
  }

  private onFound(partition: AssignedPartition, topicId: string | undefined, leaderId: number, epoch: number): boolean {
    const isOther = partition.topicId !== undefined && topicId !== undefined && partition.topicId !== topicId;
    if (isOther && partition.fetchOffset > 0) {
      // Only a refused id proves that ours is gone: a broker that is behind may still tell the id of a deleted topic.
      if (partition.isTopicIdRefused) {
        this.deps.onFailure(partition, createdAnew(partition));
        return true;
      }
      topicId = partition.topicId;
    } else if (!isOther && epoch >= 0 && epoch < partition.leaderEpoch) {
      // Perhaps from a broker that has not heard of the newer leader yet.
      const now = this.deps.clock.monotonicMs();
      partition.oldNewsSinceMs ??= now;
      if (now - partition.oldNewsSinceMs < OLD_NEWS_MS) return false;
    }
    partition.oldNewsSinceMs = undefined;
    if (isOther) partition.isTopicIdRefused = false;
    partition.topicId = topicId;
    this.deps.onLeader(partition, leaderId, epoch);
    return true;
  }
}

function cannotRead(partition: AssignedPartition, reason: string, kafkaCode: string): KafkaError {
  const { topic, partition: number, fetchOffset: offset } = partition;
  const position = { topic, partition: number, offset };
  return kafkaFailure(`Cannot read '${topic}' partition ${number}`, reason, { kafkaCode, ...position });
}

function createdAnew(partition: AssignedPartition): KafkaError {
  const reason =
    'the topic was deleted, and another one was created under its name, to which the offset does not belong';
  return cannotRead(partition, reason, 'UNKNOWN_TOPIC_ID');
}
