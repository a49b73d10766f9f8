import assert from 'node:assert/strict';
import { MemoryKafka, readRecords } from '@millrace/framework/testing';
import { partitionOfKey, type KafkaClientFactory } from '@millrace/framework';
import { createTopics } from '../../dist/loader/create-topics.js';
import { flightFile } from '../../dist/loader/flight-files.js';
import { FlightLoader, spoiledRecords } from '../../dist/loader/flight-loader.js';
import { allTopics, flightTopics } from '../../dist/topics.js';

const PARTITIONS = 3;

describe('FlightLoader', () => {
  const topics = flightTopics('test-');
  let clients: KafkaClientFactory;

  beforeEach(async () => {
    clients = new MemoryKafka().clients();
    const admin = clients.admin();
    await admin.connect();
    assert.equal(await createTopics(admin, topics, PARTITIONS), PARTITIONS);
    await admin.close();
  });

  it('should create the topics once, and keep the partitions of one that is there', async () => {
    const admin = clients.admin();
    await admin.connect();
    assert.equal(await createTopics(admin, topics, 5), PARTITIONS);
    const described = await admin.describeTopics(allTopics(topics));
    assert.deepEqual(
      described.map(({ topic, partitions }) => [topic, partitions]).sort(),
      allTopics(topics)
        .map((topic) => [topic, PARTITIONS])
        .sort(),
    );
    await admin.close();
  });

  it('should write every flight once, on the partition of its key, at the time of its departure', async () => {
    const seen: number[] = [];
    const loader = new FlightLoader(clients, (records) => seen.push(records));
    const result = await loader.load(flightFile('2k'), { topic: topics.flights, partitions: PARTITIONS });
    assert.equal(result.records, 2000);
    assert.equal(result.treatments.get('cancelled'), 80);
    assert.equal(spoiledRecords(result), 8);
    assert.equal(seen.at(-1), 2000);
    const records = await readRecords(clients, topics.flights);
    assert.equal(records.length, 2000);
    for (const record of records) {
      assert.ok(record.key !== null);
      assert.equal(record.partition, partitionOfKey(record.key, PARTITIONS));
      assert.ok(record.timestamp >= Date.UTC(2001, 0, 1) && record.timestamp < Date.UTC(2001, 3, 1));
    }
    assert.equal(records.filter((record) => record.value === null).length, 1);
  });
});
