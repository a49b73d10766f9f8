import assert from 'node:assert/strict';
import { KafkaError, kafkaClients, type KafkaClientFactory, type KafkaConnectionOptions } from '@millrace/framework';
import { startKafka, type LocalKafka } from '@millrace/local-kafka';

const jaas = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required';

/** A token that is not signed; brokers take it in development only. */
function unsecuredToken(subject: string, lifeMs: number): { value: string; expiresAtMs: number; principal: string } {
  const expiresAtMs = Date.now() + lifeMs;
  const part = (fields: object): string => Buffer.from(JSON.stringify(fields)).toString('base64url');
  const claims = { sub: subject, iat: Math.floor(Date.now() / 1000), exp: Math.ceil(expiresAtMs / 1000) };
  return { value: `${part({ alg: 'none' })}.${part(claims)}.`, expiresAtMs, principal: subject };
}

describe('logging in with OAUTHBEARER', function () {
  this.timeout(60_000);
  let kafka: LocalKafka;

  before(async function () {
    this.timeout(180_000);
    kafka = await startKafka({
      security: { users: [{ name: 'admin', password: 'admin-password' }], mechanisms: ['PLAIN'] },
      properties: {
        'listener.name.clients.sasl.enabled.mechanisms': 'OAUTHBEARER',
        'listener.name.clients.oauthbearer.sasl.jaas.config': `${jaas} unsecuredLoginStringClaim_sub="broker";`,
        'listener.name.clients.oauthbearer.connections.max.reauth.ms': '600000',
      },
    });
    await use({ token: () => unsecuredToken('admin', 60_000) }, async (clients) => {
      const admin = clients.admin();
      await admin.connect();
      await admin.createTopic({ topic: 'tokens', partitions: 1 });
      await admin.close();
    });
  });

  after(async () => {
    await kafka.stop();
  });

  async function use(
    {
      token,
      ...options
    }: {
      token: () => { value: string; expiresAtMs: number };
    } & Partial<KafkaConnectionOptions>,
    body: (clients: KafkaClientFactory) => Promise<void>,
  ): Promise<void> {
    const { bootstrapServers } = kafka;
    await body(kafkaClients({ bootstrapServers, sasl: { mechanism: 'OAUTHBEARER', token }, ...options }));
  }

  for (const fetcher of ['wire', 'addon'] as const) {
    it(`should let in every kind of client, with the ${fetcher} fetcher`, async () => {
      await use({ token: () => unsecuredToken('admin', 60_000), fetcher }, async (clients) => {
        const producer = clients.producer({ lingerMs: 0 });
        await producer.connect();
        assert.ok(producer.produce('tokens', 0, null, Buffer.from(fetcher), 1, []));
        await producer.flush();
        assert.deepEqual(producer.takeFailures(), []);
        await producer.close();

        const reader = clients.fetcher({ isolationLevel: 'read_committed' });
        await reader.connect();
        reader.assign([{ topic: 'tokens', partition: 0, offset: 0 }]);
        const values: string[] = [];
        while (!values.includes(fetcher)) {
          const { batches, failures } = await reader.poll(500);
          assert.deepEqual(failures, []);
          for (const { records } of batches) values.push(...records.map(({ value }) => String(value)));
        }
        await reader.close();

        const membership = clients.membership({ groupId: fetcher });
        await membership.join({ topics: ['tokens'], patterns: [] });
        const admin = clients.admin();
        await admin.connect();
        assert.equal((await admin.describeTopicConfigs(['tokens'])).length, 1);
        assert.equal((await admin.describeGroup('nobody is here')).state, 'dead');
        await admin.close();
        await membership.leave();
      });
    });
  }

  it('should refuse a token that the broker does not believe, over the wire and through the addon', async () => {
    const token = () => ({ ...unsecuredToken('admin', 60_000), value: unsecuredToken('admin', -60_000).value });
    for (const fetcher of ['wire', 'addon'] as const) {
      await use({ token, fetcher, requestTimeoutMs: 5000 }, async (clients) => {
        const reader = clients.fetcher({ isolationLevel: 'read_committed' });
        await assert.rejects(reader.connect(), isRefusal(/./));
        await reader.close();
      });
    }
  });

  it('should say why there is no token, without asking a broker', async () => {
    for (const [token, pattern] of [
      [
        () => {
          throw new Error('the authorization server is away');
        },
        /sasl\.token failed: the authorization server is away\. Check the function/,
      ],
      [() => ({ value: 'x', expiresAtMs: 1 }), /expiresAtMs, 1, is over/],
      [() => ({ value: '', expiresAtMs: Date.now() + 60_000 }), /without a value/],
    ] as const) {
      await use({ token }, async (clients) => {
        for (const client of [
          clients.admin(),
          clients.producer({}),
          clients.fetcher({ isolationLevel: 'read_committed' }),
        ]) {
          await assert.rejects(client.connect(), isRefusal(pattern));
          await client.close();
        }
      });
    }
  });

  it('should get a new token before the old one expires, and go on', async () => {
    let asked = 0;
    const token = () => {
      asked++;
      return unsecuredToken('admin', 3000);
    };
    await use({ token }, async (clients) => {
      const admin = clients.admin();
      const producer = clients.producer({ lingerMs: 0 });
      await Promise.all([admin.connect(), producer.connect()]);
      const endMs = Date.now() + 8000;
      while (Date.now() < endMs) {
        assert.equal((await admin.describeTopicConfigs(['tokens'])).length, 1);
        assert.ok(producer.produce('tokens', 0, null, Buffer.from('again'), 1, []));
        await producer.flush();
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      assert.deepEqual(producer.takeFailures(), []);
      assert.ok(asked >= 3, `asked ${asked} times`);
      await Promise.all([admin.close(), producer.close()]);
    });
  });
});

function isRefusal(pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof KafkaError, String(error));
    assert.equal(error.code, 'AUTHENTICATION_FAILED', error.message);
    assert.match(error.message, pattern);
    return true;
  };
}
