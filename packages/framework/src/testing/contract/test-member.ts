import assert from 'node:assert/strict';
import type { GroupEvent, GroupMembership } from '../../client/port.js';
import { partitionKey, type TopicPartition } from '../../client/records.js';

type OwnershipChange = Extract<GroupEvent, { type: 'assigned' | 'revoked' | 'lost' }>;

/** A group member as a case drives it: it keeps what happened, and answers ownership changes unless told not to. */
export class TestMember {
  /** Every ownership change, in order, as `assigned a-0 b-0`; changes without partitions are left out. */
  readonly history: string[] = [];
  /** While true, ownership changes stay unanswered. */
  holdsBack = false;
  #unanswered: OwnershipChange | undefined;
  readonly #own = new Set<string>();

  constructor(readonly membership: GroupMembership) {}

  /** The ownership change that waits for its answer. */
  get unanswered(): OwnershipChange | undefined {
    return this.#unanswered;
  }

  /** Keys of the partitions that this member may work on, sorted; checked against what the membership says. */
  get partitions(): string[] {
    const own = [...this.#own].sort();
    assert.deepEqual(keysOf(this.membership.assignment()), own, 'assignment() should agree with the events');
    return own;
  }

  /** Serves the membership once. */
  poll(): void {
    for (const event of this.membership.poll()) {
      if (event.type === 'error') throw event.error;
      assert.equal(this.#unanswered, undefined, 'no change may come while another waits for its answer');
      this.#unanswered = event;
      const keys = keysOf(event.partitions);
      if (keys.length > 0) this.history.push([event.type, ...keys].join(' '));
    }
    if (!this.holdsBack) this.answer();
  }

  /** Acknowledges the change that waits, if there is one. */
  answer(): void {
    const change = this.#unanswered;
    if (change === undefined) return;
    this.#unanswered = undefined;
    for (const key of keysOf(change.partitions)) {
      if (change.type === 'assigned') {
        assert.ok(!this.#own.has(key), `${key} was assigned twice`);
        this.#own.add(key);
      } else {
        assert.ok(this.#own.delete(key), `${key} was taken away but not held`);
      }
    }
    this.membership.acknowledge();
  }
}

/** `topic-partition` of each, sorted. */
export function keysOf(partitions: readonly TopicPartition[]): string[] {
  return partitions.map(({ topic, partition }) => partitionKey(topic, partition)).sort();
}
