import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  kafkaClients,
  createPinoLogger,
  ServiceHost,
  type KafkaAdmin,
  type KafkaClientFactory,
  type TopicPartitionOffset,
} from '@millrace/framework';
import { uniqueName, waitFor } from '@millrace/framework/testing';
import {
  airportDelaysOf,
  countIndependently,
  delaysIndependently,
  differingAirports,
  disagreements,
  FlightEtl,
  flightFile,
  flightTopics,
  OutputReader,
  readDelayTable,
  totalRecords,
  withTopics,
  type FlightTopics,
} from '@millrace/sample-etl';
import { DEFAULT_FETCHER } from '../src/fetchers.js';
import { useKafka } from '../src/use-kafka.js';

const FLIGHTS = 20_000;
const PARTITIONS = 6;
const TIMEOUT_MS = 120_000;

interface SampleRun {
  readonly clients: KafkaClientFactory;
  readonly admin: KafkaAdmin;
  readonly topics: FlightTopics;
  readonly groupId: string;
  /** Those that should be running. */
  readonly services: SampleProcess[];
  readonly startService: () => SampleProcess;
}

describe('sample service', () => {
  const kafka = useKafka();
  let processes: SampleProcess[] = [];
  let stateDir: string;
  beforeEach(async () => (stateDir = await mkdtemp(join(tmpdir(), 'sample-etl-'))));
  afterEach(async () => {
    for (const process of processes) process.kill();
    await Promise.all(processes.map((process) => process.exited));
    processes = [];
    await rm(stateDir, { recursive: true, force: true });
  });

  function start(command: 'load' | 'service', args: readonly string[], environment: Record<string, string>) {
    const process = new SampleProcess(command, args, environment);
    processes.push(process);
    return process;
  }

  /** Writes the flights to topics of their own. @returns the prefix of the topics' names */
  async function load(): Promise<string> {
    const prefix = `${uniqueName('flights')}-`;
    const loader = start('load', ['--bootstrap', kafka().bootstrapServers, '--topic-prefix', prefix], {});
    assert.equal(await loader.exited, 0, loader.output);
    return prefix;
  }

  /** Loads the flights and starts two processes of the service over them. */
  async function startTwo(): Promise<SampleRun> {
    const prefix = await load();
    const groupId = uniqueName('flight-etl');
    const { bootstrapServers } = kafka();
    const clients = kafkaClients({ bootstrapServers });
    const admin = clients.admin();
    await admin.connect();
    const environment = {
      KAFKA_BOOTSTRAP_SERVERS: bootstrapServers,
      MILLRACE_APPLICATION_ID: groupId,
      MILLRACE_STATE_DIR: stateDir,
      FLIGHTS_TOPIC_PREFIX: prefix,
    };
    const startService = (): SampleProcess => start('service', [], environment);
    const services = [startService(), startService()];
    return { clients, admin, topics: flightTopics(prefix), groupId, services, startService };
  }

  async function waitUntilCommitted(run: SampleRun, records: number): Promise<void> {
    const { admin, groupId, services } = run;
    const committed = async (): Promise<number> =>
      (await committedOf(admin, groupId)).reduce((sum, { offset }) => sum + Math.max(0, offset), 0);
    await Promise.race([
      waitFor(async () => (await committed()) >= records, `${records} flights are processed`, TIMEOUT_MS),
      ...services.map((service) => service.endedEarly()),
    ]);
  }

  /** Stops the processes, and compares routes and delays with DuckDB's. */
  async function assertExact({ clients, admin, topics, groupId, services }: SampleRun): Promise<void> {
    // The one that was started again may still be loading its code: a signal would end it there.
    const isUp = ({ output }: SampleProcess): boolean => output.includes('is running');
    await waitFor(() => services.every(isUp), 'all processes run', TIMEOUT_MS);
    for (const service of services) service.terminate();
    for (const service of services) assert.equal(await service.exited, 0, service.output);
    assert.deepEqual(await committedOf(admin, groupId), await endsOf(admin, [topics.flights]));
    const file = flightFile('20k');
    const found = await new OutputReader(clients, topics).read();
    assert.equal(totalRecords(found.counts), FLIGHTS);
    assert.deepEqual(disagreements(found.counts, await countIndependently(file)), []);
    const delays = await readDelayTable(clients, topics.airportDelays);
    const expected = await delaysIndependently(file);
    assert.ok(expected.size > 0);
    assert.deepEqual(differingAirports(delays, expected), []);
    await admin.close();
  }

  it('should route and count 20,000 flights in two processes as DuckDB finds them in the file', async () => {
    const run = await startTwo();
    await waitUntilCommitted(run, FLIGHTS);
    await assertExact(run);
  }).timeout(2 * TIMEOUT_MS);

  it('should agree exactly when one of the processes is killed midway and started again', async () => {
    const run = await startTwo();
    const [victim] = run.services;
    assert.ok(victim);
    await waitUntilCommitted(run, FLIGHTS / 10);
    victim.kill();
    assert.equal(await victim.exited, -1);
    run.services[0] = run.startService();
    await waitUntilCommitted(run, FLIGHTS);
    await assertExact(run);
  }).timeout(3 * TIMEOUT_MS);

  it('should answer what the delays of an airport are while it runs', async () => {
    const topics = flightTopics(await load());
    const host = await ServiceHost.create(FlightEtl, {
      ...withTopics(topics),
      kafka: { bootstrapServers: kafka().bootstrapServers },
      applicationId: uniqueName('flight-etl'),
      stateDir,
      logger: createPinoLogger({ level: 'error' }),
    });
    await host.start();
    try {
      const expected = await delaysIndependently(flightFile('20k'));
      const flights = (table: Iterable<readonly [string, { readonly flights: number }]>): number =>
        [...table].reduce((sum, [, delays]) => sum + delays.flights, 0);
      await waitFor(() => host.client.state === 'RUNNING', 'it runs');
      const delays = airportDelaysOf(host.client);
      await waitFor(() => flights(delays.all()) === flights(expected), 'all flights are committed', TIMEOUT_MS);
      assert.deepEqual(differingAirports(new Map(delays.all()), expected), []);
      assert.ok((delays.get('ATL')?.flights ?? 0) > 0);
      assert.equal(delays.get('???'), undefined);
    } finally {
      await host.stop();
    }
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
      env: { ...process.env, KAFKA_FETCHER: DEFAULT_FETCHER, ...environment },
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
