import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BufferBudget } from '../../../../dist/client/wire/fetching/buffer-budget.js';

const mebibyte = 1024 * 1024;

describe('BufferBudget', () => {
  it('should never grant more than the limit, and always something to a partition that has nothing', () => {
    const steps = fc.array(fc.record({ partition: fc.nat(39), isTaken: fc.boolean() }), { maxLength: 400 });
    fc.assert(
      fc.property(
        fc.integer({ min: 4 * mebibyte, max: 64 * mebibyte }),
        fc.integer({ min: 1, max: 40 }),
        steps,
        (...run) => {
          const [limit, partitions, taken] = run;
          const budget = new BufferBudget();
          budget.join(limit);
          budget.addPartitions(partitions);
          const held = new Array<number>(partitions).fill(0);
          for (const { partition: number, isTaken } of taken) {
            const partition = number % partitions;
            const before = held[partition] ?? 0;
            if (isTaken) {
              budget.release(before);
              held[partition] = 0;
              continue;
            }
            const bytes = budget.grant(before, 0);
            if (before === 0) assert.ok(bytes > 0);
            budget.take(bytes);
            held[partition] = before + bytes;
            assert.ok(budget.usedBytes <= limit, `${budget.usedBytes} of ${limit}`);
          }
        },
      ),
    );
  });

  it('should ask for less of each partition the more there are', () => {
    const budget = new BufferBudget();
    budget.join(64 * mebibyte);
    budget.addPartitions(1);
    assert.equal(budget.grant(0, 0), mebibyte);
    budget.addPartitions(99);
    assert.ok(budget.grant(0, 0) < mebibyte / 4);
  });

  it('should have the largest limit of those that take part', () => {
    const budget = new BufferBudget();
    for (const limit of [10, 30, 20]) budget.join(limit);
    assert.equal(budget.capacityBytes, 30);
    budget.leave(30);
    assert.equal(budget.capacityBytes, 20);
  });
});
