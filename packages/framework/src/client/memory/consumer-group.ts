import type { GroupDescription, GroupProtocol } from '../port.js';
import type { AlarmQueue } from './alarm-queue.js';
import { ClassicRebalance } from './classic-rebalance.js';
import { CommittedOffsets } from './committed-offsets.js';
import { GroupMemberState, type JoinRequest, type OwnershipChange } from './group-member.js';
import { IncrementalRebalance } from './incremental-rebalance.js';
import { groupFenced, refused } from './kafka-failures.js';
import type { Rebalance } from './rebalance.js';
import type { TopicRegistry } from './topic-registry.js';

export interface ConsumerGroupDeps {
  readonly topics: TopicRegistry;
  readonly alarms: AlarmQueue;
  /** A member id that was never used. */
  readonly newMemberId: () => string;
}

/** A consumer group on the broker: its members, their life and death, and its offsets. */
export class ConsumerGroup {
  readonly offsets = new CommittedOffsets();
  readonly #members = new Map<string, GroupMemberState>();
  /** Members whose static id was taken over by another process. */
  readonly #takenOver = new Set<string>();
  #protocol: GroupProtocol = 'consumer';
  #rebalance: Rebalance;

  constructor(
    readonly groupId: string,
    readonly deps: ConsumerGroupDeps,
  ) {
    this.#rebalance = new IncrementalRebalance(deps.topics, this.#members);
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  /** @throws KafkaError if the group runs another protocol, or the static id belongs to a member that still lives */
  join(request: JoinRequest, protocol: GroupProtocol): GroupMemberState {
    this.#useProtocol(protocol);
    const member = new GroupMemberState(this.deps.newMemberId(), request, this.deps.alarms.nowMs());
    const before = this.#static(request.groupInstanceId);
    if (before !== undefined) {
      if (protocol === 'consumer' && !before.hasLeft) {
        const message = `Static member '${request.groupInstanceId}' of group '${this.groupId}' has not left yet: wait for its session to time out, or give each process its own id`;
        throw refused('GROUP_FENCED', 'UNRELEASED_INSTANCE_ID', message);
      }
      this.#forget(before);
      if (!before.hasLeft) this.#takenOver.add(before.memberId);
    }
    this.#members.set(member.memberId, member);
    if (before === undefined) this.#rebalance.membersChanged();
    else this.#rebalance.replaced(before, member);
    this.#watch(member);
    return member;
  }

  /** A dynamic member is gone at once; a static one may come back until its session times out. */
  leave(memberId: string): void {
    const member = this.#members.get(memberId);
    if (member === undefined) return;
    if (member.request.groupInstanceId === undefined) return this.#remove(member);
    member.hasLeft = true;
    member.answerDueMs = undefined;
    this.#silence(member);
  }

  /** The member, if it still belongs to the group; `poll` counts as a sign of life. */
  heartbeat(memberId: string): GroupMemberState | undefined {
    const member = this.#members.get(memberId);
    if (member !== undefined && member.silentSinceMs === undefined) member.lastPollMs = this.deps.alarms.nowMs();
    return member;
  }

  wasTakenOver(memberId: string): boolean {
    return this.#takenOver.has(memberId);
  }

  next(member: GroupMemberState): OwnershipChange | undefined {
    const change = this.#rebalance.next(member);
    if (change?.type === 'revoked') {
      member.answerDueMs = this.deps.alarms.nowMs() + member.request.maxPollIntervalMs;
      this.#watch(member);
    }
    return change;
  }

  answered(member: GroupMemberState, change: OwnershipChange): void {
    member.answerDueMs = undefined;
    this.#rebalance.answered(member, change);
  }

  /** @throws KafkaError GROUP_FENCED if the member is gone or its epoch is old */
  checkEpoch(memberId: string, epoch: number, requiresAbort: boolean): void {
    const member = this.#members.get(memberId);
    if (member === undefined) throw groupFenced(this.groupId, 'UNKNOWN_MEMBER_ID', { requiresAbort });
    if (member.epoch !== epoch) throw groupFenced(this.groupId, 'STALE_MEMBER_EPOCH', { requiresAbort });
  }

  /** The process of these members sends no heartbeats from now on. */
  silence(incarnation: number): void {
    for (const member of this.#members.values()) if (member.request.incarnation === incarnation) this.#silence(member);
  }

  /** Its heartbeats come again: members that are still in the group stay. */
  unsilence(incarnation: number): void {
    for (const member of this.#members.values()) {
      if (member.request.incarnation === incarnation && !member.hasLeft) member.silentSinceMs = undefined;
    }
  }

  describe(): GroupDescription {
    return {
      groupId: this.groupId,
      state: this.isEmpty ? 'empty' : this.#rebalance.isSettled ? 'stable' : 'rebalancing',
      members: [...this.#members.values()].map(({ memberId, request, owned }) => ({
        memberId,
        clientId: request.identity,
        partitions: [...owned.values()],
        ...(request.groupInstanceId === undefined ? {} : { groupInstanceId: request.groupInstanceId }),
      })),
    };
  }

  #useProtocol(protocol: GroupProtocol): void {
    if (protocol === this.#protocol) return;
    if (!this.isEmpty) {
      const message = `Group '${this.groupId}' uses the protocol '${this.#protocol}', asked for '${protocol}': use the same for all members`;
      throw refused('KAFKA_FAILURE', 'INCONSISTENT_GROUP_PROTOCOL', message);
    }
    this.#protocol = protocol;
    const { topics } = this.deps;
    this.#rebalance =
      protocol === 'consumer'
        ? new IncrementalRebalance(topics, this.#members)
        : new ClassicRebalance(topics, this.#members);
  }

  #static(groupInstanceId: string | undefined): GroupMemberState | undefined {
    if (groupInstanceId === undefined) return undefined;
    return [...this.#members.values()].find((member) => member.request.groupInstanceId === groupInstanceId);
  }

  #silence(member: GroupMemberState): void {
    member.silentSinceMs ??= this.deps.alarms.nowMs();
    this.#watch(member);
  }

  /** Keeps one alarm per member, at the time when it has to be thrown out as far as is known now. */
  #watch(member: GroupMemberState): void {
    const dueMs = member.expiryMs;
    if (member.timeout !== undefined && !member.timeout.isCancelled && member.timeout.dueMs <= dueMs) return;
    this.deps.alarms.cancel(member.timeout);
    member.timeout = this.deps.alarms.background(dueMs, () => {
      if (member.expiryMs <= this.deps.alarms.nowMs()) this.#remove(member);
      else this.#watch(member);
    });
  }

  #remove(member: GroupMemberState): void {
    this.#forget(member);
    this.#rebalance.removed(member);
    this.#rebalance.membersChanged();
  }

  #forget(member: GroupMemberState): void {
    this.deps.alarms.cancel(member.timeout);
    this.#members.delete(member.memberId);
  }
}
