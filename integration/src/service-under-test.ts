import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaClients, type ConsumedRecord, type KafkaAdmin, type KafkaConnectionOptions } from '@millrace/framework';
import { readRecords, readTopic, uniqueName, type ReadRecord } from '@millrace/framework/testing';
import { DEFAULT_FETCHER } from './fetchers.js';
import { killServices, ServiceProcess } from './service-process.js';
import { writeRecords } from './topic-access.js';
import { useKafka } from './use-kafka.js';

/** Where a service of `src/services/` works: names and a folder of its own for each test. */
export interface ServicePlace {
  readonly connection: KafkaConnectionOptions;
  readonly application: string;
  readonly input: string;
  readonly output: string;
  readonly partitions: number;
  /** Empty at first; gone after the test. */
  readonly stateDir: string;
}

/** A service in processes of its own, with what a test asks about it. */
export class ServiceUnderTest {
  constructor(
    readonly name: string,
    readonly place: ServicePlace,
    readonly admin: KafkaAdmin,
  ) {}

  /** @param env beside the names and addresses of {@link place} */
  start(env: Readonly<Record<string, string>> = {}): ServiceProcess {
    const { connection, application, input, output, stateDir } = this.place;
    return new ServiceProcess(this.name, {
      KAFKA_BOOTSTRAP_SERVERS: String(connection.bootstrapServers),
      KAFKA_FETCHER: connection.fetcher ?? DEFAULT_FETCHER,
      TEST_APPLICATION: application,
      TEST_INPUT: input,
      TEST_OUTPUT: output,
      TEST_STATE_DIR: stateDir,
      ...env,
    });
  }

  /** Writes to the input, partition by partition in turn. */
  write(records: Iterable<readonly [key: string, value: string]>): Promise<void> {
    const { connection, input, partitions } = this.place;
    return writeRecords(connection, input, partitions, records);
  }

  /** All records of the output, or of another topic (`read_committed`). */
  read(topic = this.place.output): Promise<ReadRecord[]> {
    return readRecords(kafkaClients(this.place.connection), topic);
  }

  /** As {@link read} for many records: each is gone when the next comes. */
  each(onRecord: (record: ConsumedRecord) => void): Promise<void> {
    return readTopic(kafkaClients(this.place.connection), this.place.output, onRecord);
  }

  /** Offsets in all partitions of a topic that the service's tasks have one partition each of. */
  async sizeOf(topic: string): Promise<number> {
    const ends = await this.admin.listOffsets(this.#partitionsOf(topic), 'latest');
    return ends.reduce((sum, { offset }) => sum + offset, 0);
  }

  async committedAll(): Promise<boolean> {
    const { application, input } = this.place;
    const ends = await this.admin.listOffsets(this.#partitionsOf(input), 'latest');
    const offsets = await this.admin.groupOffsets(application);
    const committed = new Map(offsets.filter(({ topic }) => topic === input).map((o) => [o.partition, o.offset]));
    return ends.every(({ partition, offset }) => (committed.get(partition) ?? 0) === offset);
  }

  /** Partition counts of the group's members, most first; empty during a rebalance. */
  async shares(): Promise<number[]> {
    const { members, state } = await this.admin.describeGroup(this.place.application);
    return state === 'stable' ? members.map(({ partitions }) => partitions.length).sort((a, b) => b - a) : [];
  }

  #partitionsOf(topic: string): { topic: string; partition: number }[] {
    return Array.from({ length: this.place.partitions }, (_, partition) => ({ topic, partition }));
  }
}

/**
 * Gives each test of a `describe` a service with topics, group and state directory of its own, and kills its processes
 * afterwards. Call it in the body of the `describe`, and the function that it returns in tests and hooks.
 *
 * @param name of the program in `src/services/`
 * @param fetcher what it reads with
 */
export function useService(name: string, partitions: number, fetcher = DEFAULT_FETCHER): () => ServiceUnderTest {
  const kafka = useKafka();
  let admin: KafkaAdmin;
  let service: ServiceUnderTest | undefined;
  before(async () => {
    admin = kafkaClients(kafka().connection).admin();
    await admin.connect();
  });
  beforeEach(async () => {
    const place = await newPlace(name, { ...kafka().connection, fetcher }, partitions);
    await kafka().createTopics({ topic: place.input, partitions }, { topic: place.output, partitions });
    service = new ServiceUnderTest(name, place, admin);
  });
  afterEach(async () => {
    await killServices();
    if (service !== undefined) await rm(service.place.stateDir, { recursive: true, force: true });
  });
  after(() => admin.close());
  return () => {
    if (service === undefined) throw new Error('useService(): the service can be had in tests and hooks only');
    return service;
  };
}

/** For tests that bring a Kafka of their own: they create the topics, and remove the directory. */
export async function newPlace(
  name: string,
  connection: KafkaConnectionOptions,
  partitions: number,
): Promise<ServicePlace> {
  const application = uniqueName(name);
  return {
    ...{ connection, application, partitions },
    input: `${application}-in`,
    output: `${application}-out`,
    stateDir: await mkdtemp(join(tmpdir(), 'millrace-test-')),
  };
}
