import assert from 'node:assert/strict';
import { partitionKey, type TopicPartition } from '../../client/records.js';
import type { ContractCase } from './harness.js';
import { contractCase, rejectsWith } from './scenario.js';
import { keysOf, type TestMember } from './test-member.js';

/** Keys of partitions 0 to `count` - 1 of each topic, sorted. */
export function allKeys(topics: readonly string[], count: number): string[] {
  return topics.flatMap((topic) => Array.from({ length: count }, (_, p) => partitionKey(topic, p))).sort();
}

/** True when the members hold all the keys, each one once. */
export function holdAll(members: readonly TestMember[], keys: readonly string[]): boolean {
  const held = members.flatMap((member) => member.partitions).sort();
  return held.length === keys.length && held.every((key, i) => key === keys[i]);
}

/** True when the members hold all the keys, and no member has more than one more than another. */
function shareEvenly(members: readonly TestMember[], keys: readonly string[]): boolean {
  const counts = members.map((member) => member.partitions.length);
  return holdAll(members, keys) && Math.max(...counts) - Math.min(...counts) <= 1;
}

/** Joining, leaving, and who owns what meanwhile. */
export const groupCases: readonly ContractCase[] = [
  contractCase('should give all partitions to a single member, which owns them once it has answered', async (s) => {
    const topic = await s.topic(3);
    const member = await s.member([topic], { groupId: s.harness.uniqueName('group') });
    member.holdsBack = true;
    await s.settle([member], () => member.unanswered !== undefined, 'the assignment');
    assert.equal(member.unanswered?.type, 'assigned');
    assert.deepEqual(keysOf(member.unanswered.partitions), allKeys([topic], 3));
    assert.deepEqual(member.membership.assignment(), []);
    member.answer();
    assert.deepEqual(member.partitions, allKeys([topic], 3));
  }),

  contractCase('should move only what another member gets, after its owner has given it up', async (s) => {
    const topic = await s.topic(4);
    const groupId = s.harness.uniqueName('group');
    const keys = allKeys([topic], 4);
    const first = await s.member([topic], { groupId, protocol: 'consumer' });
    await s.settle([first], () => holdAll([first], keys), 'the first member to hold all');
    first.holdsBack = true;
    const second = await s.member([topic], { groupId, protocol: 'consumer' });
    await s.settle([first, second], () => first.unanswered !== undefined, 'the revocation');

    assert.equal(first.unanswered?.type, 'revoked');
    assert.equal(first.unanswered.partitions.length, 2);
    assert.deepEqual(first.partitions, keys, 'what is revoked is held until the answer');
    for (let i = 0; i < 10; i += 1) second.poll();
    assert.deepEqual(second.partitions, []);

    first.holdsBack = false;
    first.answer();
    await s.settle([first, second], () => shareEvenly([first, second], keys), 'both members to share');
    assert.equal(first.history.length, 2, `the kept partitions should not have moved: ${first.history.join('; ')}`);
    assert.deepEqual(second.history.length, 1);
  }),

  contractCase('should give the partitions of a member that leaves to the others', async (s) => {
    const topic = await s.topic(4);
    const groupId = s.harness.uniqueName('group');
    const members = [await s.member([topic], { groupId }), await s.member([topic], { groupId })];
    const [first, second] = members;
    assert.ok(first !== undefined && second !== undefined);
    await s.settle(members, () => shareEvenly(members, allKeys([topic], 4)), 'both members to share');
    await first.membership.leave();
    await first.membership.leave();
    assert.deepEqual(first.membership.assignment(), []);
    await s.settle([second], () => holdAll([second], allKeys([topic], 4)), 'the one that stays to hold all');
    await rejectsWith('CLIENT_CLOSED', () => first.membership.commit([{ topic, partition: 0, offset: 1 }]));
  }),

  contractCase('should keep the same partitions of co-partitioned topics together', async (s) => {
    const topics = [await s.topic(4, {}, 'left'), await s.topic(4, {}, 'right')];
    const groupId = s.harness.uniqueName('group');
    const keys = allKeys(topics, 4);
    const members: TestMember[] = [];
    const check = async (): Promise<void> => {
      await s.settle(members, () => shareByIndex(members, topics, keys), `${members.length} members to share`);
    };
    for (let i = 0; i < 3; i += 1) {
      members.push(await s.member(topics, { groupId }));
      if (i > 0) await check();
    }
    await members.shift()?.membership.leave();
    await check();
  }),

  contractCase('should take everything from everybody in the classic protocol, then share it', async (s) => {
    const topic = await s.topic(4);
    const groupId = s.harness.uniqueName('group');
    const keys = allKeys([topic], 4);
    const first = await s.member([topic], { groupId, protocol: 'classic' });
    await s.settle([first], () => holdAll([first], keys), 'the first member to hold all');
    const second = await s.member([topic], { groupId, protocol: 'classic' });
    await s.settle([first, second], () => shareEvenly([first, second], keys), 'both members to share');
    assert.deepEqual(first.history[1], ['revoked', ...keys].join(' '));
    assert.equal(first.history[2]?.startsWith('assigned'), true);
  }),

  contractCase('should notice topics of a pattern and partitions that come later', async (s) => {
    const prefix = s.harness.uniqueName('pattern');
    const first = await s.topic(1, {}, `${prefix}-a`);
    await s.topic(1, {}, `other-${prefix}-a`);
    const pattern = new RegExp(`${prefix}-.*`);
    const member = await s.member(pattern, { groupId: s.harness.uniqueName('group') });
    await s.settle([member], () => holdAll([member], allKeys([first], 1)), 'the topic that exists');
    const second = await s.topic(1, {}, `${prefix}-b`);
    await s.settle([member], () => holdAll([member], allKeys([first, second], 1)), 'the topic that came later');
    await (await s.admin()).createPartitions(first, 2);
    const grown = [...allKeys([first], 2), ...allKeys([second], 1)].sort();
    await s.settle([member], () => holdAll([member], grown), 'the partition that came later');
  }),

  contractCase('should give a static member that comes back what it had, unnoticed by the others', async (s) => {
    const topic = await s.topic(4);
    const groupId = s.harness.uniqueName('group');
    const [leaver, stayer] = [
      await s.member([topic], { groupId, groupInstanceId: 'one' }),
      await s.member([topic], { groupId, groupInstanceId: 'two' }),
    ];
    const keys = allKeys([topic], 4);
    await s.settle([leaver, stayer], () => shareEvenly([leaver, stayer], keys), 'both members to share');
    const before = leaver.partitions;
    const seen = stayer.history.length;
    await leaver.membership.leave();
    const back = await s.member([topic], { groupId, groupInstanceId: 'one' });
    await s.settle([back, stayer], () => back.partitions.length === 2, 'the member to be back');
    assert.deepEqual(back.partitions, before);
    assert.equal(stayer.history.length, seen);
  }),

  contractCase('should take everything from a member that stopped polling, and let it join again', async (s) => {
    const topic = await s.topic(2);
    const groupId = s.harness.uniqueName('group');
    const keys = allKeys([topic], 2);
    const zombie = await s.member([topic], { groupId, maxPollIntervalMs: s.harness.shortPollIntervalMs });
    await s.settle([zombie], () => holdAll([zombie], keys), 'the member to hold all');
    await zombie.membership.commit([{ topic, partition: 0, offset: 5 }]);
    const heir = await s.member([topic], { groupId });
    // The zombie answers nothing any more; it is not even polled.
    await s.settle([heir], () => holdAll([heir], keys), 'the other member to hold all');
    await rejectsWith('GROUP_FENCED', () => zombie.membership.commit([{ topic, partition: 0, offset: 9 }]));
    assert.deepEqual(offsetsOf(await heir.membership.committed([{ topic, partition: 0 }])), ['0@5']);

    await s.settle([zombie, heir], () => shareEvenly([zombie, heir], keys), 'the zombie to be back');
    assert.deepEqual(zombie.history.slice(1, 2), [['lost', ...keys].join(' ')]);
  }),

  contractCase('should keep committed offsets with their metadata', async (s) => {
    const topic = await s.topic(3);
    const groupId = s.harness.uniqueName('group');
    const member = await s.member([topic], { groupId });
    await s.settle([member], () => holdAll([member], allKeys([topic], 3)), 'the assignment');
    const partitions: TopicPartition[] = [0, 1, 2].map((partition) => ({ topic, partition }));
    assert.deepEqual(await member.membership.committed(partitions), []);
    await member.membership.commit([
      { topic, partition: 0, offset: 3, metadata: 'AgAAAYvPQlSA' },
      { topic, partition: 2, offset: 7 },
    ]);
    await member.membership.commit([{ topic, partition: 0, offset: 4, metadata: 'newer' }]);

    const read = await member.membership.committed(partitions);
    assert.deepEqual(offsetsOf(read), ['0@4', '2@7']);
    assert.equal(read.find(({ partition }) => partition === 0)?.metadata, 'newer');
    assert.ok((read.find(({ partition }) => partition === 2)?.metadata ?? '') === '');
    assert.deepEqual(offsetsOf(await (await s.admin()).groupOffsets(groupId)), ['0@4', '2@7']);
  }),

  contractCase('should refuse to commit partitions that were given away', async (s) => {
    const topic = await s.topic(2);
    const groupId = s.harness.uniqueName('group');
    const members = [await s.member([topic], { groupId })];
    const [first] = members;
    assert.ok(first !== undefined);
    await s.settle(members, () => holdAll(members, allKeys([topic], 2)), 'the first member to hold all');
    members.push(await s.member([topic], { groupId }));
    await s.settle(members, () => shareEvenly(members, allKeys([topic], 2)), 'both members to share');
    const gone = [0, 1].find((partition) => !first.partitions.includes(partitionKey(topic, partition)));
    assert.ok(gone !== undefined);
    await rejectsWith('GROUP_FENCED', () => first.membership.commit([{ topic, partition: gone, offset: 1 }]));
    await first.membership.commit([{ topic, partition: 1 - gone, offset: 1 }]);
  }),

  contractCase('should describe a group, and delete it once it is empty', async (s) => {
    const topic = await s.topic(2);
    const admin = await s.admin();
    const groupId = s.harness.uniqueName('group');
    assert.deepEqual(await admin.describeGroup(groupId), { groupId, state: 'dead', members: [] });
    const member = await s.member([topic], { groupId });
    await s.settle([member], () => holdAll([member], allKeys([topic], 2)), 'the assignment');
    await member.membership.commit([{ topic, partition: 0, offset: 1 }]);
    await s.harness.waitFor(async () => {
      member.poll();
      const { state, members } = await admin.describeGroup(groupId);
      return state === 'stable' && members.length === 1 && members[0]?.partitions.length === 2;
    }, 'the group to be stable');
    const refused = await rejectsWith('KAFKA_FAILURE', () => admin.deleteGroup(groupId));
    assert.match(refused.kafkaCode, /NON_EMPTY_GROUP/);

    await member.membership.leave();
    await s.harness.waitFor(async () => (await admin.describeGroup(groupId)).state === 'empty', 'an empty group');
    await admin.deleteGroup(groupId);
    assert.deepEqual(await admin.groupOffsets(groupId), []);
    assert.equal((await admin.describeGroup(groupId)).state, 'dead');
  }),
];

/** True when all is held and the same partitions of all topics are on the same member. */
function shareByIndex(members: readonly TestMember[], topics: readonly string[], keys: readonly string[]): boolean {
  if (!holdAll(members, keys) || members.some((member) => member.partitions.length === 0)) return false;
  const [first = '', ...others] = topics;
  for (const member of members) {
    const indexes = (topic: string): string =>
      member.partitions
        .filter((key) => key.startsWith(`${topic}-`))
        .map((key) => key.slice(topic.length))
        .join();
    for (const other of others) assert.equal(indexes(other), indexes(first), 'the topics should be split alike');
  }
  return true;
}

/** `partition@offset`, sorted. */
export function offsetsOf(offsets: readonly { partition: number; offset: number }[]): string[] {
  return offsets.map(({ partition, offset }) => `${partition}@${offset}`).sort();
}
