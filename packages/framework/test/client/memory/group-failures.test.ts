import assert from 'node:assert/strict';
import { MemoryKafka } from '../../../dist/client/memory/memory-kafka.js';
import type { GroupEvent, GroupMembershipOptions } from '../../../dist/client/port.js';
import { KafkaError } from '../../../dist/errors/errors.js';
import { TestMember } from '../../../dist/testing/contract/test-member.js';
import { VirtualClock } from '../../../dist/time/virtual-clock.js';

describe('groups of the in-memory Kafka', () => {
  let clock: VirtualClock;
  let kafka: MemoryKafka;

  beforeEach(() => {
    clock = new VirtualClock();
    kafka = new MemoryKafka({ clock, groupSessionTimeoutMs: 10_000 });
    kafka.createTopic({ topic: 'in', partitions: 2 });
  });

  async function member(identity: string, options: Partial<GroupMembershipOptions> = {}): Promise<TestMember> {
    const joined = new TestMember(kafka.clients(identity).membership({ groupId: 'group', ...options }));
    await joined.membership.join({ topics: ['in'], patterns: [] });
    joined.poll();
    return joined;
  }

  function errorOf(events: readonly GroupEvent[]): KafkaError {
    const event = events.find(({ type }) => type === 'error');
    assert.ok(event?.type === 'error' && event.error instanceof KafkaError);
    return event.error;
  }

  it('should keep the partitions of a crashed process until its session times out', async () => {
    await member('one');
    kafka.crash('one');
    const heir = await member('two');
    await clock.advance(9_999);
    heir.poll();
    assert.deepEqual(heir.partitions, [], 'all is still held by the dead');
    await clock.advance(1);
    heir.poll();
    assert.deepEqual(heir.partitions, ['in-0', 'in-1']);
  });

  it('should describe a group with a member that is gone, until it is forgotten and its partitions are taken over', async () => {
    const ids = (): (string | undefined)[] => kafka.group('group').members.map(({ clientId }) => clientId);
    assert.equal(kafka.group('group').state, 'dead');
    const [one, two] = [await member('one'), await member('two', { groupInstanceId: 'b' })];
    for (const each of [one, two, one, two]) each.poll();
    await two.membership.leave();
    await clock.advance(9_999);
    one.poll();
    assert.deepEqual([ids(), kafka.group('group').state], [['one', 'two'], 'stable']);
    await clock.advance(1);
    assert.deepEqual([ids(), kafka.group('group').state], [['one'], 'rebalancing']);
    one.poll();
    assert.deepEqual([one.partitions, kafka.group('group').state], [['in-0', 'in-1'], 'stable']);
  });

  it('should make a zombie of a process whose heartbeats stop', async () => {
    const zombie = await member('one');
    kafka.stopHeartbeats('one');
    await clock.advance(10_000);
    const heir = await member('two');
    assert.deepEqual(heir.partitions, ['in-0', 'in-1']);
    assert.deepEqual(zombie.partitions, ['in-0', 'in-1'], 'it does not know yet');
    await assert.rejects(zombie.membership.commit([{ topic: 'in', partition: 0, offset: 1 }]), {
      code: 'GROUP_FENCED',
    });
    kafka.resumeHeartbeats('one');
    zombie.poll();
    assert.deepEqual(zombie.history, ['assigned in-0 in-1', 'lost in-0 in-1']);
  });

  it('should keep a process whose heartbeats come again in time', async () => {
    const stalled = await member('one');
    kafka.stopHeartbeats('one');
    await clock.advance(9_000);
    kafka.resumeHeartbeats('one');
    await clock.advance(9_000);
    stalled.poll();
    await stalled.membership.commit([{ topic: 'in', partition: 0, offset: 1 }]);
    assert.equal(kafka.committed('group', 'in', 0)?.offset, 1);
  });

  it('should throw out a member that does not answer a revocation', async () => {
    const stubborn = await member('one', { maxPollIntervalMs: 5_000 });
    stubborn.holdsBack = true;
    const other = await member('two');
    stubborn.poll();
    assert.equal(stubborn.unanswered?.type, 'revoked');
    for (let i = 0; i < 5; i += 1) {
      await clock.advance(1_000);
      stubborn.poll();
      other.poll();
    }
    assert.deepEqual(other.partitions, ['in-0', 'in-1']);
    stubborn.answer();
    stubborn.poll();
    assert.match(stubborn.history.at(-1) ?? '', /^lost in-\d$/);
  });

  it('should refuse a static id whose member still lives, until its session has timed out', async () => {
    const before = await member('one', { groupInstanceId: 'static' });
    assert.equal(before.partitions.length, 2);
    kafka.crash('one');
    const early = kafka.clients('one').membership({ groupId: 'group', groupInstanceId: 'static' });
    await early.join({ topics: ['in'], patterns: [] });
    assert.equal(errorOf(early.poll()).kafkaCode, 'UNRELEASED_INSTANCE_ID');
    await clock.advance(10_000);
    const back = await member('one', { groupInstanceId: 'static' });
    assert.equal(back.partitions.length, 2);
  });

  it('should fence the older of two classic static members of one id', async () => {
    const options = { groupInstanceId: 'static', protocol: 'classic' } as const;
    const older = await member('one', options);
    const newer = await member('two', options);
    assert.equal(newer.partitions.length, 2);
    const events = older.membership.poll();
    assert.equal(events[0]?.type, 'lost');
    assert.deepEqual([errorOf(events).kafkaCode, errorOf(events).isFatal], ['FENCED_INSTANCE_ID', true]);
  });

  it('should refuse a member of another protocol while the group has members', async () => {
    const classic = await member('one', { protocol: 'classic' });
    const other = kafka.clients('two').membership({ groupId: 'group' });
    await other.join({ topics: ['in'], patterns: [] });
    assert.equal(errorOf(other.poll()).kafkaCode, 'INCONSISTENT_GROUP_PROTOCOL');
    await classic.membership.leave();
    assert.equal((await member('two')).partitions.length, 2);
  });

  it('should refuse to join where the group may not be read', async () => {
    const allow = kafka.deny({ resource: 'group', name: 'group', operations: ['read'], identity: 'one' });
    await assert.rejects(member('one'), { code: 'AUTHORIZATION_FAILED' });
    await member('two');
    allow();
    await member('one');
  });

  it('should give up waiting for stable offsets after the request time-out', async () => {
    const owner = await member('one');
    const producer = kafka.clients('one').producer({ transactionalId: 'tx', transactionTimeoutMs: 60_000 });
    await producer.connect();
    await producer.initTransactions();
    await producer.beginTransaction();
    await producer.sendOffsets([{ topic: 'in', partition: 0, offset: 3 }], owner.membership);
    const reading = owner.membership.committed([{ topic: 'in', partition: 0 }]);
    await assert.rejects(clock.run(reading), { code: 'TIMED_OUT', isRetriable: true });
    assert.equal(clock.monotonicMs(), 30_000);
    assert.deepEqual(await owner.membership.committed([{ topic: 'in', partition: 1 }]), []);
    // The transaction times out after another 30 s, which ends the wait.
    assert.deepEqual(await clock.run(owner.membership.committed([{ topic: 'in', partition: 0 }]), {}), []);
    assert.equal(clock.monotonicMs(), 60_000);
  });
});
