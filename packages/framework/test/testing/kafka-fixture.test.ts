import assert from 'node:assert/strict';
import { ConfigError } from '../../dist/errors/errors.js';
import { StreamsError } from '../../dist/errors/streams-error.js';
import { startKafkaFixture, stopKafkaFixture, uniqueName, waitFor } from '../../dist/testing/index.js';

/** What is needed to run programs, without what names a Kafka. */
function bareEnv(extra: Record<string, string>): NodeJS.ProcessEnv {
  const names = Object.keys(process.env).filter((name) => !/^(KAFKA_|MILLRACE_|DOCKER_)/.test(name));
  return { ...Object.fromEntries(names.map((name) => [name, process.env[name]])), ...extra };
}

describe('startKafkaFixture', () => {
  afterEach(() => stopKafkaFixture());

  it('should say of the only way allowed why it did not work', async () => {
    const unset = startKafkaFixture({ env: bareEnv({ MILLRACE_TEST_KAFKA: 'env' }) });
    await assert.rejects(unset, (error) => {
      assert.ok(StreamsError.is(error));
      assert.equal(error.code, 'NO_KAFKA');
      assert.match(error.message, /env: KAFKA_BOOTSTRAP_SERVERS is not set/);
      assert.doesNotMatch(error.message, /testcontainers:|local:/);
      return true;
    });
    const missingImage = { MILLRACE_TEST_KAFKA: 'testcontainers', MILLRACE_KAFKA_IMAGE: 'millrace.invalid/kafka:none' };
    await assert.rejects(startKafkaFixture({ env: bareEnv(missingImage) }), /\n {2}testcontainers: /);
  });

  it('should refuse an unknown way', async () => {
    await assert.rejects(startKafkaFixture({ env: bareEnv({ MILLRACE_TEST_KAFKA: 'docker' }) }), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, /MILLRACE_TEST_KAFKA is docker and must be one of env, testcontainers, local/);
      return true;
    });
  });

  it('should take the Kafka that another process of the run has started', async () => {
    const env = bareEnv({ MILLRACE_TEST_KAFKA_SHARED: 'local 127.0.0.1:19092', MILLRACE_TEST_KAFKA: 'env' });
    const kafka = await startKafkaFixture({ env });
    assert.equal(kafka.source, 'local');
    assert.equal(kafka.bootstrapServers, '127.0.0.1:19092');
    assert.deepEqual(kafka.connection, { bootstrapServers: '127.0.0.1:19092' });
    assert.equal(await startKafkaFixture({ env: bareEnv({}) }), kafka);
  });
});

describe('uniqueName', () => {
  it('should give a legal name that begins with the prefix and is new each time', () => {
    const names = Array.from({ length: 1000 }, () => uniqueName('orders'));
    assert.equal(new Set(names).size, 1000);
    for (const name of names) assert.match(name, /^orders-[0-9a-f]{12}$/);
  });
});

describe('waitFor', () => {
  it('should resolve once the condition holds, also if it threw before', async () => {
    let calls = 0;
    await waitFor(() => {
      calls++;
      if (calls === 1) throw new Error('not yet');
      return calls === 3;
    }, 'three calls');
    assert.equal(calls, 3);
  });

  it('should name what it waited for, with the last error as cause', async () => {
    const broken = new Error('broken');
    const failing = waitFor(
      () => {
        throw broken;
      },
      'a miracle',
      1,
    );
    await assert.rejects(failing, (error) => {
      assert.ok(error instanceof Error);
      assert.match(error.message, /in vain: a miracle/);
      assert.equal(error.cause, broken);
      return true;
    });
  });
});
