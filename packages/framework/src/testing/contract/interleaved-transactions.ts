import assert from 'node:assert/strict';
import type { IsolationLevel, RecordProducer } from '../../client/port.js';
import type { ConsumedRecord } from '../../client/records.js';
import type { ContractCase } from './harness.js';
import { contractCase, produceOne, values, type Scenario } from './scenario.js';

const PARTITIONS = 3;

/** What was written to each partition: the value, and whether its transaction was committed. */
type History = { readonly value: string; readonly isCommitted: boolean }[][];

/** Reads all partitions from their start until `count` records came; no more may follow. */
async function readRecords(
  s: Scenario,
  topic: string,
  isolationLevel: IsolationLevel,
  count: number,
  maxPollRecords?: number,
): Promise<ConsumedRecord[][]> {
  const fetcher = await s.fetcher({ isolationLevel, ...(maxPollRecords === undefined ? {} : { maxPollRecords }) });
  fetcher.assign(Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition, offset: 0 })));
  const read = await s.read(fetcher, count);
  const { batches } = await fetcher.poll(200);
  assert.deepEqual(
    batches.flatMap(({ records }) => values(records)),
    [],
    'nothing should follow',
  );
  await fetcher.close();
  return Array.from({ length: PARTITIONS }, (_, partition) => read.get(`${topic}-${partition}`) ?? []);
}

/**
 * Three transactional producers and one without transactions write in turn. Each record is flushed, so that the batches
 * of open transactions lie between each other; each transaction takes six records, over all partitions.
 */
async function writeInterleaved(s: Scenario, topic: string, rounds: number): Promise<History> {
  const history: History = Array.from({ length: PARTITIONS }, () => []);
  const producers: RecordProducer[] = [];
  for (let p = 0; p < 3; p += 1) producers.push(await s.transactionalProducer(s.harness.uniqueName('tx')));
  const plain = await s.producer({ lingerMs: 0 });
  for (let step = 0; step < rounds * 6; step += 1) {
    for (const [p, producer] of producers.entries()) {
      // The transactions of the three begin and end at different steps.
      const own = step - 2 * p;
      if (own < 0) continue;
      const round = Math.floor(own / 6);
      const isCommitted = (round + p) % 3 !== 0;
      if (own % 6 === 0) await producer.beginTransaction();
      const partition = (own + p) % PARTITIONS;
      const value = `${p}.${round}.${own % 6}`;
      await produceOne(producer, topic, { partition, value });
      await producer.flush();
      history[partition]?.push({ value, isCommitted });
      if (own % 6 === 5) await (isCommitted ? producer.commitTransaction() : producer.abortTransaction());
    }
    const partition = step % PARTITIONS;
    await s.write(plain, topic, [{ partition, value: `plain ${step}` }]);
    history[partition]?.push({ value: `plain ${step}`, isCommitted: true });
  }
  // Those that are still open: what is left of them is aborted.
  for (const [p, producer] of producers.entries()) {
    if (p === 0) continue;
    await producer.abortTransaction();
    const round = Math.floor((rounds * 6 - 1 - 2 * p) / 6);
    for (const partition of history) {
      for (const [i, { value }] of partition.entries()) {
        if (value.startsWith(`${p}.${round}.`)) partition[i] = { value, isCommitted: false };
      }
    }
  }
  return history;
}

/** Committed and aborted transactions of several producers, one between the other. */
export const interleavedTransactionCases: readonly ContractCase[] = [
  contractCase('should tell committed from aborted records of several producers in several partitions', async (s) => {
    const topic = await s.topic(PARTITIONS);
    const history = await writeInterleaved(s, topic, 6);
    const all = history.map((written) => written.map(({ value }) => value));
    const committed = history.map((written) => written.flatMap(({ value, isCommitted }) => (isCommitted ? value : [])));
    for (let partition = 0; partition < PARTITIONS; partition += 1) await s.readAll({ topic, partition });

    for (const maxPollRecords of [1_000, 3]) {
      const seen = await readRecords(s, topic, 'read_committed', committed.flat().length, maxPollRecords);
      assert.deepEqual(seen.map(values), committed);
      const everything = await readRecords(s, topic, 'read_uncommitted', all.flat().length, maxPollRecords);
      assert.deepEqual(everything.map(values), all);
    }
  }),

  contractCase('should read the same from a position inside of a transaction', async (s) => {
    const topic = await s.topic(PARTITIONS);
    await writeInterleaved(s, topic, 3);
    const whole = await s.readAll({ topic, partition: 1 }, 'read_committed');
    const [end] = await (await s.admin()).listOffsets([{ topic, partition: 1 }], 'latest');
    const fetcher = await s.fetcher({ isolationLevel: 'read_committed', maxPollRecords: 2 });
    for (let offset = 0; offset < (end?.offset ?? 0); offset += 1) {
      fetcher.assign([{ topic, partition: 1, offset }]);
      const { byPartition, positions } = await s.readBatches(
        fetcher,
        (_, at) => (at.get(`${topic}-1`) ?? 0) >= (end?.offset ?? 0),
        `the end of ${topic}-1 from offset ${offset}`,
      );
      assert.deepEqual(
        (byPartition.get(`${topic}-1`) ?? []).map((record) => [record.offset, record.value?.toString()]),
        whole.filter((record) => record.offset >= offset).map((record) => [record.offset, record.value?.toString()]),
      );
      assert.equal(positions.get(`${topic}-1`), end?.offset);
    }
  }),

  contractCase(
    'should show what others committed only after a transaction that began before them has ended',
    async (s) => {
      for (const outcome of ['committed', 'aborted'] as const) {
        const topic = await s.topic(PARTITIONS);
        const slow = await s.transactionalProducer(s.harness.uniqueName('slow'));
        const quick = await s.transactionalProducer(s.harness.uniqueName('quick'));
        await slow.beginTransaction();
        await produceOne(slow, topic, { value: 'slow first' });
        await slow.flush();
        for (let round = 0; round < 10; round += 1) {
          await quick.beginTransaction();
          await produceOne(quick, topic, { value: `quick ${round}` });
          await (round % 2 === 0 ? quick.commitTransaction() : quick.abortTransaction());
        }
        await produceOne(slow, topic, { value: 'slow last' });
        await slow.flush();
        const fetcher = await s.fetcher({ isolationLevel: 'read_committed' });
        fetcher.assign([{ topic, partition: 0, offset: 0 }]);
        assert.deepEqual(await fetcher.poll(300), { batches: [], failures: [] });

        await (outcome === 'committed' ? slow.commitTransaction() : slow.abortTransaction());
        const quickOnes = [0, 2, 4, 6, 8].map((round) => `quick ${round}`);
        const expected = outcome === 'committed' ? ['slow first', ...quickOnes, 'slow last'] : quickOnes;
        assert.deepEqual(values((await s.read(fetcher, expected.length)).get(`${topic}-0`)), expected);
      }
    },
  ),

  contractCase('should wait at a position behind the last stable offset until the transaction has ended', async (s) => {
    const topic = await s.topic(PARTITIONS);
    const open = await s.transactionalProducer(s.harness.uniqueName('open'));
    await open.beginTransaction();
    await produceOne(open, topic, { value: 'open' });
    await open.flush();
    await s.write(
      await s.producer(),
      topic,
      Array.from({ length: 10 }, (_, i) => ({ value: `${i}` })),
    );
    const fetcher = await s.fetcher({ isolationLevel: 'read_committed' });
    fetcher.assign([{ topic, partition: 0, offset: 6 }]);
    const startMs = s.harness.monotonicMs();
    // Long enough to become impatient with a partition that stands still.
    while (s.harness.monotonicMs() < startMs + 4_000) {
      assert.deepEqual(await fetcher.poll(200), { batches: [], failures: [] });
    }
    await open.abortTransaction();
    assert.deepEqual(values((await s.read(fetcher, 5)).get(`${topic}-0`)), ['5', '6', '7', '8', '9']);
  }),

  contractCase('should hide an aborted transaction that is larger than what is fetched at once', async (s) => {
    const topic = await s.topic(PARTITIONS);
    const producer = await s.transactionalProducer(s.harness.uniqueName('tx'));
    const filling = 'x'.repeat(20_000);
    for (const outcome of ['aborted', 'committed', 'aborted'] as const) {
      await producer.beginTransaction();
      await s.write(
        producer,
        topic,
        Array.from({ length: 150 }, (_, i) => ({ key: `${i}`, value: `${outcome} ${filling}` })),
      );
      await (outcome === 'committed' ? producer.commitTransaction() : producer.abortTransaction());
    }
    const fetcher = await s.fetcher({ isolationLevel: 'read_committed', maxBufferedBytes: 1_048_576 });
    fetcher.assign([{ topic, partition: 0, offset: 0 }]);
    const { byPartition, positions } = await s.readBatches(
      fetcher,
      (_, at) => (at.get(`${topic}-0`) ?? 0) >= 453,
      'the end',
    );
    const records = byPartition.get(`${topic}-0`) ?? [];
    assert.deepEqual(
      records.map(({ key }) => key?.toString()),
      Array.from({ length: 150 }, (_, i) => `${i}`),
    );
    assert.ok(values(records).every((value) => value?.startsWith('committed')));
    assert.equal(positions.get(`${topic}-0`), 453);
  }),
];
