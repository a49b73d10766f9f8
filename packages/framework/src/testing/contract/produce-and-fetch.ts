import assert from 'node:assert/strict';
import type { RecordHeader } from '../../client/records.js';
import type { ContractCase } from './harness.js';
import { contractCase, produceOne, values } from './scenario.js';

/** What is written is what is read: order, nulls, headers, timestamps, sizes. */
export const produceAndFetchCases: readonly ContractCase[] = [
  contractCase('should deliver the records of each partition in order, from the offset asked for', async (s) => {
    const topic = await s.topic(2);
    const producer = await s.producer();
    const written = Array.from({ length: 200 }, (_, i) => ({ partition: i % 2, key: `k${i}`, value: `v${i}` }));
    await s.write(producer, topic, written);

    const fetcher = await s.fetcher();
    fetcher.assign([
      { topic, partition: 0, offset: 0 },
      { topic, partition: 1, offset: 90 },
    ]);
    const read = await s.read(fetcher, 110);

    const even = read.get(`${topic}-0`) ?? [];
    const odd = read.get(`${topic}-1`) ?? [];
    assert.deepEqual(
      even.map((record) => [record.offset, record.key?.toString(), record.value?.toString()]),
      Array.from({ length: 100 }, (_, i) => [i, `k${2 * i}`, `v${2 * i}`]),
    );
    assert.deepEqual(
      odd.map((record) => [record.offset, record.value?.toString()]),
      Array.from({ length: 10 }, (_, i) => [90 + i, `v${181 + 2 * i}`]),
    );
  }),

  contractCase('should keep apart null, empty and binary keys and values', async (s) => {
    const topic = await s.topic();
    const producer = await s.producer();
    const binary = Buffer.from([0, 1, 2, 253, 254, 255]);
    const pairs: [Buffer | null, Buffer | null][] = [
      [null, null],
      [Buffer.alloc(0), Buffer.alloc(0)],
      [null, binary],
      [binary, null],
    ];
    for (const [key, value] of pairs) assert.ok(producer.produce(topic, 0, key, value, 1_000, []));
    await producer.flush();

    const records = await s.readAll({ topic, partition: 0 });
    assert.deepEqual(
      records.map((record) => [record.key, record.value]),
      pairs,
    );
  }),

  contractCase('should keep headers in order, with repeated keys, empty and null values', async (s) => {
    const topic = await s.topic();
    const producer = await s.producer();
    const headers: RecordHeader[] = [
      { key: 'a', value: Buffer.from('1') },
      { key: 'b', value: Buffer.alloc(0) },
      { key: 'a', value: Buffer.from([0, 255]) },
      { key: 'none', value: null },
      { key: 'größe', value: Buffer.from('ü') },
    ];
    await s.write(producer, topic, [{ value: 'with', headers }, { value: 'without' }]);

    // A null value may arrive as an empty one: not every client library tells them apart.
    const asBytes = ({ key, value }: RecordHeader): [string, number[]] => [key, [...(value ?? [])]];
    const records = await s.readAll({ topic, partition: 0 });
    assert.deepEqual(records[0]?.headers.map(asBytes), headers.map(asBytes));
    assert.deepEqual(records[1]?.headers, []);
  }),

  contractCase('should keep the timestamp of each record', async (s) => {
    const topic = await s.topic();
    const producer = await s.producer();
    const timestamps = [1_700_000_000_123, 1_600_000_000_000, 1_700_000_000_124];
    await s.write(
      producer,
      topic,
      timestamps.map((timestamp) => ({ value: 'x', timestamp })),
    );
    const records = await s.readAll({ topic, partition: 0 });
    assert.deepEqual(
      records.map((record) => record.timestamp),
      timestamps,
    );
  }),

  contractCase('should carry records of a megabyte', async (s) => {
    const topic = await s.topic(1, { 'max.message.bytes': '3000000' });
    const producer = await s.producer({ maxRequestBytes: 3_000_000 });
    const value = Buffer.alloc(2_000_000, 'millrace');
    assert.ok(producer.produce(topic, 0, null, value, 1_000, []));
    assert.ok(producer.produce(topic, 0, null, Buffer.from('after'), 1_000, []));
    await producer.flush();
    assert.deepEqual(producer.takeFailures(), []);

    const records = await s.readAll({ topic, partition: 0 });
    assert.equal(records.length, 2);
    assert.ok(records[0]?.value?.equals(value));
    assert.equal(records[1]?.value?.toString(), 'after');
  }),

  contractCase('should copy the bytes that produce() is given', async (s) => {
    const topic = await s.topic();
    const producer = await s.producer();
    const bytes = Buffer.from('before');
    assert.ok(producer.produce(topic, 0, bytes, bytes, 1_000, []));
    bytes.write('AFTER!');
    await producer.flush();
    const [record] = await s.readAll({ topic, partition: 0 });
    assert.equal(record?.key?.toString(), 'before');
    assert.equal(record?.value?.toString(), 'before');
  }),

  contractCase('should return false when the queue is full, and take the record after drain()', async (s) => {
    const topic = await s.topic();
    const producer = await s.producer({ maxBufferedBytes: 1_048_576, lingerMs: 200 });
    const value = Buffer.alloc(10_000, 'x');
    let refused = 0;
    for (let i = 0; i < 1500; i += 1) {
      while (!producer.produce(topic, 0, null, value, 1_000, [])) {
        refused += 1;
        await producer.drain();
      }
    }
    await producer.flush();
    assert.ok(refused > 0, 'fifteen megabytes should not fit into a queue of one');
    assert.equal((await s.readAll({ topic, partition: 0 })).length, 1500);
  }),

  contractCase('should bound the records of one poll by maxPollRecords', async (s) => {
    const topic = await s.topic(2);
    const producer = await s.producer();
    await s.write(
      producer,
      topic,
      Array.from({ length: 100 }, (_, i) => ({ partition: i % 2, value: `${i}` })),
    );
    const fetcher = await s.fetcher({ maxPollRecords: 7 });
    fetcher.assign([
      { topic, partition: 0, offset: 0 },
      { topic, partition: 1, offset: 0 },
    ]);
    let total = 0;
    await s.harness.waitFor(async () => {
      const { batches } = await fetcher.poll(100);
      const count = batches.reduce((sum, batch) => sum + batch.records.length, 0);
      assert.ok(count <= 7, `one poll returned ${count} records`);
      total += count;
      return total === 100;
    }, 'all 100 records');
  }),

  contractCase('should deliver what is produced while a poll waits', async (s) => {
    const topic = await s.topic();
    const producer = await s.producer();
    const fetcher = await s.fetcher();
    fetcher.assign([{ topic, partition: 0, offset: 0 }]);
    assert.deepEqual((await fetcher.poll(100)).batches, []);
    const reading = s.read(fetcher, 1);
    await produceOne(producer, topic, { value: 'late' });
    await producer.flush();
    assert.deepEqual(values((await reading).get(`${topic}-0`)), ['late']);
  }),
];
