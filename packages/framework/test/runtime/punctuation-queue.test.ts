import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PunctuationQueue } from '../../dist/runtime/punctuation-queue.js';

describe('PunctuationQueue', () => {
  it('should fire once for ticks that were missed and stay on the grid', async () => {
    const queue = new PunctuationQueue();
    const fired: number[] = [];
    queue.schedule(10, 10, (now) => void fired.push(now));
    await queue.punctuate(9);
    await queue.punctuate(10);
    await queue.punctuate(47);
    assert.equal(queue.nextDueMs, 50);
    await queue.punctuate(50);
    assert.deepEqual(fired, [10, 47, 50]);
  });

  it('should fire the earliest first and wait for promises', async () => {
    const queue = new PunctuationQueue();
    const order: string[] = [];
    queue.schedule(20, 100, () => void order.push('b'));
    queue.schedule(10, 100, async () => {
      await Promise.resolve();
      order.push('a');
    });
    await queue.punctuate(30);
    assert.deepEqual(order, ['a', 'b']);
  });

  it('should not fire what was cancelled, also when it is cancelled while firing', async () => {
    const queue = new PunctuationQueue();
    let count = 0;
    const tick = queue.schedule(1, 1, () => {
      count++;
      tick.cancel();
    });
    await queue.punctuate(5);
    await queue.punctuate(50);
    assert.equal(count, 1);
    assert.equal(queue.nextDueMs, Infinity);
  });

  it('should fire exactly when a tick of its grid has passed since the last look', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 30 }),
        async (interval, steps) => {
          const queue = new PunctuationQueue();
          const fired: number[] = [];
          const expected: number[] = [];
          queue.schedule(interval, interval, (now) => void fired.push(now));
          let now = 0;
          for (const step of steps) {
            const before = now;
            now += step;
            if (Math.floor(now / interval) > Math.floor(before / interval)) expected.push(now);
            await queue.punctuate(now);
          }
          assert.deepEqual(fired, expected);
        },
      ),
    );
  });
});
