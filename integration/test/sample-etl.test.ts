import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { confluentClients, type KafkaAdmin, type TopicPartitionOffset } from '@millrace/framework';
import { uniqueName, waitFor } from '@millrace/framework/testing';
import {
  countIndependently,
  disagreements,
  flightFile,
  flightTopics,
  OutputReader,
  totalRecords,
  type FlightTopics,
} from '@millrace/sample-etl';
import { useKafka } from '../src/use-kafka.js';

const FLIGHTS = 20_000;
const PARTITIONS = 6;
const TIMEOUT_MS = 120_000;

describe('sample service', () => {
  const kafka = useKafka();
  let processes: SampleProcess[] = [];
  afterEach(() => {
    for (const process of processes) process.kill();
    processes = [];
  });

  function start(command: 'load' | 'service', args: readonly string[], environment: Record<string, string>) {
    const process = new SampleProcess(command, args, environment);
    processes.push(process);
    return process;
  }

  it('should route 20,000 flights in two processes as an independent count of the file finds them', async () => {
    const prefix = `${uniqueName('flights')}-`;
    const topics = flightTopics(prefix);
    const groupId = uniqueName('flight-etl');
    const { bootstrapServers } = kafka();
    const clients = confluentClients({ bootstrapServers });
    const admin = clients.admin();
    await admin.connect();
    const loader = start('load', ['--bootstrap', bootstrapServers, '--topic-prefix', prefix], {});
    assert.equal(await loader.exited, 0, loader.output);
    const environment = {
      KAFKA_BOOTSTRAP_SERVERS: bootstrapServers,
      MILLRACE_APPLICATION_ID: groupId,
      FLIGHTS_TOPIC_PREFIX: prefix,
    };
    const services = [start('service', [], environment), start('service', [], environment)];
    await Promise.race([
      waitFor(async () => (await countOutputs(admin, topics)) >= FLIGHTS, 'every flight comes out', TIMEOUT_MS),
      ...services.map((service) => service.endedEarly()),
    ]);
    for (const service of services) service.terminate();
    for (const service of services) assert.equal(await service.exited, 0, service.output);

    assert.deepEqual(await committedOf(admin, groupId), await endsOf(admin, [topics.flights]));
    const found = await new OutputReader(clients, topics).read();
    const expected = await countIndependently(flightFile('20k'));
    assert.equal(totalRecords(found.counts), FLIGHTS);
    assert.deepEqual(disagreements(found.counts, expected), []);
    await admin.close();
  }).timeout(2 * TIMEOUT_MS);

  it('should say which topic is missing, and end with exit code 2', async () => {
    const service = start('service', [], {
      KAFKA_BOOTSTRAP_SERVERS: kafka().bootstrapServers,
      MILLRACE_APPLICATION_ID: uniqueName('flight-etl'),
      FLIGHTS_TOPIC_PREFIX: 'never-created-',
    });
    assert.equal(await service.exited, 2, service.output);
    assert.match(service.output, /never-created-flights/);
  }).timeout(TIMEOUT_MS);
});

/** One command of the sample service as a process of its own. */
class SampleProcess {
  /** Exit code, or -1 after a signal. */
  readonly exited: Promise<number>;
  output = '';
  private readonly child: ChildProcess;

  constructor(command: 'load' | 'service', args: readonly string[], environment: Readonly<Record<string, string>>) {
    const file = fileURLToPath(import.meta.resolve('@millrace/sample-etl')).replace(
      /dist\/index\.js$/,
      `bin/${command}.js`,
    );
    this.child = spawn(process.execPath, [file, ...args], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
    this.exited = once(this.child, 'exit').then(([code]) => (typeof code === 'number' ? code : -1));
  }

  get hasExited(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Rejects when the process ends. */
  async endedEarly(): Promise<never> {
    throw new Error(`The process ended with exit code ${await this.exited}. Its output:\n${this.output}`);
  }

  terminate(): void {
    this.child.kill('SIGTERM');
  }

  kill(): void {
    if (!this.hasExited) this.child.kill('SIGKILL');
  }
}

async function countOutputs(admin: KafkaAdmin, topics: FlightTopics): Promise<number> {
  const ends = await endsOf(admin, [...Object.values(topics.routes), topics.unreadable]);
  return ends.reduce((sum, { offset }) => sum + offset, 0);
}

async function endsOf(admin: KafkaAdmin, names: readonly string[]): Promise<TopicPartitionOffset[]> {
  const partitions = names.flatMap((topic) =>
    Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition })),
  );
  return inOrder(await admin.listOffsets(partitions, 'latest'));
}

async function committedOf(admin: KafkaAdmin, groupId: string): Promise<TopicPartitionOffset[]> {
  return inOrder(await admin.groupOffsets(groupId));
}

function inOrder(offsets: readonly TopicPartitionOffset[]): TopicPartitionOffset[] {
  return offsets
    .map(({ topic, partition, offset }) => ({ topic, partition, offset }))
    .sort((left, right) => left.partition - right.partition);
}
