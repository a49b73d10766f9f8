import assert from 'node:assert/strict';
import { KafkaError } from '../../errors/errors.js';
import type { RecordProducer } from '../../client/port.js';
import type { ContractCase } from './harness.js';
import { contractCase, defaultTimestamp, produceOne, rejectsWith, type TestRecord } from './scenario.js';

/** Produces one record that cannot be delivered: gives the error, whether it is thrown or reported after the flush. */
async function failToProduce(producer: RecordProducer, topic: string, record: TestRecord): Promise<KafkaError> {
  try {
    await produceOne(producer, topic, record);
  } catch (error) {
    assert.ok(error instanceof KafkaError, `should be a KafkaError, is ${String(error)}`);
    return error;
  }
  await producer.flush();
  const [failure, ...others] = producer.takeFailures();
  assert.ok(failure !== undefined, 'the record should not have been delivered');
  assert.deepEqual(others, []);
  assert.deepEqual(
    [failure.topic, failure.partition, failure.key, failure.value, failure.timestamp],
    [topic, record.partition ?? 0, bytes(record.key), bytes(record.value), record.timestamp ?? defaultTimestamp],
  );
  assert.deepEqual(
    failure.headers.map(({ key, value }) => [key, value?.toString()]),
    (record.headers ?? []).map(({ key, value }) => [key, value?.toString()]),
  );
  assert.ok(failure.error instanceof KafkaError);
  return failure.error;
}

function bytes(text: string | null | undefined): Buffer | null {
  return text === null || text === undefined ? null : Buffer.from(text);
}

/** What a producer refuses, and how it says so. */
export const producerCases: readonly ContractCase[] = [
  contractCase('should refuse a record for a topic or partition that does not exist', async (s) => {
    const producer = await s.producer({ deliveryTimeoutMs: 5_000 });
    const missing = s.harness.uniqueName('missing');
    assert.equal((await failToProduce(producer, missing, { key: 'k', value: 'v' })).code, 'TOPIC_NOT_FOUND');
    const topic = await s.topic(2);
    assert.equal((await failToProduce(producer, topic, { partition: 2, value: 'v' })).code, 'TOPIC_NOT_FOUND');
    await s.write(producer, topic, [{ partition: 1, value: 'fine' }]);
  }),

  contractCase('should refuse a record that is larger than maxRequestBytes, or than the topic takes', async (s) => {
    const topic = await s.topic(1, { 'max.message.bytes': '20000' });
    const producer = await s.producer({ maxRequestBytes: 100_000 });
    const tooLarge = await failToProduce(producer, topic, { value: 'x'.repeat(150_000) });
    assert.equal(tooLarge.code, 'RECORD_TOO_LARGE');
    assert.match(tooLarge.message, /a record of 150\d{3} bytes/i);
    const tooLargeForTopic = await failToProduce(producer, topic, { value: 'x'.repeat(50_000) });
    assert.equal(tooLargeForTopic.code, 'RECORD_TOO_LARGE');
    await s.write(producer, topic, [{ value: 'small' }]);
    assert.equal((await s.readAll({ topic, partition: 0 })).length, 1);
  }),

  contractCase(
    'should report a record that the broker refuses, with timestamp and headers: one without key for a compacted topic',
    async (s) => {
      const topic = await s.topic(1, { 'cleanup.policy': 'compact' });
      const producer = await s.producer();
      const headers = [{ key: 'trace', value: Buffer.from('1') }];
      const withoutKey = { value: 'no key', timestamp: 1_650_000_000_000, headers };
      assert.equal((await failToProduce(producer, topic, withoutKey)).code, 'KAFKA_FAILURE');
      await s.write(producer, topic, [{ key: 'k', value: 'with key' }]);
    },
  ),

  contractCase('should send what is queued before it closes, and refuse every call after', async (s) => {
    const topic = await s.topic();
    const producer = await s.producer({ lingerMs: 100 });
    await produceOne(producer, topic, { value: 'queued' });
    await producer.close();
    assert.equal((await s.readAll({ topic, partition: 0 })).length, 1);
    await rejectsWith('CLIENT_CLOSED', () => producer.produce(topic, 0, null, null, 1_000, []));
    await rejectsWith('CLIENT_CLOSED', () => producer.flush());
    await producer.close();
  }),

  contractCase('should send queued records by itself once they have lingered', async (s) => {
    const topic = await s.topic();
    const producer = await s.producer({ lingerMs: 10 });
    await produceOne(producer, topic, { value: 'lingers' });
    const admin = await s.admin();
    await s.harness.waitFor(async () => {
      const [end] = await admin.listOffsets([{ topic, partition: 0 }], 'latest');
      return end?.offset === 1;
    }, 'the record to arrive without a flush');
  }),
];
