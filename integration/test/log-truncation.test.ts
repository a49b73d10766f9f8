import assert from 'node:assert/strict';
import { KafkaError, kafkaClients, NO_HEADERS, type FetchFailure, type KafkaClientFactory } from '@millrace/framework';
import { waitFor } from '@millrace/framework/testing';
import { startKafka, type LocalKafka } from '@millrace/local-kafka';
import { clientsWith } from '../src/fetchers.js';

const TOPIC = 'readings';
const PARTITIONS = [0, 1, 2, 3, 4, 5];

describe('a log that was truncated by an unclean leader election', function () {
  this.timeout(240_000);
  let kafka: LocalKafka;
  let clients: KafkaClientFactory;

  before(async () => {
    kafka = await startKafka({ brokers: 3, heapMb: 512 });
    clients = clientsWith('wire', { bootstrapServers: kafka.bootstrapServers });
    const admin = kafkaClients({ bootstrapServers: kafka.bootstrapServers }).admin();
    await admin.connect();
    const configs = { 'unclean.leader.election.enable': 'true', 'min.insync.replicas': '1' };
    await admin.createTopic({ topic: TOPIC, partitions: PARTITIONS.length, replicationFactor: 2, configs });
    await admin.close();
  });

  after(() => kafka.stop());

  /** To every partition, and waits until each has them. */
  async function write(values: readonly string[]): Promise<void> {
    const producer = clients.producer({});
    await producer.connect();
    for (const partition of PARTITIONS) {
      for (const value of values) {
        assert.ok(producer.produce(TOPIC, partition, null, Buffer.from(value), 1, NO_HEADERS));
      }
    }
    await producer.flush();
    assert.deepEqual(producer.takeFailures(), []);
    await producer.close();
  }

  it('should be reported to a reader that is past the loss, although its offset exists again', async () => {
    const seen = PARTITIONS.map((): string[] => []);
    const failures: FetchFailure[] = [];
    const fetcher = clients.fetcher({ isolationLevel: 'read_uncommitted' });
    await fetcher.connect();
    fetcher.assign(PARTITIONS.map((partition) => ({ topic: TOPIC, partition, offset: 0 })));
    const waitForEach = (what: string, isThere: (partition: number) => boolean): Promise<void> =>
      waitFor(async () => {
        const result = await fetcher.poll(100);
        for (const { partition, records } of result.batches) {
          seen[partition]?.push(...records.map(({ value }) => String(value)));
        }
        failures.push(...result.failures);
        return PARTITIONS.every(isThere);
      }, what);

    const [first, second] = kafka.brokers;
    await write(['a', 'b']);
    // From now on only the second broker has all of the partitions that are on these two.
    await first?.kill();
    await write(['c']);
    await waitForEach('c', (partition) => seen[partition]?.at(-1) === 'c');
    await second?.kill();
    await first?.restart();
    await write(['x', 'y', 'z']);
    const failureOf = (partition: number): FetchFailure | undefined =>
      failures.find((failure) => failure.partition === partition);
    await waitForEach('z or the failure', (partition) => {
      return seen[partition]?.at(-1) === 'z' || failureOf(partition) !== undefined;
    });
    assert.ok(failures.length > 0, 'some partition is on the two brokers');
    assert.ok(failures.length < PARTITIONS.length, 'and some is on others');
    for (const partition of PARTITIONS) {
      const failure = failureOf(partition);
      assert.deepEqual(seen[partition], ['a', 'b', 'c', ...(failure === undefined ? ['x', 'y', 'z'] : [])]);
      if (failure === undefined) continue;
      assert.ok(failure.error instanceof KafkaError);
      assert.equal(failure.error.code, 'OFFSET_OUT_OF_RANGE');
      assert.match(failure.error.message, /truncated: records before offset 3, .* were lost from offset 2 on/);
    }
    await fetcher.close();
  });
});
