import assert from 'node:assert/strict';
import { kafkaClients, type IsolationLevel, type KafkaAdmin } from '@millrace/framework';
import { uniqueName, waitFor } from '@millrace/framework/testing';
import { clientsWith, FETCHERS } from '../src/fetchers.js';
import { PositionedReader, type PartitionReading } from '../src/positioned-reader.js';
import { Random } from '../src/random.js';
import { TopicWriters, writeRandomTopic, type RandomTopic } from '../src/random-topic.js';
import { useKafka } from '../src/use-kafka.js';

/** MILLRACE_DIFFERENTIAL_TOPICS=200 is the long form. */
const TOPICS = Number(process.env['MILLRACE_DIFFERENTIAL_TOPICS'] ?? 15);
const SEED = Number(process.env['MILLRACE_DIFFERENTIAL_SEED'] ?? Date.now() % 1_000_000);
/** Number of the first topic: with TOPICS=1 one topic of a run can be made again. */
const FIRST = Number(process.env['MILLRACE_DIFFERENTIAL_FIRST'] ?? 0);
const ISOLATION_LEVELS: readonly IsolationLevel[] = ['read_committed', 'read_uncommitted'];
/** After so many topics, all readers are replaced by others. */
const TOPICS_PER_READER = 8;
const POSITIONS_PER_TOPIC = 3;

describe('two fetchers on random topics', function () {
  this.timeout(120_000 + TOPICS * 10_000);
  const kafka = useKafka();
  let admin: KafkaAdmin;
  let writers: TopicWriters;
  let readers: PositionedReader[] = [];

  before(async () => {
    const clients = kafkaClients(kafka().connection);
    admin = clients.admin();
    await admin.connect();
    writers = await TopicWriters.open(clients, uniqueName('differential'));
  });

  after(async () => {
    await closeReaders();
    await writers.close();
    await admin.close();
  });

  async function closeReaders(): Promise<void> {
    for (const reader of readers) await reader.close();
    readers = [];
  }

  async function openReaders(random: Random): Promise<void> {
    await closeReaders();
    for (const fetcher of FETCHERS) {
      const clients = clientsWith(fetcher, kafka().connection);
      for (const level of ISOLATION_LEVELS) readers.push(await PositionedReader.open(clients, admin, level, random));
    }
  }

  it(`should read the same from ${TOPICS} topics (seed ${SEED}, from topic ${FIRST} on)`, async () => {
    let records = 0;
    for (let number = FIRST; number < FIRST + TOPICS; number++) {
      // Each topic, and each set of readers, has numbers of its own: any one of them can be made again alone.
      const random = new Random(SEED + number * 7919);
      const ofReaders = Math.floor(number / TOPICS_PER_READER);
      if (number % TOPICS_PER_READER === 0 || number === FIRST)
        await openReaders(new Random(SEED - 1 - ofReaders * 104729));
      const written = await writeRandomTopic(uniqueName('differential'), random, writers, admin);
      try {
        records += await compare(written, random);
      } catch (cause) {
        throw new Error(`topic ${number} of seed ${SEED}: ${written.description}`, { cause });
      } finally {
        await written.finish();
      }
    }
    console.log(`      ${records} records compared`);
    assert.ok(records > 0);
  });

  /** Reads the topic with each fetcher from the same positions; gives the number of records. */
  async function compare(written: RandomTopic, random: Random): Promise<number> {
    await compactionDone(written);
    let records = 0;
    for (let round = 0; round < POSITIONS_PER_TOPIC; round++) {
      const positions = positionsIn(written, round, random);
      const readings = await Promise.all(
        readers.map(async (reader) => stableParts(written, await reader.read(written.topic, positions))),
      );
      for (const [i, reader] of readers.entries()) {
        const first = readers.findIndex(({ isolationLevel }) => isolationLevel === reader.isolationLevel);
        const who = `${reader.description} and ${readers[first]?.description} from ${positions.join(', ')}`;
        assert.deepEqual(readings[i], readings[first], who);
        if (i === first) records += readings[i]?.reduce((sum, reading) => sum + reading.records.length, 0) ?? 0;
      }
    }
    return records;
  }

  /** Until the cleaner has been there, two readers need not see the same. */
  async function compactionDone(written: RandomTopic): Promise<void> {
    const { topic, starts, compactedRecords } = written;
    const reader = readers.find(({ isolationLevel }) => isolationLevel === 'read_uncommitted');
    if (compactedRecords === undefined || reader === undefined) return;
    let left = 0;
    await waitFor(async () => {
      const readings = stableParts(written, await reader.read(topic, starts));
      left = readings.reduce((sum, { records }) => sum + records.length, 0);
      return left <= compactedRecords;
    }, `${topic} is compacted to ${compactedRecords} records`);
    assert.equal(left, compactedRecords, 'records left by the cleaner');
  }
});

/** The first round reads everything; the others begin anywhere, deleted ranges and ends included. */
function positionsIn({ starts, ends }: RandomTopic, round: number, random: Random): number[] {
  return starts.map((start, partition) => {
    if (round === 0) return start;
    const least = random.isTrue(0.1) ? 0 : start;
    return random.integer(least, Math.max(least, ends[partition] ?? 0));
  });
}

/** Records of a compacted topic that only made the broker clean up are no part of it. */
function stableParts({ ends, compactedRecords }: RandomTopic, readings: PartitionReading[]): PartitionReading[] {
  if (compactedRecords === undefined) return readings;
  return readings.map((reading, partition) => ({
    ...reading,
    records: reading.records.filter((record) => Number.parseInt(record) < (ends[partition] ?? 0)),
  }));
}
