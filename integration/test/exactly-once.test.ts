import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { confluentClients, NO_HEADERS, partitionOfKey, type KafkaConnectionOptions } from '@millrace/framework';
import { startKafkaFixture, uniqueName, waitFor } from '@millrace/framework/testing';
import { startKafka } from '@millrace/local-kafka';
import { killServices, ServiceProcess } from '../src/service-process.js';
import { readRecords } from '../src/topic-access.js';

const PARTITIONS = 6;
const KEYS = 60;
const PROCESSES = 3;
/** How long the attack goes on, s; MILLRACE_ATTACK_SECONDS=300 is the long form. */
const ATTACK_SECONDS = Number(process.env['MILLRACE_ATTACK_SECONDS'] ?? 25);
const SEED = Number(process.env['MILLRACE_ATTACK_SEED'] ?? Date.now() % 1_000_000);

/** Numbers that a seed repeats (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Writes records of KEYS keys until told to stop. */
class Load {
  readonly sent = new Map<string, number>();
  #isStopped = false;
  readonly done: Promise<void>;

  constructor(connection: KafkaConnectionOptions, topic: string) {
    this.done = this.#run(connection, topic);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.done;
  }

  async #run(connection: KafkaConnectionOptions, topic: string): Promise<void> {
    const producer = confluentClients(connection).producer({ deliveryTimeoutMs: 300_000 });
    await producer.connect();
    try {
      for (let i = 0; !this.#isStopped; i++) {
        const key = `k${i % KEYS}`;
        const bytes = Buffer.from(key);
        const value = Buffer.from(String(i));
        while (!producer.produce(topic, partitionOfKey(bytes, PARTITIONS), bytes, value, Date.now(), NO_HEADERS)) {
          await producer.drain();
        }
        this.sent.set(key, (this.sent.get(key) ?? 0) + 1);
        if (i % 40 === 0) await sleep(10);
      }
      await producer.flush();
      const [failure] = producer.takeFailures();
      if (failure !== undefined) throw failure.error;
    } finally {
      await producer.close();
    }
  }
}

describe('exactly once on a real broker', function () {
  this.timeout((ATTACK_SECONDS + 180) * 1000);
  let stateDir: string;
  let input: string;
  let output: string;
  let application: string;

  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'millrace-test-'));
    [input, output, application] = [uniqueName('eos-in'), uniqueName('eos-out'), uniqueName('eos')];
  });

  afterEach(async () => {
    await killServices();
    await rm(stateDir, { recursive: true, force: true });
  });

  function start(connection: KafkaConnectionOptions, replication = -1): ServiceProcess {
    return new ServiceProcess('count-service', {
      KAFKA_BOOTSTRAP_SERVERS: String(connection.bootstrapServers),
      TEST_APPLICATION: application,
      TEST_INPUT: input,
      TEST_OUTPUT: output,
      TEST_STATE_DIR: stateDir,
      TEST_REPLICATION: String(replication),
    });
  }

  async function committedAll(connection: KafkaConnectionOptions): Promise<boolean> {
    const admin = confluentClients(connection).admin();
    await admin.connect();
    try {
      const partitions = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: input, partition }));
      const ends = await admin.listOffsets(partitions, 'latest');
      const offsets = await admin.groupOffsets(application);
      const committed = new Map(offsets.filter(({ topic }) => topic === input).map((o) => [o.partition, o.offset]));
      return ends.every(({ partition, offset }) => (committed.get(partition) ?? 0) === offset);
    } finally {
      await admin.close();
    }
  }

  /** Waits until nothing is left to do; says what the services logged if that does not come. */
  async function finish(connection: KafkaConnectionOptions, services: readonly ServiceProcess[]): Promise<void> {
    try {
      await waitFor(() => committedAll(connection), 'all input is committed', 120_000);
    } catch (cause) {
      const logs = services.map(({ pid, output }) => `--- ${pid}\n${output.slice(-3000)}`).join('\n');
      throw new Error(`the input was not committed (seed ${SEED})\n${logs}`, { cause });
    }
    for (const service of services) service.kill('SIGTERM');
    for (const service of services) assert.equal((await service.exited).code, 0, service.output.slice(-3000));
  }

  /** Every key's counts must be 1, 2, 3, ... up to the number of its records: nothing lost, nothing twice. */
  async function assertExact(connection: KafkaConnectionOptions, sent: ReadonlyMap<string, number>): Promise<void> {
    const counts = new Map<string, number[]>();
    for (const { key, value } of await readRecords(connection, output)) {
      const name = key?.toString() ?? '';
      const seen = counts.get(name) ?? [];
      seen.push(Number(value?.readBigInt64BE()));
      counts.set(name, seen);
    }
    for (const [key, total] of sent) {
      const seen = counts.get(key) ?? [];
      const wrong = seen.findIndex((count, index) => count !== index + 1);
      assert.equal(wrong, -1, `${key}: at place ${wrong} came ${seen[wrong]} after ${seen[wrong - 1]} (seed ${SEED})`);
      assert.equal(seen.length, total, `${key} (seed ${SEED})`);
    }
  }

  it(`should count exactly while processes are killed at random moments (seed ${SEED})`, async () => {
    const kafka = await startKafkaFixture();
    const { connection } = kafka;
    await kafka.createTopics({ topic: input, partitions: PARTITIONS }, { topic: output, partitions: PARTITIONS });
    const random = randomNumbers(SEED);
    const services = Array.from({ length: PROCESSES }, () => start(connection));
    const load = new Load(connection, input);
    const end = Date.now() + ATTACK_SECONDS * 1000;
    let kills = 0;
    while (Date.now() < end) {
      await sleep(500 + random() * 4000);
      const victim = Math.floor(random() * PROCESSES);
      services[victim]?.kill('SIGKILL');
      await services[victim]?.exited;
      kills++;
      await sleep(random() * 1500);
      services[victim] = start(connection);
    }
    await load.stop();
    await finish(connection, services);
    assert.ok(kills >= 3, `only ${kills} kills`);
    await assertExact(connection, load.sent);
  });

  it('should count exactly while one broker of three is killed and restarted', async () => {
    const cluster = await startKafka({ brokers: 3, heapMb: 512 });
    try {
      const connection = { bootstrapServers: cluster.bootstrapServers };
      const admin = confluentClients(connection).admin();
      await admin.connect();
      await admin.createTopic({ topic: input, partitions: PARTITIONS, replicationFactor: 3 });
      await admin.createTopic({ topic: output, partitions: PARTITIONS, replicationFactor: 3 });
      await admin.close();
      const services = [start(connection, 3), start(connection, 3)];
      const load = new Load(connection, input);
      await waitFor(async () => (await readRecords(connection, output)).length > 1000, 'the services work');
      for (const broker of cluster.brokers.slice(0, 2)) {
        await broker.kill();
        await sleep(3_000);
        await broker.restart();
        await sleep(3_000);
      }
      await load.stop();
      await finish(connection, services);
      await assertExact(connection, load.sent);
    } finally {
      await cluster.stop();
    }
  });
});
