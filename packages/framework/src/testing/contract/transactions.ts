import assert from 'node:assert/strict';
import { KafkaError } from '../../errors/errors.js';
import type { ContractCase } from './harness.js';
import { contractCase, produceOne, rejectsWith, values, type Scenario } from './scenario.js';

/** Last stable offset and high watermark of partition 0. */
async function endOffsets(s: Scenario, topic: string): Promise<[number | undefined, number | undefined]> {
  const admin = await s.admin();
  const [stable] = await admin.listOffsets([{ topic, partition: 0 }], 'latest', 'read_committed');
  const [high] = await admin.listOffsets([{ topic, partition: 0 }], 'latest', 'read_uncommitted');
  return [stable?.offset, high?.offset];
}

/** Reads partition 0 to its end at the isolation level: values and the last position. */
async function readToEnd(
  s: Scenario,
  topic: string,
  isolationLevel: 'read_committed' | 'read_uncommitted',
  endOffset: number,
): Promise<{ read: (string | null)[]; position: number }> {
  const fetcher = await s.fetcher({ isolationLevel });
  fetcher.assign([{ topic, partition: 0, offset: 0 }]);
  const { byPartition, positions } = await s.readBatches(
    fetcher,
    (_, at) => (at.get(`${topic}-0`) ?? 0) >= endOffset,
    `${topic} to offset ${endOffset}`,
  );
  return { read: values(byPartition.get(`${topic}-0`)), position: positions.get(`${topic}-0`) ?? 0 };
}

/** Transactions as readers see them, and fencing of producers. */
export const transactionCases: readonly ContractCase[] = [
  contractCase(
    'should show a transaction to read_committed after its commit, and count its marker as an offset',
    async (s) => {
      const topic = await s.topic();
      const producer = await s.transactionalProducer(s.harness.uniqueName('tx'));
      for (const round of [1, 2]) {
        await producer.beginTransaction();
        await produceOne(producer, topic, { value: `${round}a` });
        await produceOne(producer, topic, { value: `${round}b` });
        await producer.commitTransaction();
      }
      const records = await s.readAll({ topic, partition: 0 });
      assert.deepEqual(
        records.map(({ offset, value }) => [offset, value?.toString()]),
        [
          [0, '1a'],
          [1, '1b'],
          [3, '2a'],
          [4, '2b'],
        ],
      );
      assert.deepEqual(await endOffsets(s, topic), [6, 6]);
      const { position } = await readToEnd(s, topic, 'read_committed', 6);
      assert.equal(position, 6, 'the position should pass the last marker');
    },
  ),

  contractCase('should hide aborted records from read_committed only, and move the position past them', async (s) => {
    const topic = await s.topic();
    const producer = await s.transactionalProducer(s.harness.uniqueName('tx'));
    await producer.beginTransaction();
    await produceOne(producer, topic, { value: 'aborted' });
    await producer.flush();
    await producer.abortTransaction();
    const onlyAborted = await readToEnd(s, topic, 'read_committed', 2);
    assert.deepEqual(onlyAborted, { read: [], position: 2 });

    await producer.beginTransaction();
    await produceOne(producer, topic, { value: 'committed' });
    await producer.commitTransaction();
    assert.deepEqual((await readToEnd(s, topic, 'read_committed', 4)).read, ['committed']);
    assert.deepEqual((await readToEnd(s, topic, 'read_uncommitted', 4)).read, ['aborted', 'committed']);
  }),

  contractCase('should hold read_committed at the last stable offset while a transaction is open', async (s) => {
    const topic = await s.topic();
    const plain = await s.producer();
    await s.write(plain, topic, [{ value: 'before' }]);
    const producer = await s.transactionalProducer(s.harness.uniqueName('tx'));
    await producer.beginTransaction();
    await produceOne(producer, topic, { value: 'open' });
    await producer.flush();
    await s.write(plain, topic, [{ value: 'after' }]);
    assert.deepEqual(await endOffsets(s, topic), [1, 3]);

    const fetcher = await s.fetcher({ isolationLevel: 'read_committed' });
    fetcher.assign([{ topic, partition: 0, offset: 0 }]);
    assert.deepEqual(values((await s.read(fetcher, 1)).get(`${topic}-0`)), ['before']);
    assert.deepEqual((await fetcher.poll(300)).batches, []);
    assert.deepEqual((await readToEnd(s, topic, 'read_uncommitted', 3)).read, ['before', 'open', 'after']);

    await producer.commitTransaction();
    assert.deepEqual(values((await s.read(fetcher, 2)).get(`${topic}-0`)), ['open', 'after']);
  }),

  contractCase('should tell the last stable offset as the end under read_committed', async (s) => {
    const topic = await s.topic();
    const producer = await s.transactionalProducer(s.harness.uniqueName('tx'));
    await s.write(await s.producer(), topic, [{ value: 'before' }]);
    await producer.beginTransaction();
    await produceOne(producer, topic, { value: 'open' });
    await producer.flush();
    const fetcher = await s.fetcher({ isolationLevel: 'read_committed' });
    fetcher.assign([{ topic, partition: 0, offset: 0 }]);
    await s.read(fetcher, 1);
    await s.harness.waitFor(async () => {
      await fetcher.poll(50);
      return fetcher.endOffset({ topic, partition: 0 }) === 1;
    }, 'the end to be the last stable offset');
    await producer.abortTransaction();
  }),

  contractCase('should commit or abort all partitions of a transaction together', async (s) => {
    const topic = await s.topic(3);
    const producer = await s.transactionalProducer(s.harness.uniqueName('tx'));
    for (const outcome of ['committed', 'aborted']) {
      await producer.beginTransaction();
      for (const partition of [0, 1, 2]) await produceOne(producer, topic, { partition, value: outcome });
      if (outcome === 'committed') await producer.commitTransaction();
      else await producer.abortTransaction();
    }
    for (const partition of [0, 1, 2]) {
      assert.deepEqual(values(await s.readAll({ topic, partition })), ['committed']);
    }
  }),

  contractCase('should keep apart the transactions of two producers on one partition', async (s) => {
    const topic = await s.topic();
    const one = await s.transactionalProducer(s.harness.uniqueName('one'));
    const two = await s.transactionalProducer(s.harness.uniqueName('two'));
    await one.beginTransaction();
    await two.beginTransaction();
    for (const round of [0, 1]) {
      await produceOne(one, topic, { value: `one ${round}` });
      await one.flush();
      await produceOne(two, topic, { value: `two ${round}` });
      await two.flush();
    }
    await two.abortTransaction();
    await one.commitTransaction();
    assert.deepEqual(values(await s.readAll({ topic, partition: 0 })), ['one 0', 'one 1']);
  }),

  contractCase('should let initTransactions fence the older producer and abort what it left open', async (s) => {
    const topic = await s.topic();
    const transactionalId = s.harness.uniqueName('tx');
    const zombie = await s.transactionalProducer(transactionalId);
    await zombie.beginTransaction();
    await produceOne(zombie, topic, { value: 'of the zombie' });
    await zombie.flush();

    const heir = await s.transactionalProducer(transactionalId);
    await heir.beginTransaction();
    await produceOne(heir, topic, { value: 'of the heir' });
    await heir.commitTransaction();
    const error = await rejectsWith('PRODUCER_FENCED', () => zombie.commitTransaction());
    assert.equal(error.isFatal, true);
    const again = await rejectsWith('PRODUCER_FENCED', () => zombie.beginTransaction());
    assert.equal(again.isFatal, true);
    assert.deepEqual(values(await s.readAll({ topic, partition: 0 })), ['of the heir']);
  }),

  contractCase('should fence a producer whose records come after its successor began', async (s) => {
    const topic = await s.topic();
    const transactionalId = s.harness.uniqueName('tx');
    const zombie = await s.transactionalProducer(transactionalId);
    await zombie.beginTransaction();
    const heir = await s.transactionalProducer(transactionalId);
    let fenced: unknown;
    try {
      await produceOne(zombie, topic, { value: 'too late' });
      await zombie.flush();
      await zombie.commitTransaction();
    } catch (error) {
      fenced = error;
    }
    assert.ok(fenced instanceof KafkaError && fenced.code === 'PRODUCER_FENCED' && fenced.isFatal, String(fenced));
    await heir.beginTransaction();
    await produceOne(heir, topic, { value: 'in time' });
    await heir.commitTransaction();
    assert.deepEqual(values(await s.readAll({ topic, partition: 0 })), ['in time']);
  }),

  contractCase('should abort a transaction that outlives its time-out, and refuse to commit it', async (s) => {
    const topic = await s.topic();
    const producer = await s.transactionalProducer(s.harness.uniqueName('tx'), 3_000);
    await producer.beginTransaction();
    await s.write(producer, topic, [{ value: 'forgotten' }]);
    // Until the broker has looked for transactions that took too long, a commit is in order. Its marker is offset 1.
    await s.harness.waitFor(
      async () => (await endOffsets(s, topic))[0] === 2,
      'the broker to abort the transaction',
      60_000,
    );
    let refused: unknown;
    try {
      await producer.commitTransaction();
    } catch (error) {
      refused = error;
    }
    assert.ok(refused instanceof KafkaError && (refused.isFatal || refused.requiresAbort), String(refused));
    assert.deepEqual(await s.readAll({ topic, partition: 0 }), []);
  }),

  contractCase('should commit a transaction without records, and go on', async (s) => {
    const topic = await s.topic();
    const producer = await s.transactionalProducer(s.harness.uniqueName('tx'));
    await producer.beginTransaction();
    await producer.commitTransaction();
    await producer.beginTransaction();
    await producer.abortTransaction();
    await producer.beginTransaction();
    await produceOne(producer, topic, { value: 'x' });
    await producer.commitTransaction();
    assert.deepEqual(values(await s.readAll({ topic, partition: 0 })), ['x']);
  }),

  contractCase('should refuse calls out of order', async (s) => {
    const topic = await s.topic();
    const producer = await s.producer({ transactionalId: s.harness.uniqueName('tx') });
    await assert.rejects(producer.beginTransaction(), KafkaError);
    const ready = await s.transactionalProducer(s.harness.uniqueName('tx'));
    await assert.rejects(async () => ready.produce(topic, 0, null, null, 1_000, []), KafkaError);
    await assert.rejects(ready.commitTransaction(), KafkaError);
  }),
];
