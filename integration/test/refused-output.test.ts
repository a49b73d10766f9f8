import assert from 'node:assert/strict';
import { kafkaClients, KafkaError, serdes, StreamsClient, Topology } from '@millrace/framework';
import { readRecords, uniqueName, waitFor } from '@millrace/framework/testing';
import { writeRecords } from '../src/topic-access.js';
import { useKafka } from '../src/use-kafka.js';

const { string } = serdes;
const RECORDS = 200;
/** Largest batch that the output topic takes; a record is about 1 KB, so that batches of several are refused as well. */
const MAX_BYTES = 4_000;
const isLarge = (i: number): boolean => i % 80 === 41;
const numbers = Array.from({ length: RECORDS }, (_, i) => i);

describe('output that the broker refuses for good', function () {
  this.timeout(120_000);
  const kafka = useKafka();

  for (const processingGuarantee of ['at_least_once', 'exactly_once_v2'] as const) {
    it(`should be dead-lettered alone, not with the records of its batch (${processingGuarantee})`, async () => {
      const { connection } = kafka();
      const [input, output, dead] = [uniqueName('refused-in'), uniqueName('refused-out'), uniqueName('refused-dead')];
      await kafka().createTopics(
        { topic: input, partitions: 1 },
        { topic: output, partitions: 1, configs: { 'max.message.bytes': String(MAX_BYTES) } },
        { topic: dead, partitions: 1 },
      );
      const body = (i: number): string => 'x'.repeat(isLarge(i) ? 10_000 : 1_000);
      await writeRecords(
        connection,
        input,
        1,
        numbers.map((i) => [String(i), body(i)]),
      );
      const topology = new Topology()
        .addSource('in', { topics: input, keyDeserializer: string, valueDeserializer: string })
        .addSink('out', { parents: 'in', topic: output, keySerializer: string, valueSerializer: string });
      const asked: unknown[] = [];
      const applicationId = uniqueName('refused');
      const client = new StreamsClient(topology, {
        ...{ applicationId, kafka: connection, processingGuarantee, deadLetterTopic: dead, commitIntervalMs: 200 },
        // Records go out one by one in one transaction. Where its time is over, the handler is asked again by new clients.
        transactionTimeoutMs: 60_000,
        productionHandler: (error, record) => {
          asked.push([error instanceof KafkaError && error.code, Number(record?.key?.toString())]);
          return 'dead-letter';
        },
      });
      const admin = kafkaClients(connection).admin();
      await admin.connect();
      try {
        await client.start();
        await waitFor(
          async () => {
            if (client.state === 'ERROR') await client.closed;
            return (await admin.groupOffsets(applicationId))[0]?.offset === RECORDS;
          },
          'all input to be committed',
          90_000,
        );
      } finally {
        await client.close().catch(() => undefined);
        await admin.close();
      }
      const keysOf = async (topic: string): Promise<number[]> =>
        (await readRecords(kafkaClients(connection), topic))
          .map(({ key }) => Number(key?.toString()))
          .sort((a, b) => a - b);
      assert.deepEqual(
        await keysOf(output),
        numbers.filter((i) => !isLarge(i)),
      );
      assert.deepEqual(await keysOf(dead), numbers.filter(isLarge));
      assert.deepEqual(
        asked,
        numbers.filter(isLarge).map((i) => ['RECORD_TOO_LARGE', i]),
      );
    });
  }
});
