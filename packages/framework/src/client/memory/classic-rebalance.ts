import { partitionKey, type TopicPartition } from '../records.js';
import type { GroupMemberState, OwnershipChange } from './group-member.js';
import { assignRangesTo } from './incremental-rebalance.js';
import type { Rebalance } from './rebalance.js';
import type { TopicRegistry } from './topic-registry.js';

/**
 * The classic group protocol with the eager `range` assignor: on any change everybody gives up everything; when all have
 * done so, a new generation begins and everybody gets its share.
 */
export class ClassicRebalance implements Rebalance {
  readonly #topics: TopicRegistry;
  readonly #members: ReadonlyMap<string, GroupMemberState>;
  #generation = 0;
  #isJoining = false;
  readonly #joined = new Set<string>();
  /** What the current generation gives to each member that has not taken it yet. */
  #waiting = new Map<string, TopicPartition[]>();
  #topicsVersion = -1;

  constructor(topics: TopicRegistry, members: ReadonlyMap<string, GroupMemberState>) {
    this.#topics = topics;
    this.#members = members;
  }

  membersChanged(): void {
    this.#isJoining = true;
    this.#joined.clear();
    this.#waiting.clear();
    this.#topicsVersion = this.#topics.version;
  }

  replaced(before: GroupMemberState, after: GroupMemberState): void {
    const isSame = this.#topics.names().every((topic) => before.subscribes(topic) === after.subscribes(topic));
    if (this.#isJoining || !isSame) return this.membersChanged();
    this.#waiting.set(after.memberId, this.#waiting.get(before.memberId) ?? [...before.owned.values()]);
    this.#waiting.delete(before.memberId);
  }

  removed(): void {
    // What it had is distributed again by the rebalance that `membersChanged` begins.
  }

  next(member: GroupMemberState): OwnershipChange | undefined {
    if (this.#topicsVersion !== this.#topics.version && this.#hasNewPartitions()) this.membersChanged();
    if (this.#isJoining) {
      if (member.owned.size > 0) return { type: 'revoked', partitions: [...member.owned.values()] };
      this.#join(member);
    }
    const assigned = this.#waiting.get(member.memberId);
    if (assigned === undefined) return undefined;
    this.#waiting.delete(member.memberId);
    member.epoch = this.#generation;
    for (const partition of assigned) member.owned.set(partitionKey(partition.topic, partition.partition), partition);
    return assigned.length > 0 ? { type: 'assigned', partitions: assigned } : undefined;
  }

  answered(member: GroupMemberState, change: OwnershipChange): void {
    if (change.type !== 'revoked') return;
    for (const { topic, partition } of change.partitions) member.owned.delete(partitionKey(topic, partition));
    if (this.#isJoining && member.owned.size === 0) this.#join(member);
  }

  get isSettled(): boolean {
    return !this.#isJoining && this.#waiting.size === 0;
  }

  #join(member: GroupMemberState): void {
    this.#joined.add(member.memberId);
    for (const { memberId, hasLeft } of this.#members.values()) {
      if (!hasLeft && !this.#joined.has(memberId)) return;
    }
    this.#isJoining = false;
    this.#generation += 1;
    this.#waiting = assignRangesTo(this.#members, this.#topics);
    for (const { memberId, hasLeft, owned } of this.#members.values()) {
      if (!hasLeft) continue;
      // A static member that is away keeps its share for its return.
      owned.clear();
      for (const partition of this.#waiting.get(memberId) ?? []) {
        owned.set(partitionKey(partition.topic, partition.partition), partition);
      }
      this.#waiting.delete(memberId);
    }
  }

  /** Topics may have come that concern nobody here. */
  #hasNewPartitions(): boolean {
    this.#topicsVersion = this.#topics.version;
    const wanted = [...assignRangesTo(this.#members, this.#topics).values()].flat();
    const held = [...this.#members.values()].flatMap(({ memberId, owned }) => [
      ...owned.values(),
      ...(this.#waiting.get(memberId) ?? []),
    ]);
    const keys = new Set(held.map(({ topic, partition }) => partitionKey(topic, partition)));
    return (
      wanted.length !== keys.size || wanted.some(({ topic, partition }) => !keys.has(partitionKey(topic, partition)))
    );
  }
}
