import { partitionKey, type TopicPartition } from '../records.js';
import type { GroupMemberState, OwnershipChange } from './group-member.js';
import { assignRanges } from './range-assignor.js';
import type { Rebalance } from './rebalance.js';
import type { TopicRegistry } from './topic-registry.js';

/**
 * The consumer group protocol of Kafka 4 (KIP-848). The broker keeps a target assignment, with an epoch; each member is led
 * there on its own, seeing only what changes for it: first it gives up what is no longer its own, then, as soon as the
 * previous owners have answered, it gets what is new. Nobody else's work stops.
 */
export class IncrementalRebalance implements Rebalance {
  readonly #topics: TopicRegistry;
  readonly #members: ReadonlyMap<string, GroupMemberState>;
  #epoch = 0;
  #target = new Map<string, TopicPartition[]>();
  readonly #owners = new Map<string, string>();
  #isStale = true;
  #topicsVersion = -1;

  constructor(topics: TopicRegistry, members: ReadonlyMap<string, GroupMemberState>) {
    this.#topics = topics;
    this.#members = members;
  }

  membersChanged(): void {
    this.#isStale = true;
  }

  replaced(before: GroupMemberState, after: GroupMemberState): void {
    this.removed(before);
    this.#target.set(after.memberId, this.#target.get(before.memberId) ?? []);
    this.#target.delete(before.memberId);
    after.epoch = before.epoch;
    const isSame = this.#topics.names().every((topic) => before.subscribes(topic) === after.subscribes(topic));
    if (!isSame) this.#isStale = true;
  }

  removed(member: GroupMemberState): void {
    for (const key of member.owned.keys()) this.#owners.delete(key);
  }

  next(member: GroupMemberState): OwnershipChange | undefined {
    this.#refresh();
    const target = this.#target.get(member.memberId) ?? [];
    const kept = new Set(target.map(({ topic, partition }) => partitionKey(topic, partition)));
    const revoked = [...member.owned].filter(([key]) => !kept.has(key)).map(([, partition]) => partition);
    if (revoked.length > 0) return { type: 'revoked', partitions: revoked };

    member.epoch = this.#epoch;
    const assigned: TopicPartition[] = [];
    for (const { topic, partition } of target) {
      const key = partitionKey(topic, partition);
      if (this.#owners.has(key)) continue;
      this.#owners.set(key, member.memberId);
      member.owned.set(key, { topic, partition });
      assigned.push({ topic, partition });
    }
    return assigned.length > 0 ? { type: 'assigned', partitions: assigned } : undefined;
  }

  answered(member: GroupMemberState, change: OwnershipChange): void {
    if (change.type !== 'revoked') return;
    for (const { topic, partition } of change.partitions) {
      const key = partitionKey(topic, partition);
      member.owned.delete(key);
      this.#owners.delete(key);
    }
  }

  get isSettled(): boolean {
    this.#refresh();
    return [...this.#members.values()].every(
      (member) =>
        member.epoch === this.#epoch && member.owned.size === (this.#target.get(member.memberId) ?? []).length,
    );
  }

  #refresh(): void {
    if (!this.#isStale && this.#topicsVersion === this.#topics.version) return;
    this.#isStale = false;
    this.#topicsVersion = this.#topics.version;
    this.#epoch += 1;
    this.#target = assignRangesTo(this.#members, this.#topics);
  }
}

/** The range assignment of all members to the topics that exist. */
export function assignRangesTo(
  members: ReadonlyMap<string, GroupMemberState>,
  topics: TopicRegistry,
): Map<string, TopicPartition[]> {
  const names = topics.names();
  const assignable = [...members.values()].map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.request.groupInstanceId,
    topics: names.filter((topic) => member.subscribes(topic)),
  }));
  return assignRanges(assignable, (topic) => topics.partitionCount(topic));
}
