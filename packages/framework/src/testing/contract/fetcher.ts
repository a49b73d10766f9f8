import assert from 'node:assert/strict';
import type { ContractCase } from './harness.js';
import { awaitFailure, codeOf, contractCase, rejectsWith, values, type Scenario } from './scenario.js';

/** Topic with `counts[p]` records `p:0`, `p:1`, ... in partition p. */
async function filledTopic(s: Scenario, counts: readonly number[]): Promise<string> {
  const topic = await s.topic(counts.length);
  const records = counts.flatMap((count, partition) =>
    Array.from({ length: count }, (_, i) => ({ partition, value: `${partition}:${i}` })),
  );
  await s.write(await s.producer(), topic, records);
  return topic;
}

/** Assigning, pausing, waking up, and what cannot be read. */
export const fetcherCases: readonly ContractCase[] = [
  contractCase('should keep paused partitions back, and go on without loss after resume', async (s) => {
    const topic = await filledTopic(s, [20, 20]);
    const fetcher = await s.fetcher({ maxPollRecords: 5 });
    const [first, second] = [0, 1].map((partition) => ({ topic, partition, offset: 0 }));
    assert.ok(first !== undefined && second !== undefined);
    fetcher.assign([first, second]);
    fetcher.pause([first]);
    const before = await s.read(fetcher, 20);
    assert.deepEqual([...before.keys()], [`${topic}-1`]);

    fetcher.resume([first]);
    const some = await s.read(fetcher, 5);
    fetcher.pause([first]);
    assert.deepEqual((await fetcher.poll(100)).batches, []);
    fetcher.resume([first]);
    const rest = await s.read(fetcher, 20 - (some.get(`${topic}-0`)?.length ?? 0));
    assert.deepEqual(
      [...values(some.get(`${topic}-0`)), ...values(rest.get(`${topic}-0`))],
      Array.from({ length: 20 }, (_, i) => `0:${i}`),
    );
  }),

  contractCase(
    'should return nothing of a partition after unassign, and start anew when it is assigned again',
    async (s) => {
      const topic = await filledTopic(s, [10, 10]);
      const fetcher = await s.fetcher({ maxPollRecords: 3 });
      const both = [0, 1].map((partition) => ({ topic, partition, offset: 0 }));
      fetcher.assign(both);
      await s.read(fetcher, 3);
      fetcher.unassign([{ topic, partition: 0 }]);
      fetcher.assign([{ topic, partition: 1, offset: 0 }]);
      const one = await s.read(fetcher, 10);
      assert.deepEqual([...one.keys()], [`${topic}-1`]);

      fetcher.assign([{ topic, partition: 0, offset: 7 }]);
      const again = await s.read(fetcher, 3);
      assert.deepEqual(values(again.get(`${topic}-0`)), ['0:7', '0:8', '0:9']);
    },
  ),

  contractCase('should move a partition that is assigned again, and end its pause', async (s) => {
    const topic = await filledTopic(s, [10]);
    const fetcher = await s.fetcher();
    fetcher.assign([{ topic, partition: 0, offset: 0 }]);
    await s.read(fetcher, 10);
    fetcher.pause([{ topic, partition: 0 }]);
    fetcher.assign([{ topic, partition: 0, offset: 8 }]);
    const again = await s.read(fetcher, 2);
    assert.deepEqual(values(again.get(`${topic}-0`)), ['0:8', '0:9']);
  }),

  contractCase('should return at once from a poll that is woken up', async (s) => {
    const topic = await s.topic();
    const fetcher = await s.fetcher();
    fetcher.assign([{ topic, partition: 0, offset: 0 }]);
    await fetcher.poll(50);
    const startMs = s.harness.monotonicMs();
    const polling = fetcher.poll(120_000);
    fetcher.wakeup();
    assert.deepEqual(await polling, { batches: [], failures: [] });
    fetcher.wakeup();
    assert.deepEqual(await fetcher.poll(120_000), { batches: [], failures: [] });
    assert.ok(s.harness.monotonicMs() - startMs < 120_000);
  }),

  contractCase('should wait for the time-out when there is nothing, not longer', async (s) => {
    const topic = await s.topic();
    const fetcher = await s.fetcher();
    fetcher.assign([{ topic, partition: 0, offset: 0 }]);
    assert.deepEqual(await fetcher.poll(0), { batches: [], failures: [] });
    assert.deepEqual(await fetcher.poll(50), { batches: [], failures: [] });
  }),

  contractCase('should report an offset out of range, leave that partition and read on in the others', async (s) => {
    const topic = await filledTopic(s, [5, 5]);
    const fetcher = await s.fetcher();
    fetcher.assign([{ topic, partition: 0, offset: 1_000 }]);
    const failure = await awaitFailure(s, fetcher);
    assert.deepEqual([failure.topic, failure.partition, codeOf(failure)], [topic, 0, 'OFFSET_OUT_OF_RANGE']);

    fetcher.assign([{ topic, partition: 1, offset: 0 }]);
    const others = await s.read(fetcher, 5);
    assert.deepEqual([...others.keys()], [`${topic}-1`]);
    fetcher.assign([{ topic, partition: 0, offset: 3 }]);
    const anew = await s.read(fetcher, 2);
    assert.deepEqual(values(anew.get(`${topic}-0`)), ['0:3', '0:4']);
  }),

  contractCase('should report an offset whose records were deleted', async (s) => {
    const topic = await filledTopic(s, [10]);
    const admin = await s.admin();
    await admin.deleteRecords([{ topic, partition: 0, offset: 6 }]);
    assert.deepEqual(await admin.listOffsets([{ topic, partition: 0 }], 'earliest'), [
      { topic, partition: 0, offset: 6 },
    ]);
    const fetcher = await s.fetcher();
    fetcher.assign([{ topic, partition: 0, offset: 2 }]);
    assert.equal(codeOf(await awaitFailure(s, fetcher)), 'OFFSET_OUT_OF_RANGE');
    fetcher.assign([{ topic, partition: 0, offset: 6 }]);
    const rest = await s.read(fetcher, 4);
    assert.deepEqual(values(rest.get(`${topic}-0`)), ['0:6', '0:7', '0:8', '0:9']);
  }),

  contractCase('should report a topic that does not exist', async (s) => {
    const fetcher = await s.fetcher();
    fetcher.assign([{ topic: s.harness.uniqueName('missing'), partition: 0, offset: 0 }]);
    assert.equal(codeOf(await awaitFailure(s, fetcher)), 'TOPIC_NOT_FOUND');
  }),

  contractCase('should know the end of a partition once the broker has told it', async (s) => {
    const topic = await filledTopic(s, [7]);
    const fetcher = await s.fetcher();
    assert.equal(fetcher.endOffset({ topic, partition: 0 }), undefined);
    fetcher.assign([{ topic, partition: 0, offset: 0 }]);
    await s.read(fetcher, 7);
    assert.equal(fetcher.endOffset({ topic, partition: 0 }), 7);
    await s.write(await s.producer(), topic, [{ value: 'one more' }]);
    await s.read(fetcher, 1);
    assert.equal(fetcher.endOffset({ topic, partition: 0 }), 8);
  }),

  contractCase('should refuse every call of a closed fetcher', async (s) => {
    const topic = await s.topic();
    const fetcher = await s.fetcher();
    await fetcher.close();
    await rejectsWith('CLIENT_CLOSED', () => fetcher.poll(10));
    await rejectsWith('CLIENT_CLOSED', () => {
      fetcher.assign([{ topic, partition: 0, offset: 0 }]);
    });
    await fetcher.close();
  }),
];
