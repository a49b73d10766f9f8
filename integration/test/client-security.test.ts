import assert from 'node:assert/strict';
import { kafkaClients, KafkaError, type KafkaClientFactory, type KafkaErrorCode } from '@millrace/framework';
import { startKafka, type LocalKafka } from '@millrace/local-kafka';
import { FETCHERS, type FetcherKind } from '../src/fetchers.js';

type Connection = Parameters<typeof kafkaClients>[0];
type OpenClient = (clients: KafkaClientFactory) => Promise<{ close(): Promise<void> }>;

/** Longer than the tests may take: what is refused must be refused at once, not when the time is over. */
const requestTimeoutMs = 120_000;
const user = { username: 'admin', password: 'admin-password', mechanism: 'SCRAM-SHA-512' } as const;

/** How each kind of client is opened. */
const kinds: Readonly<Record<string, OpenClient>> = {
  admin: async (clients) => connected(clients.admin()),
  producer: async (clients) => connected(clients.producer({})),
  'fetcher on the addon': openFetcher,
  'fetcher on the wire': openFetcher,
  'group member': async (clients) => {
    const membership = clients.membership({ groupId: 'security' });
    await membership.join({ topics: ['security'], patterns: [] });
    return { close: () => membership.leave() };
  },
};

function openFetcher(clients: KafkaClientFactory): Promise<{ close(): Promise<void> }> {
  return connected(clients.fetcher({ isolationLevel: 'read_committed' }));
}

async function connected<C extends { connect(): Promise<void>; close(): Promise<void> }>(client: C): Promise<C> {
  try {
    await client.connect();
  } catch (error) {
    // Closing what never connected must do no harm.
    await client.close();
    throw error;
  }
  return client;
}

async function rejectsWith(code: KafkaErrorCode, pattern: RegExp, call: () => Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error: unknown) => {
    assert.ok(error instanceof KafkaError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, pattern);
    return true;
  });
}

describe('security of the Kafka clients', function () {
  this.timeout(30_000);
  let kafka: LocalKafka;
  let right: Connection;

  before(async function () {
    this.timeout(180_000);
    kafka = await startKafka({
      security: {
        tls: true,
        mechanisms: ['SCRAM-SHA-512', 'PLAIN'],
        users: [
          {
            name: 'admin',
            password: 'admin-password',
            acls: [
              { resource: 'topic', name: '*', operations: ['all'] },
              { resource: 'group', name: '*', operations: ['all'] },
              { resource: 'cluster', name: 'kafka-cluster', operations: ['all'] },
              { resource: 'transactionalId', name: '*', operations: ['all'] },
            ],
          },
          { name: 'nobody', password: 'nobody-password' },
          {
            name: 'onlooker',
            password: 'onlooker-password',
            acls: [{ resource: 'topic', name: '*', operations: ['describe'] }],
          },
        ],
        authorizer: true,
      },
    });
    assert.ok(kafka.tls);
    right = { bootstrapServers: kafka.bootstrapServers, tls: { ca: kafka.tls.ca }, sasl: user, requestTimeoutMs };
    const admin = await connected(kafkaClients(right).admin());
    await admin.createTopic({ topic: 'security', partitions: 1 });
    await admin.close();
  });

  after(async () => {
    await kafka.stop();
  });

  for (const [kind, open] of Object.entries(kinds)) {
    const fetcher = kind.endsWith('addon') ? 'addon' : 'wire';

    it(`should let in a ${kind} with the right settings`, async () => {
      const client = await open(kafkaClients({ ...right, fetcher }));
      await client.close();
    });

    it(`should refuse a ${kind} with a wrong password at once`, async () => {
      const clients = kafkaClients({ ...right, fetcher, sasl: { ...user, password: 'wrong' } });
      await rejectsWith('AUTHENTICATION_FAILED', /invalid credentials/, () => open(clients));
    });

    it(`should name the server that a ${kind} cannot reach`, async () => {
      const clients = kafkaClients({ bootstrapServers: '127.0.0.1:1', requestTimeoutMs: 500, fetcher });
      await rejectsWith('BROKER_UNREACHABLE', /127\.0\.0\.1:1: .*ECONNREFUSED.*bootstrapServers/, () => open(clients));
    });
  }

  it('should say that the listener wants TLS', async () => {
    const { tls: _, ...withoutTls } = right;
    await rejectsWith('AUTHENTICATION_FAILED', /TLS listener/, () => open(withoutTls));
  });

  it('should say that the listener wants SASL', async () => {
    const { sasl: _, ...withoutSasl } = right;
    await rejectsWith('AUTHENTICATION_FAILED', /wants SASL/, () => open(withoutSasl));
  });

  it('should refuse a certificate of an unknown authority', async () => {
    await rejectsWith('AUTHENTICATION_FAILED', /TLS failed.*tls\.ca/, () => open({ ...right, tls: true }));
  });

  it('should name the mechanisms that the listener offers', async () => {
    const sasl = { ...user, mechanism: 'SCRAM-SHA-256' } as const;
    await rejectsWith('AUTHENTICATION_FAILED', /SCRAM-SHA-256.*SCRAM-SHA-512/, () => open({ ...right, sasl }));
  });

  it('should refuse bootstrap servers without a port', async () => {
    await assert.rejects(
      () => open({ bootstrapServers: 'localhost' }),
      (error: unknown) => {
        assert.match(String(error), /'localhost' is not of the form host:port/);
        return true;
      },
    );
  });

  it('should report a topic that may not be created', async () => {
    const admin = await connected(as('nobody').admin());
    await rejectsWith('AUTHORIZATION_FAILED', /Cannot create topic 'forbidden'.*ACL/, () =>
      admin.createTopic({ topic: 'forbidden', partitions: 1 }),
    );
    await admin.close();
  });

  it('should report settings of a topic and members of a group that may not be seen', async () => {
    const admin = await connected(as('onlooker').admin());
    await rejectsWith('AUTHORIZATION_FAILED', /settings of topic 'security'.*ACL/, () =>
      admin.describeTopicConfigs(['security']),
    );
    await rejectsWith('AUTHORIZATION_FAILED', /group 'security'.*ACL/, () => admin.describeGroup('security'));
    await admin.close();
  });

  it('should read settings and groups over TLS and SASL', async () => {
    const admin = await connected(kafkaClients(right).admin());
    const [described] = await admin.describeTopicConfigs(['security']);
    assert.equal(described?.configs.get('cleanup.policy'), 'delete');
    assert.equal((await admin.describeGroup('nobody is here')).state, 'dead');
    await admin.close();
  });

  it('should refuse a member of a group that may not be read', async () => {
    const membership = as('nobody').membership({ groupId: 'forbidden' });
    await rejectsWith('AUTHORIZATION_FAILED', /group 'forbidden'.*ACL/, () =>
      membership.join({ topics: ['security'], patterns: [] }),
    );
    await membership.leave();
  });

  it('should fail records for a topic that may not be written', async () => {
    const producer = await connected(as('nobody').producer({ lingerMs: 0 }));
    try {
      assert.ok(producer.produce('security', 0, null, Buffer.from('x'), 1, []));
      await producer.flush().catch(() => undefined);
      const [failure] = producer.takeFailures();
      assert.ok(failure?.error instanceof KafkaError);
      assert.equal(failure.error.code, 'AUTHORIZATION_FAILED', failure.error.message);
    } finally {
      await producer.close();
    }
  });

  for (const fetcher of FETCHERS) {
    for (const name of ['nobody', 'onlooker']) {
      it(`should fail a partition that ${name} may not read, with the fetcher ${fetcher}`, async () => {
        const reader = await connected(as(name, fetcher).fetcher({ isolationLevel: 'read_committed' }));
        reader.assign([{ topic: 'security', partition: 0, offset: 0 }]);
        for (;;) {
          const { failures } = await reader.poll(500);
          if (failures.length === 0) continue;
          assert.ok(failures[0]?.error instanceof KafkaError);
          assert.equal(failures[0].error.code, 'AUTHORIZATION_FAILED', failures[0].error.message);
          break;
        }
        await reader.close();
      });
    }

    it(`should give up connecting when the fetcher ${fetcher} is closed`, async () => {
      const clients = kafkaClients({ bootstrapServers: '127.0.0.1:1', requestTimeoutMs, fetcher });
      const reader = clients.fetcher({ isolationLevel: 'read_committed' });
      const connecting = assert.rejects(reader.connect());
      await reader.close();
      await connecting;
    });
  }

  function as(name: string, fetcher: FetcherKind = 'wire'): KafkaClientFactory {
    return kafkaClients({
      ...right,
      fetcher,
      sasl: { mechanism: 'PLAIN', username: name, password: `${name}-password` },
    });
  }

  async function open(connection: Connection): Promise<void> {
    const admin = await connected(kafkaClients(connection).admin());
    await admin.close();
  }
});
