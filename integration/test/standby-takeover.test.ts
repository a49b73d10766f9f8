import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { confluentClients, type KafkaAdmin } from '@millrace/framework';
import { startKafkaFixture, uniqueName, waitFor, type KafkaFixture } from '@millrace/framework/testing';
import { killServices, ServiceProcess } from '../src/service-process.js';
import { readRecords, writeRecords } from '../src/topic-access.js';

const PARTITIONS = 4;
const KEYS = 20_000;

/** What the test reads of a record in the topic of instances. */
interface Published {
  readonly tasks: readonly { readonly id: string; readonly phase: string }[];
  readonly standbys: readonly { readonly id: string; readonly lag: number | null }[];
}

describe('standby takes over', function () {
  this.timeout(240_000);
  let kafka: KafkaFixture;
  let admin: KafkaAdmin;
  let application: string;
  let input: string;
  let output: string;
  let stateDir: string;

  before(async () => {
    kafka = await startKafkaFixture();
    admin = confluentClients(kafka.connection).admin();
    await admin.connect();
  });

  after(() => admin.close());

  beforeEach(async () => {
    [input, output, application] = [uniqueName('standby-in'), uniqueName('standby-out'), uniqueName('standby')];
    stateDir = await mkdtemp(join(tmpdir(), 'millrace-test-'));
    await kafka.createTopics({ topic: input, partitions: PARTITIONS }, { topic: output, partitions: PARTITIONS });
  });

  afterEach(async () => {
    await killServices();
    await rm(stateDir, { recursive: true, force: true });
  });

  function start(name: string): ServiceProcess {
    return new ServiceProcess('count-service', {
      KAFKA_BOOTSTRAP_SERVERS: kafka.bootstrapServers,
      TEST_APPLICATION: application,
      TEST_INPUT: input,
      TEST_OUTPUT: output,
      TEST_STATE_DIR: join(stateDir, name),
      TEST_STANDBYS: '1',
    });
  }

  const write = (from: number, to: number): Promise<void> =>
    writeRecords(
      kafka.connection,
      input,
      PARTITIONS,
      Array.from({ length: to - from }, (_, i) => [`k${from + i}`, 'x'] as const),
    );

  /** Records in all partitions of a topic, transaction markers included. */
  async function sizeOf(topic: string): Promise<number> {
    const partitions = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition }));
    const ends = await admin.listOffsets(partitions, 'latest');
    return ends.reduce((sum, { offset }) => sum + offset, 0);
  }

  /** What each living instance has told last. */
  async function instances(): Promise<Published[]> {
    const last = new Map<string, Published | undefined>();
    for (const { key, value } of await readRecords(kafka.connection, `${application}-instances`)) {
      const text = value?.toString();
      last.set(key?.toString() ?? '', text === undefined ? undefined : (JSON.parse(text) as Published));
    }
    last.delete('topology');
    return [...last.values()].flatMap((published) => published ?? []);
  }

  it('should restore less than 5 % of the changelog when the active process is killed', async () => {
    const [first, second] = [start('first'), start('second')];
    await waitFor(async () => {
      const seen = await instances();
      return seen.length === 2 && seen.every(({ tasks }) => tasks.length === PARTITIONS / 2);
    }, 'both processes have tasks');
    await write(0, KEYS);
    await waitFor(async () => (await readRecords(kafka.connection, output)).length === KEYS, 'all keys are counted');
    await waitFor(
      async () =>
        (await instances()).every(
          ({ standbys }) =>
            standbys.length === PARTITIONS / 2 && standbys.every(({ lag }) => lag !== null && lag <= 10),
        ),
      'the standbys have caught up',
    );

    first.kill('SIGKILL');
    await write(0, PARTITIONS);
    const done = KEYS + PARTITIONS;
    await waitFor(async () => (await readRecords(kafka.connection, output)).length === done, 'taken over', 120_000);
    const counts = new Map<string, bigint>();
    for (const { key, value } of await readRecords(kafka.connection, output)) {
      counts.set(key?.toString() ?? '', value?.readBigInt64BE() ?? 0n);
    }
    for (let i = 0; i < PARTITIONS; i++) assert.equal(counts.get(`k${i}`), 2n, 'the state came over');
    second.kill('SIGTERM');
    const exit = await second.exited;
    assert.equal(exit.code, 0, exit.output);
    const restored = Number(/"restored":(\d+)/.exec(exit.output)?.[1]);
    const changelog = await sizeOf(`${application}-counts-changelog`);
    assert.ok(restored < changelog * 0.05, `${restored} of ${changelog} changelog records were read again`);
  });
});
