import type { GroupDescription } from '../port.js';
import type { AlarmQueue } from './alarm-queue.js';
import { ConsumerGroup } from './consumer-group.js';
import { refused } from './kafka-failures.js';
import type { TopicRegistry } from './topic-registry.js';

/** All consumer groups of the cluster. */
export class GroupCoordinator {
  readonly #groups = new Map<string, ConsumerGroup>();
  readonly #topics: TopicRegistry;
  readonly #alarms: AlarmQueue;
  readonly #seed: number;
  #members = 0;

  /** @param seed decides the member ids and with them the order of the members */
  constructor(topics: TopicRegistry, alarms: AlarmQueue, seed: number) {
    this.#topics = topics;
    this.#alarms = alarms;
    this.#seed = seed;
  }

  find(groupId: string): ConsumerGroup | undefined {
    return this.#groups.get(groupId);
  }

  describe(groupId: string): GroupDescription {
    return this.find(groupId)?.describe() ?? { groupId, state: 'dead', members: [] };
  }

  /** The group, made if it does not exist. */
  get(groupId: string): ConsumerGroup {
    let group = this.#groups.get(groupId);
    if (group === undefined) {
      group = new ConsumerGroup(groupId, {
        topics: this.#topics,
        alarms: this.#alarms,
        newMemberId: () => this.#newMemberId(),
      });
      this.#groups.set(groupId, group);
    }
    return group;
  }

  all(): ConsumerGroup[] {
    return [...this.#groups.values()];
  }

  delete(groupId: string): void {
    const group = this.#groups.get(groupId);
    if (group === undefined) {
      throw refused('KAFKA_FAILURE', 'GROUP_ID_NOT_FOUND', `Group '${groupId}' does not exist`);
    }
    if (!group.isEmpty) {
      throw refused('KAFKA_FAILURE', 'NON_EMPTY_GROUP', `Group '${groupId}' has members: stop them before deleting it`);
    }
    this.#groups.delete(groupId);
  }

  /** In a real cluster these are random UUIDs: a new member may sort before the others, and does so here. */
  #newMemberId(): string {
    this.#members += 1;
    const high = scramble(Math.imul(this.#seed, 0x9e3779b1) + this.#members);
    const low = scramble(high ^ this.#members);
    return [high, low].map((half) => half.toString(16).padStart(8, '0')).join('');
  }
}

/** Murmur3's finaliser: spreads a 32-bit number over all 32-bit numbers, one to one. */
function scramble(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
