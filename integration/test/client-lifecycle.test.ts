import assert from 'node:assert/strict';
import { kafkaClients, KafkaError, type GroupMembership, type KafkaClientFactory } from '@millrace/framework';
import { uniqueName, waitFor } from '@millrace/framework/testing';
import { useKafka } from '../src/use-kafka.js';

function isClosed(error: unknown): boolean {
  return error instanceof KafkaError && error.code === 'CLIENT_CLOSED';
}

describe('closing the clients on the Kafka addon', function () {
  this.timeout(60_000);
  const kafka = useKafka();
  let clients: KafkaClientFactory;
  let topic: string;

  before(async () => {
    clients = kafkaClients(kafka().connection);
    topic = uniqueName('lifecycle');
    await kafka().createTopics({ topic, partitions: 2 });
  });

  async function joined(groupId: string): Promise<GroupMembership> {
    const membership = clients.membership({ groupId });
    await membership.join({ topics: [topic], patterns: [] });
    return membership;
  }

  /** Polls until an ownership change comes, and leaves it unanswered. */
  async function unanswered(membership: GroupMembership, type: string): Promise<void> {
    await waitFor(() => membership.poll().some((event) => event.type === type), `an ownership change of type ${type}`);
  }

  async function assigned(membership: GroupMembership): Promise<void> {
    await unanswered(membership, 'assigned');
    membership.acknowledge();
  }

  it('should leave with an assignment that was not answered', async () => {
    const membership = await joined(uniqueName('group'));
    await unanswered(membership, 'assigned');
    await membership.leave();
    assert.deepEqual(membership.assignment(), []);
    await membership.leave();
  });

  it('should leave with a revocation that was not answered', async () => {
    const groupId = uniqueName('group');
    const first = await joined(groupId);
    await assigned(first);
    const second = await joined(groupId);
    await unanswered(first, 'revoked');
    await first.leave();
    await assigned(second);
    await second.leave();
  });

  it('should leave while it still joins, and refuse to join again', async () => {
    const membership = clients.membership({ groupId: uniqueName('group') });
    const joining = membership.join({ topics: [topic], patterns: [] }).catch(() => undefined);
    await membership.leave();
    await joining;
    await assert.rejects(membership.join({ topics: [topic], patterns: [] }), isClosed);
    assert.throws(() => membership.poll(), isClosed);
  });

  it('should wait for a commit that is under way, then leave', async () => {
    const membership = await joined(uniqueName('group'));
    await assigned(membership);
    const commit = membership.commit([{ topic, partition: 0, offset: 1 }]);
    await Promise.all([commit, membership.leave()]);
    await assert.rejects(membership.commit([{ topic, partition: 0, offset: 2 }]), isClosed);
    await assert.rejects(membership.committed([{ topic, partition: 0 }]), isClosed);
  });

  it('should end a poll that waits when the fetcher is closed', async () => {
    const fetcher = clients.fetcher({ isolationLevel: 'read_committed' });
    await fetcher.connect();
    fetcher.assign([{ topic, partition: 0, offset: 0 }]);
    await fetcher.poll(0);
    const waiting = assert.rejects(fetcher.poll(30_000), isClosed);
    await Promise.all([fetcher.close(), fetcher.close()]);
    await waiting;
    assert.throws(() => fetcher.assign([]), isClosed);
  });

  it('should close clients that never connected', async () => {
    await clients.fetcher({ isolationLevel: 'read_committed' }).close();
    await clients.producer({}).close();
    await clients.admin().close();
    await clients.membership({ groupId: uniqueName('group') }).leave();
  });

  it('should close clients that are connecting', async () => {
    const fetcher = clients.fetcher({ isolationLevel: 'read_committed' });
    const producer = clients.producer({});
    const admin = clients.admin();
    const connecting = [fetcher, producer, admin].map((client) => client.connect().catch(() => undefined));
    await Promise.all([fetcher.close(), producer.close(), admin.close()]);
    await Promise.all(connecting);
    assert.throws(() => producer.produce(topic, 0, null, null, 1, []), isClosed);
    await assert.rejects(admin.listTopics(), isClosed);
  });

  it('should not send offsets with a membership that has left', async () => {
    const membership = await joined(uniqueName('group'));
    await assigned(membership);
    const producer = clients.producer({ transactionalId: uniqueName('tx') });
    await producer.connect();
    await producer.initTransactions();
    await producer.beginTransaction();
    const sending = producer.sendOffsets([{ topic, partition: 0, offset: 1 }], membership);
    await membership.leave();
    await sending;
    await assert.rejects(producer.sendOffsets([{ topic, partition: 0, offset: 2 }], membership), isClosed);
    await producer.abortTransaction();
    await producer.close();
  });
});
