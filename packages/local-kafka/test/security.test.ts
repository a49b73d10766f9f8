import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { startKafka, type LocalKafka } from '../dist/index.js';
import { SASL_AUTHENTICATION_FAILED, SecureSession, TOPIC_AUTHORIZATION_FAILED } from './secure-session.js';

describe('startKafka with TLS, users and an authorizer', () => {
  let kafka: LocalKafka;
  let port: number;

  before(async () => {
    kafka = await startKafka({
      security: {
        tls: true,
        users: [
          {
            name: 'alice',
            password: 'alice-secret',
            acls: [{ resource: 'topic', name: 'alice-', pattern: 'prefixed', operations: ['create', 'describe'] }],
          },
          { name: 'bob', password: 'bob-secret' },
        ],
        authorizer: true,
      },
    });
    port = kafka.brokers[0]?.port ?? 0;
  });

  after(() => kafka.stop());

  const session = () => SecureSession.open(port, kafka.tls?.ca);

  it('should show a certificate that only its own authority vouches for', async () => {
    assert.match(kafka.tls?.ca ?? '', /^-----BEGIN CERTIFICATE-----/);
    assert.equal(await readFile(kafka.tls?.caFile ?? '', 'utf8'), kafka.tls?.ca);
    (await session()).close();
    await assert.rejects(SecureSession.open(port, undefined), /certificate/);
  });

  it('should let in who knows a password, and nobody else', async () => {
    const right = await session();
    assert.equal(await right.login('bob', 'bob-secret'), 0);
    right.close();
    const wrong = await session();
    assert.equal(await wrong.login('bob', 'alice-secret'), SASL_AUTHENTICATION_FAILED);
    wrong.close();
  });

  it('should allow what the ACLs allow, and nothing else', async () => {
    const alice = await session();
    await alice.login('alice', 'alice-secret');
    assert.equal(await alice.createTopic('alice-orders'), 0);
    assert.equal(await alice.createTopic('orders'), TOPIC_AUTHORIZATION_FAILED);
    alice.close();
    const bob = await session();
    await bob.login('bob', 'bob-secret');
    assert.equal(await bob.createTopic('alice-payments'), TOPIC_AUTHORIZATION_FAILED);
    bob.close();
  });
});

describe('options of security', () => {
  it('should refuse an authorizer without users, and names that a configuration cannot carry', async () => {
    await assert.rejects(startKafka({ security: { authorizer: true } }), { code: 'INVALID_OPTION' });
    const users = [{ name: 'eve"', password: 'x' }];
    await assert.rejects(startKafka({ security: { users } }), { code: 'INVALID_OPTION' });
  });
});
