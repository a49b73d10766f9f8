import type { GroupEvent, GroupMembership, GroupMembershipOptions, GroupProtocol, Subscription } from '../port.js';
import { partitionKey, type OffsetAndMetadata, type TopicPartition } from '../records.js';
import { KafkaError } from '../../errors/errors.js';
import type { ClientProcess } from './client-process.js';
import type { ConsumerGroup } from './consumer-group.js';
import type { OwnershipChange } from './group-member.js';
import { clientClosed, groupFenced, illegalCall, refused, timedOut } from './kafka-failures.js';
import type { MemoryCluster } from './memory-cluster.js';

/** Longest metadata text of an offset, the broker's `offset.metadata.max.bytes`. */
const MAX_METADATA_BYTES = 4_096;

/** Who commits: what the broker checks. */
export interface GroupMetadata {
  readonly group: ConsumerGroup;
  readonly memberId: string;
  readonly epoch: number;
}

/** Membership in a group of the in-memory Kafka. `poll()` is its heartbeat; between polls the broker is not asked. */
export class MemoryMembership implements GroupMembership {
  readonly #process: ClientProcess;
  readonly #cluster: MemoryCluster;
  readonly #options: GroupMembershipOptions;
  readonly #protocol: GroupProtocol;
  #subscription: Subscription | undefined;
  #memberId: string | undefined;
  #epoch = 0;
  #isClosed = false;
  #unanswered: OwnershipChange | undefined;
  readonly #held = new Map<string, TopicPartition>();

  constructor(process: ClientProcess, cluster: MemoryCluster, options: GroupMembershipOptions) {
    this.#process = process;
    this.#cluster = cluster;
    this.#options = options;
    this.#protocol = options.protocol === 'classic' ? 'classic' : 'consumer';
  }

  async join(subscription: Subscription): Promise<void> {
    await this.#process.call('membership.join', [subscription], () => {
      if (this.#isClosed) throw clientClosed('group membership');
      if (this.#subscription !== undefined) throw illegalCall('This membership has joined its group already');
      this.#cluster.access.check(this.#process.identity, 'read', 'group', this.#options.groupId);
    });
    this.#subscription = subscription;
  }

  poll(): readonly GroupEvent[] {
    return this.#process.callNow('membership.poll', [], () => {
      if (this.#isClosed) throw clientClosed('group membership');
      if (this.#subscription === undefined) return [];
      try {
        return this.#nextEvents(this.#subscription);
      } catch (error) {
        if (!(error instanceof KafkaError)) throw error;
        this.#subscription = undefined;
        return [{ type: 'error', error }];
      }
    });
  }

  acknowledge(): void {
    this.#process.callNow('membership.acknowledge', [], () => {
      const change = this.#unanswered;
      if (this.#isClosed) throw clientClosed('group membership');
      if (change === undefined) throw illegalCall('There is no ownership change to acknowledge');
      this.#unanswered = undefined;
      for (const { topic, partition } of change.partitions) {
        if (change.type === 'assigned') this.#held.set(partitionKey(topic, partition), { topic, partition });
        else this.#held.delete(partitionKey(topic, partition));
      }
      const member = this.#memberId === undefined ? undefined : this.#group().heartbeat(this.#memberId);
      if (member !== undefined && change.type !== 'lost') this.#group().answered(member, change);
    });
  }

  assignment(): readonly TopicPartition[] {
    return [...this.#held.values()];
  }

  commit(offsets: readonly OffsetAndMetadata[]): Promise<void> {
    return this.#process.call('membership.commit', [offsets], () => {
      if (this.#isClosed) throw clientClosed('group membership');
      for (const { topic, partition, metadata } of offsets) {
        if (!this.#isOwn(topic, partition)) throw groupFenced(this.#options.groupId, 'STALE_MEMBER_EPOCH');
        this.#cluster.access.check(this.#process.identity, 'read', 'topic', topic);
        checkMetadata(metadata);
      }
      const { group, memberId, epoch } = this.groupMetadata();
      group.checkEpoch(memberId, epoch, false);
      group.offsets.commit(offsets);
    });
  }

  committed(partitions: readonly TopicPartition[]): Promise<OffsetAndMetadata[]> {
    return this.#process.call('membership.committed', [partitions], async () => {
      if (this.#isClosed) throw clientClosed('group membership');
      this.#cluster.access.check(this.#process.identity, 'read', 'group', this.#options.groupId);
      await this.#whenStable(partitions);
      return this.#group().offsets.get(partitions);
    });
  }

  leave(): Promise<void> {
    return this.#process.call('membership.leave', [], () => {
      if (this.#isClosed) return;
      this.#isClosed = true;
      this.#unanswered = undefined;
      this.#held.clear();
      if (this.#memberId !== undefined) this.#group().leave(this.#memberId);
    });
  }

  /** What a transaction is fenced by: the membership as this client knows it now. */
  groupMetadata(): GroupMetadata {
    return { group: this.#group(), memberId: this.#memberId ?? '', epoch: this.#epoch };
  }

  #nextEvents(subscription: Subscription): GroupEvent[] {
    const group = this.#group();
    const member = this.#memberId === undefined ? undefined : group.heartbeat(this.#memberId);
    if (this.#unanswered !== undefined) return [];
    if (this.#memberId !== undefined && member === undefined) return this.#lost(group);
    const joined = member ?? this.#joinGroup(group, subscription);
    const change = group.next(joined);
    this.#epoch = joined.epoch;
    if (change === undefined) return [];
    this.#unanswered = change;
    return [change];
  }

  /** The broker has thrown this member out: everything it held is lost, and it joins anew after the answer. */
  #lost(group: ConsumerGroup): GroupEvent[] {
    const events: GroupEvent[] = [];
    if (this.#memberId !== undefined && group.wasTakenOver(this.#memberId)) {
      this.#subscription = undefined;
      const message = `Another process uses the static id '${this.#options.groupInstanceId}' in group '${group.groupId}': give each process its own`;
      const error = new KafkaError('GROUP_FENCED', message, { kafkaCode: 'FENCED_INSTANCE_ID', isFatal: true });
      events.push({ type: 'error', error });
    }
    this.#memberId = undefined;
    if (this.#held.size === 0) return events;
    this.#unanswered = { type: 'lost', partitions: [...this.#held.values()] };
    return [this.#unanswered, ...events];
  }

  #joinGroup(group: ConsumerGroup, subscription: Subscription): ReturnType<ConsumerGroup['join']> {
    const { groupInstanceId, maxPollIntervalMs = 300_000, sessionTimeoutMs = 45_000 } = this.#options;
    const member = group.join(
      {
        identity: this.#process.identity,
        incarnation: this.#process.incarnation,
        groupInstanceId,
        subscription,
        maxPollIntervalMs,
        sessionTimeoutMs: this.#protocol === 'classic' ? sessionTimeoutMs : this.#cluster.groupSessionTimeoutMs,
      },
      this.#protocol,
    );
    this.#memberId = member.memberId;
    return member;
  }

  #group(): ConsumerGroup {
    return this.#cluster.groups.get(this.#options.groupId);
  }

  /** Held, or handed over by an event that is not answered yet. */
  #isOwn(topic: string, partition: number): boolean {
    if (this.#held.has(partitionKey(topic, partition))) return true;
    const change = this.#unanswered;
    return (
      change?.type === 'assigned' &&
      change.partitions.some((other) => other.topic === topic && other.partition === partition)
    );
  }

  /** As a broker asked with `require.stable` (KIP-447): no answer while an open transaction may change an offset. */
  async #whenStable(partitions: readonly TopicPartition[]): Promise<void> {
    const { alarms, requestTimeoutMs } = this.#cluster;
    const { offsets } = this.#group();
    const dueMs = alarms.nowMs() + requestTimeoutMs;
    while (offsets.hasPending(partitions)) {
      if (alarms.nowMs() >= dueMs) throw timedOut('Reading committed offsets, which an open transaction may change,');
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          alarms.cancel(alarm);
          offsets.unwatch(wake);
          resolve();
        };
        const alarm = alarms.awaited(dueMs, wake);
        offsets.watch(wake);
      });
    }
  }
}

/** @throws KafkaError if the text is longer than a broker keeps */
export function checkMetadata(metadata: string | undefined): void {
  if (metadata === undefined || Buffer.byteLength(metadata) <= MAX_METADATA_BYTES) return;
  const message = `The metadata of a committed offset is longer than ${MAX_METADATA_BYTES} bytes: shorten it`;
  throw refused('KAFKA_FAILURE', 'OFFSET_METADATA_TOO_LARGE', message);
}
