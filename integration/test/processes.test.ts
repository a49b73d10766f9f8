import assert from 'node:assert/strict';
import { confluentClients, type KafkaAdmin } from '@millrace/framework';
import { startKafkaFixture, uniqueName, waitFor, type KafkaFixture } from '@millrace/framework/testing';
import { killServices, ServiceProcess } from '../src/service-process.js';
import { readRecords, writeRecords } from '../src/topic-access.js';

const PARTITIONS = 6;

describe('three processes of one service', function () {
  this.timeout(180_000);
  let kafka: KafkaFixture;
  let admin: KafkaAdmin;
  let application: string;
  let input: string;
  let output: string;

  before(async () => {
    kafka = await startKafkaFixture();
    admin = confluentClients(kafka.connection).admin();
    await admin.connect();
  });

  after(() => admin.close());

  beforeEach(async () => {
    application = uniqueName('copy');
    input = uniqueName('copy-in');
    output = uniqueName('copy-out');
    await kafka.createTopics({ topic: input, partitions: PARTITIONS }, { topic: output, partitions: PARTITIONS });
  });

  afterEach(killServices);

  function start(): ServiceProcess {
    return new ServiceProcess('copy-service', {
      KAFKA_BOOTSTRAP_SERVERS: kafka.bootstrapServers,
      TEST_APPLICATION: application,
      TEST_INPUT: input,
      TEST_OUTPUT: output,
    });
  }

  /** Partition counts of the members, most first. */
  async function shares(): Promise<number[]> {
    const { members, state } = await admin.describeGroup(application);
    return state === 'stable' ? members.map(({ partitions }) => partitions.length).sort((a, b) => b - a) : [];
  }

  const sharedBy = (...expected: readonly number[]): Promise<void> =>
    waitFor(async () => String(await shares()) === String(expected), `partitions shared ${expected.join(', ')}`);

  function values(from: number, to: number): (readonly [string, string])[] {
    return Array.from({ length: to - from }, (_, index) => [`k${from + index}`, `v${from + index}`]);
  }

  const write = (from: number, to: number): Promise<void> =>
    writeRecords(kafka.connection, input, PARTITIONS, values(from, to));

  /** How often each input value was written out, and by whom. */
  async function outcomes(): Promise<Map<string, string[]>> {
    const byValue = new Map<string, string[]>();
    for (const { value } of await readRecords(kafka.connection, output)) {
      const [text = '', pid = ''] = (value?.toString() ?? '').split('|');
      byValue.set(text, [...(byValue.get(text) ?? []), pid]);
    }
    return byValue;
  }

  async function committedAll(): Promise<boolean> {
    const ends = await admin.listOffsets(
      Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: input, partition })),
      'latest',
    );
    const committed = new Map(
      (await admin.groupOffsets(application)).map(({ partition, offset }) => [partition, offset]),
    );
    return ends.every(({ partition, offset }) => committed.get(partition) === offset);
  }

  it('should share all partitions, and lose nothing when one is killed', async () => {
    const services = [start(), start(), start()];
    await sharedBy(2, 2, 2);
    await write(0, 3000);
    await waitFor(committedAll, 'the first records are committed');
    const everyone = new Set([...(await outcomes()).values()].flat());
    assert.equal(everyone.size, 3, 'all three processes took part');

    const writing = write(3000, 9000);
    services[0]?.kill('SIGKILL');
    await writing;
    await sharedBy(3, 3);
    await waitFor(committedAll, 'everything is committed');

    const seen = await outcomes();
    const missing = values(0, 9000).filter(([, value]) => !seen.has(value));
    assert.deepEqual(missing, []);
    services[1]?.kill('SIGTERM');
    services[2]?.kill('SIGTERM');
    for (const service of services.slice(1)) assert.equal((await service.exited).code, 0, service.output);
  });

  it('should process nothing twice when one is stopped with SIGTERM', async () => {
    const services = [start(), start(), start()];
    await sharedBy(2, 2, 2);
    const writing = write(0, 20_000);
    await waitFor(async () => (await admin.groupOffsets(application)).length > 0, 'the service works');
    services[0]?.kill('SIGTERM');
    const exit = await services[0]?.exited;
    assert.equal(exit?.code, 0, exit?.output);
    await writing;
    await sharedBy(3, 3);
    await waitFor(committedAll, 'everything is committed');

    const seen = await outcomes();
    assert.equal(seen.size, 20_000);
    assert.deepEqual(
      [...seen].filter(([, pids]) => pids.length !== 1),
      [],
    );
  });
});
