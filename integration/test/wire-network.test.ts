import assert from 'node:assert/strict';
import { kafkaClients, type KafkaAdmin } from '@millrace/framework';
import { waitFor } from '@millrace/framework/testing';
import { startKafka, type LocalKafka } from '@millrace/local-kafka';

describe('calls that go to the brokers without the addon', function () {
  this.timeout(120_000);
  let kafka: LocalKafka;
  let admin: KafkaAdmin;

  before(async function () {
    this.timeout(300_000);
    kafka = await startKafka({ brokers: 3 });
    admin = kafkaClients({ bootstrapServers: kafka.bootstrapServers }).admin();
    await admin.connect();
  });

  after(async () => {
    await admin.close();
    await kafka.stop();
  });

  it('should describe a group before the cluster has ever had one', async () => {
    assert.deepEqual(await admin.describeGroup('none'), { groupId: 'none', state: 'dead', members: [] });
  });

  it('should describe groups of both protocols, static members too', async () => {
    await admin.createTopic({ topic: 'shared', partitions: 2 });
    for (const protocol of ['classic', 'consumer'] as const) {
      const clients = kafkaClients({ bootstrapServers: kafka.bootstrapServers, clientId: 'one' });
      const member = clients.membership({ groupId: protocol, groupInstanceId: 'instance-1', protocol });
      await member.join({ topics: ['shared'], patterns: [] });
      await waitFor(() => {
        if (member.poll().some(({ type }) => type === 'assigned')) member.acknowledge();
        return member.assignment().length === 2;
      }, 'the assignment');
      await waitFor(async () => {
        member.poll();
        const { state, members } = await admin.describeGroup(protocol);
        const [only] = members;
        if (state !== 'stable' || only?.partitions.length !== 2) return false;
        assert.equal(only.groupInstanceId, 'instance-1');
        assert.match(only.clientId, /^one/);
        assert.deepEqual(only.partitions.map(({ topic, partition }) => `${topic}-${partition}`).sort(), [
          'shared-0',
          'shared-1',
        ]);
        return true;
      }, `the ${protocol} group to be stable`);
      await member.leave();
    }
  });

  it('should go on while a broker is killed and comes back', async () => {
    const [broker] = kafka.brokers;
    await broker?.kill();
    // Whatever broker is left answers, also for groups whose coordinator is gone until another takes over.
    const [described] = await admin.describeTopicConfigs(['shared']);
    assert.equal(described?.configs.get('cleanup.policy'), 'delete');
    for (const groupId of ['classic', 'consumer', 'none']) await admin.describeGroup(groupId);
    await broker?.restart();
    assert.equal((await admin.describeTopicConfigs(['shared'])).length, 1);
  });

  it('should reject at once when it is closed', async () => {
    const other = kafkaClients({ bootstrapServers: kafka.bootstrapServers }).admin();
    await other.connect();
    await other.describeGroup('none');
    await other.close();
    await assert.rejects(other.describeGroup('none'), { code: 'CLIENT_CLOSED' });
    await assert.rejects(other.describeTopicConfigs(['shared']), { code: 'CLIENT_CLOSED' });
    assert.equal((await admin.describeGroup('none')).state, 'dead', 'clients of other factories are not touched');
  });
});
