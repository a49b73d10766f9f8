import assert from 'node:assert/strict';
import type { RecordFetcher } from '../../client/port.js';
import type { ContractCase } from './harness.js';
import { awaitFailure, codeOf, contractCase, values, type Scenario } from './scenario.js';

function texts(count: number, mark: string): { value: string }[] {
  return Array.from({ length: count }, (_, i) => ({ value: `${mark} ${i}` }));
}

/** A fetcher that has read ten records of a topic, and stands at its end. */
async function standingAtTen(s: Scenario): Promise<{ topic: string; fetcher: RecordFetcher }> {
  const topic = await s.topic();
  await s.write(await s.producer(), topic, texts(10, 'old'));
  const fetcher = await s.fetcher();
  fetcher.assign([{ topic, partition: 0, offset: 0 }]);
  await s.read(fetcher, 10);
  return { topic, fetcher };
}

/** Deletes a topic, and creates another one of its name. */
async function recreate(s: Scenario, topic: string, records: number): Promise<void> {
  const admin = await s.admin();
  await admin.deleteTopic(topic);
  await admin.createTopic({ topic, partitions: 1 });
  await s.write(await s.producer(), topic, texts(records, 'new'));
}

/** Everything there is, after a new assignment. */
async function assertReadAnew(s: Scenario, topic: string, fetcher: RecordFetcher, records: number): Promise<void> {
  fetcher.assign([{ topic, partition: 0, offset: 0 }]);
  const anew = (await s.read(fetcher, records)).get(`${topic}-0`);
  assert.deepEqual(
    values(anew),
    texts(records, 'new').map(({ value }) => value),
  );
}

/** Topics that change while they are read. */
export const topicChangeCases: readonly ContractCase[] = [
  contractCase('should not go on at the old position in a shorter topic of the same name', async (s) => {
    const { topic, fetcher } = await standingAtTen(s);
    await recreate(s, topic, 3);
    const failure = await awaitFailure(s, fetcher);
    assert.deepEqual([failure.topic, failure.partition], [topic, 0]);
    assert.ok(['OFFSET_OUT_OF_RANGE', 'TOPIC_NOT_FOUND'].includes(codeOf(failure)), String(failure.error));
    await assertReadAnew(s, topic, fetcher, 3);
  }),

  contractCase('should not take records of a longer topic of the same name for those of the old one', async (s) => {
    const { topic, fetcher } = await standingAtTen(s);
    await recreate(s, topic, 30);
    if (s.harness.noticesRecreatedTopics) {
      let records = 0;
      await s.harness.waitFor(async () => {
        const { batches, failures } = await fetcher.poll(200);
        for (const batch of batches) records += batch.records.length;
        return failures.some((failure) => codeOf(failure) === 'TOPIC_NOT_FOUND');
      }, 'the failure');
      assert.equal(records, 0, 'records of the new topic');
    }
    await assertReadAnew(s, topic, fetcher, 30);
  }),

  contractCase('should read partitions that are added, while it reads the others', async (s) => {
    const topic = await s.topic(2);
    const fetcher = await s.fetcher();
    const round = async (partitions: number, mark: string): Promise<void> => {
      await s.write(
        await s.producer(),
        topic,
        Array.from({ length: partitions * 10 }, (_, i) => ({ partition: i % partitions, value: `${mark} ${i}` })),
      );
      const read = await s.read(fetcher, partitions * 10);
      for (let partition = 0; partition < partitions; partition += 1) {
        assert.deepEqual(
          values(read.get(`${topic}-${partition}`)),
          Array.from({ length: 10 }, (_, i) => `${mark} ${i * partitions + partition}`),
        );
      }
    };
    fetcher.assign([0, 1].map((partition) => ({ topic, partition, offset: 0 })));
    await round(2, 'before');
    await (await s.admin()).createPartitions(topic, 6);
    fetcher.assign([2, 3, 4, 5].map((partition) => ({ topic, partition, offset: 0 })));
    await round(6, 'after');
  }),

  contractCase('should report a topic that is deleted while it is read, and read on in the others', async (s) => {
    const { topic, fetcher } = await standingAtTen(s);
    const other = await s.topic();
    fetcher.assign([{ topic: other, partition: 0, offset: 0 }]);
    await (await s.admin()).deleteTopic(topic);
    let code: string | undefined;
    await s.harness.waitFor(
      async () => {
        const [failure] = (await fetcher.poll(200)).failures;
        if (failure !== undefined) code = `${failure.topic} ${codeOf(failure)}`;
        return code !== undefined;
      },
      'the failure',
      60_000,
    );
    assert.equal(code, `${topic} TOPIC_NOT_FOUND`);
    await s.write(await s.producer(), other, [{ value: 'still' }]);
    assert.deepEqual(values((await s.read(fetcher, 1)).get(`${other}-0`)), ['still']);
  }),
];
