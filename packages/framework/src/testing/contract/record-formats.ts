import assert from 'node:assert/strict';
import type { RecordProducer, RecordProducerOptions } from '../../client/port.js';
import type { ConsumedRecord, RecordHeader } from '../../client/records.js';
import type { ContractCase } from './harness.js';
import { contractCase, defaultTimestamp, values, type Scenario, type TestRecord } from './scenario.js';

type Compression = NonNullable<RecordProducerOptions['compression']>;

const compressions: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

const MIB = 1024 * 1024;

/** Texts that compress well and badly, short and long; the same in every run. */
function mixedRecords(count: number, mark: string): TestRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    key: i % 7 === 0 ? null : `key-${i}`,
    value: i % 11 === 0 ? null : `${mark} ${i} `.repeat(1 + ((i * 37) % 90)),
    timestamp: defaultTimestamp + ((i * 7919) % 5000),
    headers: i % 5 === 0 ? [{ key: 'index', value: Buffer.from(String(i)) }] : [],
  }));
}

function shapeOf({ key, value, timestamp, headers }: ConsumedRecord): unknown[] {
  return [
    key?.toString() ?? null,
    value?.toString() ?? null,
    timestamp,
    headers.map((header) => [header.key, header.value?.toString() ?? null]),
  ];
}

function expectedShapeOf({ key = null, value = null, timestamp = 0, headers = [] }: TestRecord): unknown[] {
  return [key, value, timestamp, headers.map((header) => [header.key, header.value?.toString() ?? null])];
}

/** Reads partition 0 from the offset on. */
async function readFrom(s: Scenario, topic: string, offset: number, count: number): Promise<ConsumedRecord[]> {
  const fetcher = await s.fetcher();
  fetcher.assign([{ topic, partition: 0, offset }]);
  const records = (await s.read(fetcher, count)).get(`${topic}-0`) ?? [];
  await fetcher.close();
  return records;
}

/** Each record is sent in a batch of its own: `rounds` in every partition. */
async function writeSingly(s: Scenario, producer: RecordProducer, topic: string, partitions: number, rounds: number) {
  for (let round = 0; round < rounds; round += 1) {
    const records = Array.from({ length: partitions }, (_, partition) => ({
      partition,
      value: `${partition}:${round}`,
    }));
    await s.write(producer, topic, records);
  }
}

const compressionCases = compressions.map((compression) =>
  contractCase(`should read what was compressed with ${compression}, from any position`, async (s) => {
    const topic = await s.topic();
    const producer = await s.producer({ compression });
    const written = mixedRecords(1_000, compression);
    // Two batches at least, so that a position lies behind whole ones, too.
    await s.write(producer, topic, written.slice(0, 400));
    await s.write(producer, topic, written.slice(400));

    for (const offset of [0, 1, 399, 400, 777, 999]) {
      const records = await readFrom(s, topic, offset, 1_000 - offset);
      assert.deepEqual(records.map(shapeOf), written.slice(offset).map(expectedShapeOf));
      assert.deepEqual([records[0]?.offset, records.at(-1)?.offset], [offset, 999]);
    }
  }),
);

/** What a reader must make of the bytes on the broker, whoever wrote them and however. */
export const recordFormatCases: readonly ContractCase[] = [
  ...compressionCases,

  contractCase('should read one partition that every compression has a share of', async (s) => {
    const topic = await s.topic();
    const written: TestRecord[] = [];
    for (const compression of [...compressions, ...compressions]) {
      const records = mixedRecords(150, compression);
      await s.write(await s.producer({ compression }), topic, records);
      written.push(...records);
    }
    assert.deepEqual((await readFrom(s, topic, 0, written.length)).map(shapeOf), written.map(expectedShapeOf));
  }),

  contractCase('should give the time of appending where the topic asks for it', async (s) => {
    const topic = await s.topic(1, { 'message.timestamp.type': 'LogAppendTime' });
    const yearAgo = defaultTimestamp - 365 * 24 * 3_600_000;
    for (const compression of ['none', 'lz4'] as const) {
      const records = Array.from({ length: 20 }, (_, i) => ({ value: `${i}`, timestamp: yearAgo + i }));
      await s.write(await s.producer({ compression }), topic, records);
    }
    const timestamps = (await readFrom(s, topic, 0, 40)).map(({ timestamp }) => timestamp);
    assert.ok(
      timestamps.every((timestamp, i) => timestamp >= defaultTimestamp && timestamp >= (timestamps[i - 1] ?? 0)),
      `should rise and be later than the producer's: ${timestamps.join(', ')}`,
    );
  }),

  contractCase('should read records with many and with long headers among records without', async (s) => {
    const topic = await s.topic();
    const many: RecordHeader[] = Array.from({ length: 300 }, (_, i) => ({
      key: `h${i % 250}`,
      value: Buffer.alloc(i % 3 === 0 ? 0 : i, i),
    }));
    const long: RecordHeader[] = [
      { key: 'k'.repeat(5_000), value: Buffer.alloc(200_000, 'v') },
      { key: 'after', value: Buffer.from('ä') },
    ];
    const shapes = [[], many, [], long, [{ key: 'only', value: Buffer.alloc(0) }], []];
    await s.write(
      await s.producer(),
      topic,
      shapes.map((headers, i) => ({ key: `${i}`, value: null, headers })),
    );
    const records = await readFrom(s, topic, 0, shapes.length);
    const readable = (headers: readonly RecordHeader[]): string[] =>
      headers.map(({ key, value }) => `${key}=${value?.toString('latin1') ?? ''}`);
    assert.deepEqual(
      records.map(({ headers }) => readable(headers)),
      shapes.map(readable),
    );
    assert.deepEqual(
      records.map(({ key, value }) => [key?.toString(), value]),
      shapes.map((_, i) => [`${i}`, null]),
    );
  }),

  contractCase('should read records of ten megabytes among small ones', async (s) => {
    const limit = 11 * MIB;
    const topic = await s.topic(2, { 'max.message.bytes': String(limit) });
    const producer = await s.producer({ maxRequestBytes: limit });
    const large = [1, 2, 3].map((fill) => Buffer.alloc(10 * MIB, `${fill} large `));
    const written = large.flatMap((value, i) => [Buffer.from(`before ${i}`), value, Buffer.from(`after ${i}`)]);
    for (const partition of [0, 1]) {
      for (const value of written) {
        while (!producer.produce(topic, partition, null, value, 1_000, [])) await producer.drain();
        await producer.flush();
      }
    }
    assert.deepEqual(producer.takeFailures(), []);

    // Less than one record fits: each must come all the same.
    const fetcher = await s.fetcher({ maxBufferedBytes: MIB });
    fetcher.assign([0, 1].map((partition) => ({ topic, partition, offset: 0 })));
    const read = await s.read(fetcher, 2 * written.length);
    for (const partition of [0, 1]) {
      const records = read.get(`${topic}-${partition}`) ?? [];
      assert.equal(records.length, written.length);
      for (const [i, value] of written.entries()) assert.ok(records[i]?.value?.equals(value), `record ${i}`);
    }
  }),

  contractCase('should read thousands of batches of a single record each', async (s) => {
    const partitions = 100;
    const rounds = 50;
    const topic = await s.topic(partitions);
    await writeSingly(s, await s.producer({ lingerMs: 0 }), topic, partitions, rounds);

    const fetcher = await s.fetcher();
    fetcher.assign(Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset: 0 })));
    const read = await s.read(fetcher, partitions * rounds);
    for (let partition = 0; partition < partitions; partition += 1) {
      assert.deepEqual(
        values(read.get(`${topic}-${partition}`)),
        Array.from({ length: rounds }, (_, round) => `${partition}:${round}`),
      );
    }
  }),
];
