import assert from 'node:assert/strict';
import { kafkaClients, type KafkaConnectionOptions } from '@millrace/framework';
import { uniqueName, waitFor } from '@millrace/framework/testing';
import { startKafka, type LocalKafka } from '@millrace/local-kafka';
import { killServices, ServiceProcess, type Exit } from '../src/service-process.js';
import { useService } from '../src/service-under-test.js';
import { writeRecords } from '../src/topic-access.js';
import { useKafka } from '../src/use-kafka.js';

describe('bad input', function () {
  this.timeout(90_000);
  const kafka = useKafka();
  const service = useService('faulty-service', 2);

  const start = (fault: string, env: Readonly<Record<string, string>> = {}): ServiceProcess =>
    service().start({ TEST_FAULT: fault, ...env });

  function assertEnds({ code, output: log }: Exit, expectedCode: number, ...says: readonly RegExp[]): void {
    assert.equal(code, expectedCode, log);
    for (const pattern of says) assert.match(log, pattern);
  }

  /** Committed offset of the partition that has the records. */
  async function committed(): Promise<number> {
    const { admin, place } = service();
    return (await admin.groupOffsets(place.application)).find(({ partition }) => partition === 0)?.offset ?? 0;
  }

  it('should end with code 2 at an unknown option, and say which was meant', async () => {
    assertEnds(await start('unknown-option').exited, 2, /comitIntervalMs/, /commitIntervalMs/);
  });

  it('should end with code 2 at a missing input topic, and name it', async () => {
    const missing = uniqueName('nowhere');
    assertEnds(await start('none', { TEST_INPUT: missing }).exited, 2, new RegExp(`'${missing}' does not exist`));
  });

  it('should end with code 2 at a missing output topic, and name it', async () => {
    const missing = uniqueName('nowhere');
    assertEnds(await start('none', { TEST_OUTPUT: missing }).exited, 2, new RegExp(`'${missing}' does not exist`));
  });

  it('should end with code 2 when co-partitioned topics have different partition counts, and say which', async () => {
    const other = uniqueName('faulty-in');
    await kafka().createTopics({ topic: other, partitions: 3 });
    const { input } = service().place;
    const exit = await start('co-partitioned', { TEST_INPUT: `${input},${other}` }).exited;
    assertEnds(exit, 2, new RegExp(`'${input}' has 2`), new RegExp(`'${other}' has 3`));
  });

  it('should end with code 1 at malformed JSON, say where, and lose nothing before or after it', async () => {
    const { connection, input } = service().place;
    await writeRecords(connection, input, 1, [
      ['a', '{"n":1}'],
      ['b', '{"n":'],
      ['c', '{"n":3}'],
    ]);
    assertEnds(await start('none').exited, 1, new RegExp(`${input}-0 at offset 1`), /DESERIALIZATION_FAILED/);
    assert.ok((await committed()) <= 1, 'the bad record is not passed over');
  });

  it('should end with code 1 when a handler throws, say where, and lose nothing', async () => {
    const { connection, input } = service().place;
    await writeRecords(connection, input, 1, [
      ['a', '{"n":1}'],
      ['b', '{"n":-5}'],
      ['c', '{"n":3}'],
    ]);
    assertEnds(await start('handler-throws').exited, 1, /n is negative: -5/, /PROCESSING_FAILED/, /"offset":1/);
    assert.ok((await committed()) <= 1);
  });

  it('should end with a clear message when no broker answers', async () => {
    const exit = await start('none', { KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1' }).exited;
    assertEnds(exit, 1, /BROKER_UNREACHABLE/, /127\.0\.0\.1:1/, /Check that the brokers run/);
  });

  it('should repartition by a new key through an internal topic that it creates', async () => {
    await service().write(Array.from({ length: 200 }, (_, n) => [`k${n}`, `{"n":${n % 5}}`]));
    const repartitioning = start('repartition');
    await waitFor(async () => (await service().read()).length === 200, 'all records have come through');
    const partitionsOf = new Map<string, Set<number>>();
    for (const { key, partition } of await service().read(`${service().place.application}-by-n-repartition`)) {
      const text = key?.toString() ?? '';
      partitionsOf.set(text, (partitionsOf.get(text) ?? new Set()).add(partition));
    }
    assert.equal(partitionsOf.size, 5);
    for (const partitions of partitionsOf.values()) assert.equal(partitions.size, 1, 'a key is in one partition');
    repartitioning.kill('SIGTERM');
    assertEnds(await repartitioning.exited, 0);
  });
});

describe('bad credentials and permissions', function () {
  this.timeout(120_000);
  let kafka: LocalKafka;

  before(async () => {
    kafka = await startKafka({
      security: {
        authorizer: true,
        users: [
          {
            name: 'reader',
            password: 'reader-secret',
            acls: [
              { resource: 'topic', name: '*', operations: ['read', 'write', 'describe'] },
              { resource: 'group', name: '*', operations: ['all'] },
            ],
          },
          {
            name: 'owner',
            password: 'owner-secret',
            acls: [
              { resource: 'topic', name: '*', operations: ['all'] },
              { resource: 'group', name: '*', operations: ['all'] },
              { resource: 'cluster', name: 'kafka-cluster', operations: ['all'] },
            ],
          },
        ],
      },
    });
    const admin = kafkaClients(connection('owner', 'owner-secret')).admin();
    await admin.connect();
    await admin.createTopic({ topic: 'in', partitions: 1 });
    await admin.createTopic({ topic: 'out', partitions: 1 });
    await admin.close();
  });

  after(() => kafka.stop());
  afterEach(killServices);

  function connection(username: string, password: string): KafkaConnectionOptions {
    return { bootstrapServers: kafka.bootstrapServers, sasl: { mechanism: 'SCRAM-SHA-256', username, password } };
  }

  function start(fault: string, user: string, password: string): ServiceProcess {
    return new ServiceProcess('faulty-service', {
      KAFKA_BOOTSTRAP_SERVERS: kafka.bootstrapServers,
      KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT',
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-256',
      KAFKA_SASL_USERNAME: user,
      KAFKA_SASL_PASSWORD: password,
      TEST_APPLICATION: uniqueName('secured'),
      TEST_INPUT: 'in',
      TEST_OUTPUT: 'out',
      TEST_FAULT: fault,
    });
  }

  it('should end with code 2 at a wrong password', async () => {
    const exit = await start('none', 'owner', 'guess').exited;
    assert.equal(exit.code, 2, exit.output);
    assert.match(exit.output, /AUTHENTICATION_FAILED/);
    assert.doesNotMatch(exit.output, /guess/, 'the password is not logged');
  });

  it('should end with code 2 when it may not create its internal topic, and name the topic', async () => {
    const exit = await start('repartition', 'reader', 'reader-secret').exited;
    assert.equal(exit.code, 2, exit.output);
    assert.match(exit.output, /AUTHORIZATION_FAILED/);
    assert.match(exit.output, /by-n-repartition/);
  });
});
