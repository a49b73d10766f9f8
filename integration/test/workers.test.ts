import assert from 'node:assert/strict';
import { confluentClients, type KafkaAdmin } from '@millrace/framework';
import { uniqueName, waitFor } from '@millrace/framework/testing';
import { killServices, ServiceProcess } from '../src/service-process.js';
import { readRecords, writeRecords } from '../src/topic-access.js';
import { useKafka } from '../src/use-kafka.js';

const PARTITIONS = 4;
const WORKERS = 2;

describe('a service with supervised workers', function () {
  this.timeout(180_000);
  const kafka = useKafka();
  let admin: KafkaAdmin;
  let application: string;
  let input: string;
  let output: string;

  beforeEach(async () => {
    admin = confluentClients(kafka().connection).admin();
    await admin.connect();
    application = uniqueName('workers');
    input = uniqueName('workers-in');
    output = uniqueName('workers-out');
    await kafka().createTopics({ topic: input, partitions: PARTITIONS }, { topic: output, partitions: PARTITIONS });
  });

  afterEach(async () => {
    await killServices();
    await admin.close();
  });

  function start(): ServiceProcess {
    return new ServiceProcess('copy-service', {
      KAFKA_BOOTSTRAP_SERVERS: kafka().bootstrapServers,
      MILLRACE_WORKERS: String(WORKERS),
      TEST_APPLICATION: application,
      TEST_INPUT: input,
      TEST_OUTPUT: output,
    });
  }

  /** Resolves when each worker has its half of the partitions. */
  const isShared = (): Promise<void> =>
    waitFor(async () => {
      const { members, state } = await admin.describeGroup(application);
      const shares = members.map(({ partitions }) => partitions.length);
      return state === 'stable' && shares.length === WORKERS && shares.every((count) => count === PARTITIONS / WORKERS);
    }, 'the workers share the partitions');

  const write = (from: number, to: number): Promise<void> =>
    writeRecords(
      kafka().connection,
      input,
      PARTITIONS,
      Array.from({ length: to - from }, (_, index) => [`k${from + index}`, `v${from + index}`] as const),
    );

  /** Processes that wrote each value, by value. */
  async function outcomes(): Promise<Map<string, number[]>> {
    const pids = new Map<string, number[]>();
    for (const { value } of await readRecords(kafka().connection, output)) {
      const [text = '', pid = ''] = (value?.toString() ?? '').split('|');
      pids.set(text, [...(pids.get(text) ?? []), Number(pid)]);
    }
    return pids;
  }

  it('should share the work, replace a killed worker without losing a record, and stop with its supervisor', async () => {
    const service = start();
    await isShared();
    await write(0, 1000);
    await waitFor(async () => (await outcomes()).size === 1000, 'the first records are written');
    const pids = [...new Set([...(await outcomes()).values()].flat())];
    assert.equal(pids.length, WORKERS);
    assert.ok(!pids.includes(service.pid), 'the supervisor processes nothing itself');

    process.kill(pids[0] ?? 0, 'SIGKILL');
    await write(1000, 2000);
    await waitFor(async () => (await outcomes()).size === 2000, 'all records are written');
    await isShared();

    service.kill('SIGTERM');
    const { code, output: log } = await service.exited;
    assert.equal(code, 0, log);
    assert.match(log, /ended unexpectedly \(signal SIGKILL\): starting it again/);
    const committed = (await admin.groupOffsets(application)).reduce((sum, { offset }) => sum + offset, 0);
    assert.equal(committed, 2000);
    const { members } = await admin.describeGroup(application);
    assert.deepEqual(members, []);
  });
});
