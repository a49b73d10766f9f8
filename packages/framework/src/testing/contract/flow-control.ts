import assert from 'node:assert/strict';
import type { ContractCase } from './harness.js';
import { contractCase, values, type Scenario } from './scenario.js';

/** `counts[p]` records of `bytes` bytes in partition p. */
async function writeLarge(s: Scenario, counts: readonly number[], bytes: number): Promise<string> {
  const topic = await s.topic(counts.length);
  const filling = 'x'.repeat(bytes);
  const producer = await s.producer();
  for (const [partition, count] of counts.entries()) {
    const records = Array.from({ length: count }, (_, i) => ({ partition, key: `${i}`, value: filling }));
    await s.write(producer, topic, records);
  }
  return topic;
}

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${i}`);
}

/** How partitions share what one fetcher may hold. */
export const flowControlCases: readonly ContractCase[] = [
  contractCase('should keep what it has read ahead over a pause', async (s) => {
    const topic = await s.topic();
    await s.write(
      await s.producer({ lingerMs: 100 }),
      topic,
      Array.from({ length: 300 }, (_, i) => ({ value: `${i}` })),
    );
    const fetcher = await s.fetcher({ maxPollRecords: 10 });
    fetcher.assign([{ topic, partition: 0, offset: 0 }]);
    assert.deepEqual(values((await s.read(fetcher, 10)).get(`${topic}-0`)), numbers(10));
    fetcher.pause([{ topic, partition: 0 }]);
    assert.deepEqual(await fetcher.poll(300), { batches: [], failures: [] });
    // Nobody could fetch them after this.
    if (s.harness.readsAhead) await (await s.admin()).deleteRecords([{ topic, partition: 0, offset: 300 }]);
    fetcher.resume([{ topic, partition: 0 }]);
    const rest = await s.read(fetcher, 290);
    assert.deepEqual(values(rest.get(`${topic}-0`)), numbers(300).slice(10));
  }),

  contractCase('should read the others to their end while partitions with much in them are paused', async (s) => {
    const topic = await writeLarge(s, [200, 200, 200, 200], 20_000);
    const fetcher = await s.fetcher({ maxBufferedBytes: 1_048_576 });
    fetcher.assign([0, 1, 2, 3].map((partition) => ({ topic, partition, offset: 0 })));
    // Something of the first ones is buffered when they are paused.
    await s.read(fetcher, 1);
    const busy = [0, 1].map((partition) => ({ topic, partition }));
    fetcher.assign([0, 1].map((partition) => ({ topic, partition, offset: 0 })));
    fetcher.pause(busy);
    fetcher.assign([2, 3].map((partition) => ({ topic, partition, offset: 0 })));
    const read = await s.read(fetcher, 400);
    assert.deepEqual([...read.keys()].sort(), [`${topic}-2`, `${topic}-3`]);

    fetcher.resume(busy);
    const rest = await s.read(fetcher, 400);
    for (const records of [...read.values(), ...rest.values()]) {
      assert.deepEqual(
        records.map(({ key }) => key?.toString()),
        numbers(200),
      );
    }
  }),

  contractCase('should not let a partition that has much hold up one that has little', async (s) => {
    const topic = await writeLarge(s, [1_500, 5], 10_000);
    const fetcher = await s.fetcher({ maxPollRecords: 50, maxBufferedBytes: 8 * 1_048_576 });
    fetcher.assign([0, 1].map((partition) => ({ topic, partition, offset: 0 })));
    let [much, little] = [0, 0];
    await s.harness.waitFor(async () => {
      for (const { partition, records } of (await fetcher.poll(200)).batches) {
        if (partition === 0) much += records.length;
        else little += records.length;
      }
      return little === 5;
    }, 'the records of the small partition');
    assert.ok(much < 1_500, 'the small partition should not come last');
    assert.equal((await s.read(fetcher, 1_500 - much)).get(`${topic}-0`)?.at(-1)?.key?.toString(), '1499');
  }),

  contractCase('should pause and resume at every poll without losing or repeating anything', async (s) => {
    const topic = await writeLarge(s, [300, 300, 300], 500);
    const fetcher = await s.fetcher({ maxPollRecords: 17 });
    fetcher.assign([0, 1, 2].map((partition) => ({ topic, partition, offset: 0 })));
    const seen = new Map<number, string[]>();
    let total = 0;
    for (let turn = 0; total < 900; turn += 1) {
      const paused = { topic, partition: turn % 3 };
      fetcher.pause([paused]);
      const { batches, failures } = await fetcher.poll(100);
      assert.deepEqual(failures, []);
      for (const { partition, records } of batches) {
        assert.notEqual(partition, paused.partition);
        seen.set(partition, [...(seen.get(partition) ?? []), ...records.map(({ key }) => key?.toString() ?? '')]);
        total += records.length;
      }
      fetcher.resume([paused]);
      assert.ok(turn < 5_000, `only ${total} records`);
    }
    for (const partition of [0, 1, 2]) assert.deepEqual(seen.get(partition), numbers(300));
  }),
];
