import assert from 'node:assert/strict';
import type { ContractCase } from './harness.js';
import { allKeys, holdAll, offsetsOf } from './group.js';
import { contractCase, produceOne, rejectsWith, values, type Scenario } from './scenario.js';
import type { TestMember } from './test-member.js';

/** A member that holds the only partition of a new topic. */
async function soleMember(s: Scenario, groupId: string, maxPollIntervalMs = 300_000): Promise<[TestMember, string]> {
  const topic = await s.topic();
  const member = await s.member([topic], { groupId, maxPollIntervalMs });
  await s.settle([member], () => holdAll([member], allKeys([topic], 1)), 'the assignment');
  return [member, topic];
}

/** Offsets committed in transactions. */
export const transactionalOffsetCases: readonly ContractCase[] = [
  contractCase('should commit offsets with the records of the transaction, metadata included', async (s) => {
    const groupId = s.harness.uniqueName('group');
    const [member, topic] = await soleMember(s, groupId);
    const output = await s.topic();
    const producer = await s.transactionalProducer(s.harness.uniqueName('tx'));
    await producer.beginTransaction();
    await produceOne(producer, output, { value: 'out' });
    await producer.sendOffsets([{ topic, partition: 0, offset: 4, metadata: 'AgAAAYvP' }], member.membership);
    await producer.commitTransaction();
    const [committed] = await member.membership.committed([{ topic, partition: 0 }]);
    assert.deepEqual([committed?.offset, committed?.metadata], [4, 'AgAAAYvP']);
    assert.deepEqual(values(await s.readAll({ topic: output, partition: 0 })), ['out']);
  }),

  contractCase('should drop the offsets of an aborted transaction', async (s) => {
    const groupId = s.harness.uniqueName('group');
    const [member, topic] = await soleMember(s, groupId);
    await member.membership.commit([{ topic, partition: 0, offset: 1 }]);
    const producer = await s.transactionalProducer(s.harness.uniqueName('tx'));
    await producer.beginTransaction();
    await producer.sendOffsets([{ topic, partition: 0, offset: 9 }], member.membership);
    await producer.abortTransaction();
    assert.deepEqual(offsetsOf(await member.membership.committed([{ topic, partition: 0 }])), ['0@1']);
  }),

  contractCase('should not answer committed() while an open transaction may change the offset', async (s) => {
    const groupId = s.harness.uniqueName('group');
    const [member, topic] = await soleMember(s, groupId);
    await member.membership.commit([{ topic, partition: 0, offset: 1 }]);
    const producer = await s.transactionalProducer(s.harness.uniqueName('tx'));
    await producer.beginTransaction();
    await producer.sendOffsets([{ topic, partition: 0, offset: 2 }], member.membership);
    const reading = member.membership.committed([{ topic, partition: 0 }]);
    // Time enough for a hasty answer.
    const topicOfNobody = await s.topic();
    await s.readAll({ topic: topicOfNobody, partition: 0 });
    await producer.commitTransaction();
    assert.deepEqual(offsetsOf(await reading), ['0@2']);
  }),

  contractCase(
    'should fence the offsets of a member that lost its partitions, and go on after the abort',
    async (s) => {
      const groupId = s.harness.uniqueName('group');
      const [zombie, topic] = await soleMember(s, groupId, s.harness.shortPollIntervalMs);
      const output = await s.topic();
      const producer = await s.transactionalProducer(s.harness.uniqueName('tx'));
      await producer.beginTransaction();
      await produceOne(producer, output, { value: 'of the zombie' });
      const heir = await s.member([topic], { groupId });
      await s.settle([heir], () => holdAll([heir], allKeys([topic], 1)), 'the other member to take over');

      const offsets = [{ topic, partition: 0, offset: 3 }];
      const fenced = await rejectsWith('GROUP_FENCED', () => producer.sendOffsets(offsets, zombie.membership));
      assert.deepEqual([fenced.requiresAbort, fenced.isFatal], [true, false]);
      await assert.rejects(producer.commitTransaction());
      await producer.abortTransaction();
      assert.deepEqual(await s.readAll({ topic: output, partition: 0 }), []);

      await producer.beginTransaction();
      await produceOne(producer, output, { value: 'of the heir' });
      await producer.sendOffsets(offsets, heir.membership);
      await producer.commitTransaction();
      assert.deepEqual(offsetsOf(await heir.membership.committed([{ topic, partition: 0 }])), ['0@3']);
      assert.deepEqual(values(await s.readAll({ topic: output, partition: 0 })), ['of the heir']);
    },
  ),
];
