import assert from 'node:assert/strict';
import type {
  FetchFailure,
  GroupMembershipOptions,
  KafkaAdmin,
  RecordFetcher,
  RecordFetcherOptions,
  RecordProducer,
  RecordProducerOptions,
} from '../../client/port.js';
import {
  NO_HEADERS,
  partitionKey,
  type ConsumedRecord,
  type RecordHeaders,
  type TopicPartition,
} from '../../client/records.js';
import { KafkaError, type KafkaErrorCode } from '../../errors/errors.js';
import type { ClientHarness, ContractCase } from './harness.js';
import { TestMember } from './test-member.js';

/** Timestamp of records that name none. */
export const defaultTimestamp = 1_700_000_000_000;

/** How long a case waits for records that must come. */
const RECORDS_TIMEOUT_MS = 30_000;

/** A record that a case writes; what is left out is null, empty, or the partition 0. */
export interface TestRecord {
  readonly partition?: number;
  readonly key?: string | null;
  readonly value?: string | null;
  readonly timestamp?: number;
  readonly headers?: RecordHeaders;
}

/** What a case opens, with names of its own; everything is closed at its end. */
export class Scenario {
  readonly #open: { close(): Promise<void> }[] = [];
  #admin: KafkaAdmin | undefined;

  constructor(readonly harness: ClientHarness) {}

  async admin(): Promise<KafkaAdmin> {
    if (this.#admin === undefined) {
      const admin = this.harness.clients.admin();
      this.#open.push(admin);
      await admin.connect();
      this.#admin = admin;
    }
    return this.#admin;
  }

  /** Creates a topic and returns its name. The records of cases are years old; retention must not delete them. */
  async topic(partitions = 1, configs: Readonly<Record<string, string>> = {}, name = 'contract'): Promise<string> {
    const topic = this.harness.uniqueName(name);
    await (await this.admin()).createTopic({ topic, partitions, configs: { 'retention.ms': '-1', ...configs } });
    return topic;
  }

  async producer(options: RecordProducerOptions = {}): Promise<RecordProducer> {
    const producer = this.harness.clients.producer({ lingerMs: 5, ...options });
    this.#open.push(producer);
    await producer.connect();
    return producer;
  }

  /** A transactional producer that is ready to begin. */
  async transactionalProducer(transactionalId: string, transactionTimeoutMs = 60_000): Promise<RecordProducer> {
    const producer = await this.producer({ transactionalId, transactionTimeoutMs });
    await producer.initTransactions();
    return producer;
  }

  async fetcher(options: Partial<RecordFetcherOptions> = {}): Promise<RecordFetcher> {
    const fetcher = this.harness.clients.fetcher({ isolationLevel: 'read_uncommitted', ...options });
    this.#open.push(fetcher);
    await fetcher.connect();
    return fetcher;
  }

  /** A member that has asked to join; it gets partitions while it is polled. */
  async member(topics: readonly string[] | RegExp, options: GroupMembershipOptions): Promise<TestMember> {
    const member = new TestMember(this.harness.clients.membership(options));
    this.#open.push({ close: () => member.membership.leave() });
    await member.membership.join(
      topics instanceof RegExp ? { topics: [], patterns: [topics] } : { topics, patterns: [] },
    );
    return member;
  }

  /** Polls all members until the condition holds. */
  async settle(members: readonly TestMember[], condition: () => boolean, description: string): Promise<void> {
    await this.harness.waitFor(
      () => {
        for (const member of members) member.poll();
        return condition();
      },
      description,
      60_000,
    );
  }

  /** Produces the records and waits until all are acknowledged. */
  async write(producer: RecordProducer, topic: string, records: readonly TestRecord[]): Promise<void> {
    for (const record of records) await produceOne(producer, topic, record);
    await producer.flush();
    assert.deepEqual(
      producer.takeFailures().map((failure) => failure.error),
      [],
      'every record should be delivered',
    );
  }

  /** Polls until `count` records of the assigned partitions came, or time is over; returns them by partition. */
  async read(fetcher: RecordFetcher, count: number): Promise<Map<string, ConsumedRecord[]>> {
    const { byPartition } = await this.readBatches(fetcher, (total) => total >= count, `${count} records`);
    return byPartition;
  }

  /** Polls until `isDone` says so. Fails on any `FetchFailure`. Gives the records and the last position by partition. */
  async readBatches(
    fetcher: RecordFetcher,
    isDone: (records: number, positions: ReadonlyMap<string, number>) => boolean,
    description: string,
  ): Promise<{ byPartition: Map<string, ConsumedRecord[]>; positions: Map<string, number> }> {
    const byPartition = new Map<string, ConsumedRecord[]>();
    const positions = new Map<string, number>();
    let total = 0;
    const deadlineMs = this.harness.monotonicMs() + RECORDS_TIMEOUT_MS;
    while (!isDone(total, positions)) {
      assert.ok(this.harness.monotonicMs() < deadlineMs, `gave up waiting for ${description}, got ${total} records`);
      const { batches, failures } = await fetcher.poll(200);
      assert.deepEqual(failures, []);
      for (const batch of batches) {
        const id = partitionKey(batch.topic, batch.partition);
        const records = byPartition.get(id) ?? [];
        records.push(...batch.records);
        byPartition.set(id, records);
        assert.ok(batch.nextOffset > (batch.records.at(-1)?.offset ?? -1), 'nextOffset should be after the records');
        positions.set(id, batch.nextOffset);
        total += batch.records.length;
      }
    }
    return { byPartition, positions };
  }

  /** Reads one whole partition from offset 0 with a fetcher of its own, up to its end; no transaction may be open. */
  async readAll(
    { topic, partition }: TopicPartition,
    isolationLevel: RecordFetcherOptions['isolationLevel'] = 'read_committed',
  ): Promise<ConsumedRecord[]> {
    const admin = await this.admin();
    let endOffset = 0;
    // A broker answers a commit before the marker is in every partition.
    await this.harness.waitFor(
      async () => {
        const [stable] = await admin.listOffsets([{ topic, partition }], 'latest', 'read_committed');
        const [high] = await admin.listOffsets([{ topic, partition }], 'latest', 'read_uncommitted');
        endOffset = high?.offset ?? 0;
        return stable?.offset === endOffset;
      },
      `the transactions of ${topic}-${String(partition)} to end`,
    );
    if (endOffset === 0) return [];
    const fetcher = await this.fetcher({ isolationLevel });
    fetcher.assign([{ topic, partition, offset: 0 }]);
    const id = partitionKey(topic, partition);
    const { byPartition } = await this.readBatches(
      fetcher,
      (_, positions) => (positions.get(id) ?? 0) >= endOffset,
      `${id} up to offset ${endOffset}`,
    );
    await fetcher.close();
    return byPartition.get(id) ?? [];
  }

  async close(): Promise<void> {
    for (const client of this.#open.reverse()) await client.close();
  }
}

/** Produces one record, waiting as long as the queue is full. */
export async function produceOne(producer: RecordProducer, topic: string, record: TestRecord): Promise<void> {
  const { partition = 0, key = null, value = null, timestamp = defaultTimestamp, headers = NO_HEADERS } = record;
  const keyBytes = key === null ? null : Buffer.from(key);
  const valueBytes = value === null ? null : Buffer.from(value);
  while (!producer.produce(topic, partition, keyBytes, valueBytes, timestamp, headers)) await producer.drain();
}

/** Polls until the fetcher reports a failure; records that come before it are dropped. */
export async function awaitFailure(s: Scenario, fetcher: RecordFetcher): Promise<FetchFailure> {
  let failure: FetchFailure | undefined;
  await s.harness.waitFor(async () => {
    const { failures } = await fetcher.poll(200);
    failure ??= failures[0];
    return failure !== undefined;
  }, 'a fetch failure');
  assert.ok(failure !== undefined);
  return failure;
}

/** The code of a failure's error. */
export function codeOf({ error }: FetchFailure): string {
  assert.ok(error instanceof KafkaError, `should be a KafkaError, is ${String(error)}`);
  return error.code;
}

/** The texts of the records' values. */
export function values(records: readonly ConsumedRecord[] | undefined): (string | null)[] {
  return (records ?? []).map((record) => record.value?.toString() ?? null);
}

/** Asserts that the call rejects or throws with a `KafkaError` of this code, and returns the error. */
export async function rejectsWith(code: KafkaErrorCode, call: () => unknown): Promise<KafkaError> {
  try {
    await call();
  } catch (error) {
    assert.ok(error instanceof KafkaError, `should be a KafkaError, is ${String(error)}`);
    assert.equal(error.code, code, error.message);
    return error;
  }
  assert.fail(`should have been rejected with ${code}`);
}

/** A case that gets a scenario, which is closed whatever happens. */
export function contractCase(title: string, body: (scenario: Scenario) => Promise<void>): ContractCase {
  return {
    title,
    async run(harness) {
      const scenario = new Scenario(harness);
      try {
        await body(scenario);
      } finally {
        await scenario.close();
      }
    },
  };
}
