import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MemoryKafka } from '../../../dist/client/memory/memory-kafka.js';
import type { GroupProtocol } from '../../../dist/client/port.js';
import { TestMember } from '../../../dist/testing/contract/test-member.js';
import { VirtualClock } from '../../../dist/time/virtual-clock.js';

const TOPICS = ['left', 'right'];

/** Who does what next; numbers choose among the members there are. */
type Step =
  { readonly join: true } | { readonly leave: number } | { readonly poll: number } | { readonly answer: number };

/** A random history with at least 20 joins and leaves, and any number of polls and late answers between them. */
const history: fc.Arbitrary<Step[]> = fc
  .array(
    fc.record({
      change: fc.oneof(
        fc.constant({ join: true } as const),
        fc.nat(9).map((leave) => ({ leave })),
      ),
      between: fc.array(
        fc.oneof(
          fc.nat(9).map((poll) => ({ poll })),
          fc.nat(9).map((answer) => ({ answer })),
        ),
        {
          maxLength: 12,
        },
      ),
    }),
    { minLength: 20, maxLength: 30 },
  )
  .map((rounds) => rounds.flatMap(({ change, between }): Step[] => [change, ...between]));

class Group {
  readonly members: TestMember[] = [];
  changes = 0;
  readonly #kafka: MemoryKafka;

  constructor(
    readonly partitions: number,
    readonly protocol: GroupProtocol,
    seed: number,
  ) {
    this.#kafka = new MemoryKafka({ clock: new VirtualClock(), seed });
    for (const topic of TOPICS) this.#kafka.createTopic({ topic, partitions });
  }

  async take(step: Step): Promise<void> {
    if ('join' in step) {
      const member = new TestMember(this.#kafka.clients().membership({ groupId: 'group', protocol: this.protocol }));
      member.holdsBack = true;
      await member.membership.join({ topics: TOPICS, patterns: [] });
      this.members.push(member);
      this.changes += 1;
    } else if ('leave' in step) {
      if (this.members.length === 0) return this.take({ join: true });
      const [member] = this.members.splice(step.leave % this.members.length, 1);
      await member?.membership.leave();
      this.changes += 1;
    } else {
      const choice = 'poll' in step ? step.poll : step.answer;
      const member = this.members[choice % this.members.length];
      if ('poll' in step) member?.poll();
      else member?.answer();
    }
    this.check();
  }

  /** Both partitions of an index are on one member, and no partition is on two. */
  check(): void {
    const owners = new Map<string, TestMember>();
    for (const member of this.members) {
      for (const key of member.partitions) {
        assert.ok(!owners.has(key), `${key} is on two members`);
        owners.set(key, member);
      }
    }
    for (let partition = 0; partition < this.partitions; partition += 1) {
      const [left, right] = TOPICS.map((topic) => owners.get(`${topic}-${partition}`));
      assert.equal(left, right, `partition ${partition} of the topics is on two members`);
    }
  }

  /** Lets everybody poll and answer until nothing moves any more; then all partitions must be owned. */
  async settle(): Promise<void> {
    if (this.members.length === 0) await this.take({ join: true });
    for (let round = 0; round < 10; round += 1) {
      for (let i = 0; i < this.members.length; i += 1) {
        await this.take({ poll: i });
        await this.take({ answer: i });
      }
    }
    const owned = this.members.flatMap((member) => member.partitions);
    assert.equal(owned.length, TOPICS.length * this.partitions);
  }
}

describe('co-partitioned topics in a group of the in-memory Kafka', () => {
  for (const protocol of ['consumer', 'classic'] as const) {
    it(`should stay together in every step of any sequence of joins and leaves (${protocol})`, async () => {
      await fc.assert(
        fc.asyncProperty(history, fc.integer({ min: 1, max: 8 }), fc.nat(), async (steps, partitions, seed) => {
          const group = new Group(partitions, protocol, seed);
          for (const step of steps) await group.take(step);
          await group.settle();
          assert.ok(group.changes >= 20);
        }),
        { numRuns: 300 },
      );
    });
  }
});
