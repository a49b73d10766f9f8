import assert from 'node:assert/strict';
import type { ConsumedRecord } from '../../client/records.js';
import type { ContractCase } from './harness.js';
import { awaitFailure, codeOf, contractCase, defaultTimestamp, values, type Scenario } from './scenario.js';

/** Settings under which the cleaner takes up a topic as soon as it may. */
const EAGER_COMPACTION = {
  'cleanup.policy': 'compact',
  'segment.ms': '100',
  'min.cleanable.dirty.ratio': '0.001',
  'delete.retention.ms': '0',
  'min.compaction.lag.ms': '0',
  // The records that begin new segments are dated far ahead.
  'message.timestamp.after.max.ms': String(Number.MAX_SAFE_INTEGER),
};

const YEAR_MS = 365 * 24 * 3_600_000;

/** The cleaner of a broker with default settings wakes up every 15 seconds. */
const COMPACTION_TIMEOUT_MS = 90_000;

/** Reads partition 0 up to an offset: the records, and the position reached. */
async function readTo(s: Scenario, topic: string, from: number, end: number, maxPollRecords = 1_000) {
  const fetcher = await s.fetcher({ isolationLevel: 'read_committed', maxPollRecords });
  fetcher.assign([{ topic, partition: 0, offset: from }]);
  const id = `${topic}-0`;
  const { byPartition, positions } = await s.readBatches(
    fetcher,
    (_, at) => (at.get(id) ?? 0) >= end,
    `${id} from offset ${from} to ${end}`,
  );
  await fetcher.close();
  return { records: byPartition.get(id) ?? [], position: positions.get(id) };
}

/** Writes a record of its own key until the cleaner has been over everything below `end`. */
async function awaitCompaction(s: Scenario, topic: string, end: number, isDone: (left: number) => boolean) {
  const producer = await s.producer({ lingerMs: 0 });
  // Later than any marker, which has the broker's time.
  let timestamp = defaultTimestamp + 20 * YEAR_MS;
  await s.harness.waitFor(
    async () => {
      // The segment that is written to is never compacted; a record that is late enough by its own time begins another.
      await s.write(producer, topic, [{ key: 'filler', value: 'x', timestamp: (timestamp += 1_000) }]);
      await s.harness.compact(topic);
      const { records } = await readTo(s, topic, 0, end);
      return isDone(records.filter(({ offset }) => offset < end).length);
    },
    `${topic} to be compacted`,
    COMPACTION_TIMEOUT_MS,
  );
}

function offsets(records: readonly ConsumedRecord[]): number[] {
  return records.map(({ offset }) => offset);
}

/** Partitions in which nothing is, or nothing is left, at a position. */
export const readRangeCases: readonly ContractCase[] = [
  contractCase('should find the few records among many partitions that are empty', async (s) => {
    const topic = await s.topic(30);
    const fetcher = await s.fetcher();
    fetcher.assign(Array.from({ length: 30 }, (_, partition) => ({ topic, partition, offset: 0 })));
    assert.deepEqual((await fetcher.poll(100)).batches, []);
    const producer = await s.producer();
    for (const round of ['first', 'second']) {
      await s.write(producer, topic, [
        { partition: 17, value: round },
        { partition: 29, value: round },
      ]);
      const read = await s.read(fetcher, 2);
      assert.deepEqual([...read.keys()].sort(), [`${topic}-17`, `${topic}-29`]);
      for (const records of read.values()) assert.deepEqual(values(records), [round]);
    }
  }),

  contractCase('should stand at the end of a partition whose records are all deleted, and read on there', async (s) => {
    const topic = await s.topic();
    const producer = await s.producer();
    await s.write(
      producer,
      topic,
      Array.from({ length: 50 }, (_, i) => ({ value: `${i}` })),
    );
    await (await s.admin()).deleteRecords([{ topic, partition: 0, offset: 50 }]);
    const fetcher = await s.fetcher();
    fetcher.assign([{ topic, partition: 0, offset: 49 }]);
    assert.equal(codeOf(await awaitFailure(s, fetcher)), 'OFFSET_OUT_OF_RANGE');
    fetcher.assign([{ topic, partition: 0, offset: 50 }]);
    assert.deepEqual(await fetcher.poll(300), { batches: [], failures: [] });
    await s.write(producer, topic, [{ value: 'next' }]);
    const read = (await s.read(fetcher, 1)).get(`${topic}-0`) ?? [];
    assert.deepEqual([offsets(read), values(read)], [[50], ['next']]);
  }),

  contractCase('should pass over what compaction took away, from any position', async (s) => {
    const topic = await s.topic(1, EAGER_COMPACTION);
    const written = Array.from({ length: 600 }, (_, i) => ({ key: `k${i < 300 ? i % 10 : i % 3}`, value: `${i}` }));
    const producer = await s.producer();
    for (let i = 0; i < 600; i += 100) await s.write(producer, topic, written.slice(i, i + 100));
    await awaitCompaction(s, topic, 600, (left) => left === 10);

    // k3 to k9 have their last values in the first half; k0, k1 and k2 at the end.
    const expected = [293, 294, 295, 296, 297, 298, 299, 597, 598, 599];
    for (const from of [0, 1, 150, 294, 295, 300, 450, 598]) {
      for (const maxPollRecords of [1_000, 2]) {
        const { records } = await readTo(s, topic, from, 600, maxPollRecords);
        const below = records.filter(({ offset }) => offset < 600);
        assert.deepEqual(
          offsets(below),
          expected.filter((offset) => offset >= from),
          `from offset ${from}`,
        );
        assert.deepEqual(
          values(below),
          below.map(({ offset }) => `${offset}`),
        );
      }
    }
  }),

  contractCase('should move its position over a range of which compaction has left nothing', async (s) => {
    const topic = await s.topic(1, EAGER_COMPACTION);
    const producer = await s.transactionalProducer(s.harness.uniqueName('tx'));
    for (let round = 0; round < 5; round += 1) {
      await producer.beginTransaction();
      await s.write(
        producer,
        topic,
        Array.from({ length: 20 }, (_, i) => ({ key: `k${i}`, value: `aborted ${round}` })),
      );
      await producer.abortTransaction();
    }
    // Five transactions of 20 records and a marker, then a record that later ones of its key replace.
    await s.write(await s.producer(), topic, [{ key: 'filler', value: 'the first one' }]);
    await awaitCompaction(s, topic, 106, (left) => left === 0);
    for (const from of [0, 50, 104, 105]) {
      const { records, position } = await readTo(s, topic, from, 106);
      assert.deepEqual(
        offsets(records).filter((offset) => offset < 106),
        [],
      );
      assert.ok((position ?? 0) >= 106);
    }
  }),
];
