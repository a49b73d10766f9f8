import assert from 'node:assert/strict';
import { kafkaClients } from '@millrace/framework';
import { uniqueName } from '@millrace/framework/testing';
import { FETCHERS } from '../src/fetchers.js';
import { killServices, ServiceProcess } from '../src/service-process.js';
import { useKafka } from '../src/use-kafka.js';

const PARTITIONS = 9;
const RECORDS = 300;
const VALUE_BYTES = 100_000;
const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;
/** What partition 0 alone leaves for the garbage collector is not little; all partitions together have 257 MiB. */
const MOST_GROWTH_MIB = 128;

/** What `paused-reader` tells. */
interface Told {
  readonly growthMiB: number;
  readonly pausedRecords: number;
  readonly records: number;
}

describe('memory of a fetcher with paused partitions', function () {
  this.timeout(180_000);
  const kafka = useKafka();
  const topic = uniqueName('paused');

  before(async () => {
    await kafka().createTopics({ topic, partitions: PARTITIONS });
    const producer = kafkaClients(kafka().connection).producer({ lingerMs: 5 });
    await producer.connect();
    const value = Buffer.alloc(VALUE_BYTES, 'millrace');
    for (let i = 0; i < RECORDS; i++) {
      for (let partition = 0; partition < PARTITIONS; partition++) {
        while (!producer.produce(topic, partition, null, value, Date.now(), [])) await producer.drain();
      }
    }
    await producer.flush();
    assert.deepEqual(producer.takeFailures(), []);
    await producer.close();
  });

  afterEach(killServices);

  for (const fetcher of FETCHERS) {
    it(`should stay within its bounds with the ${fetcher} fetcher, and read everything in the end`, async () => {
      const { code, output } = await new ServiceProcess('paused-reader', {
        KAFKA_BOOTSTRAP_SERVERS: kafka().bootstrapServers,
        KAFKA_FETCHER: fetcher,
        TEST_INPUT: topic,
        TEST_PARTITIONS: String(PARTITIONS),
        TEST_RECORDS: String(RECORDS),
        TEST_MAX_BUFFERED_BYTES: String(MAX_BUFFERED_BYTES),
      }).exited;
      assert.equal(code, 0, output);
      const told = JSON.parse(output.trim().split('\n').at(-1) ?? '') as Told;
      console.log(`      ${told.growthMiB} MiB more`);
      assert.equal(told.pausedRecords, 0);
      assert.equal(told.records, PARTITIONS * RECORDS);
      assert.ok(told.growthMiB < MOST_GROWTH_MIB, `the process grew by ${told.growthMiB} MiB`);
    });
  }
});
