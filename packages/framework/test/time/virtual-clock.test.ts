import assert from 'node:assert/strict';
import fc from 'fast-check';
import { VirtualClock } from '../../dist/time/virtual-clock.js';

describe('VirtualClock', () => {
  it('should wake sleepers in the order of their time, then of going to sleep', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(20), { maxLength: 40 }), async (delays) => {
        const clock = new VirtualClock(5);
        const woken: [number, number][] = [];
        delays.forEach((ms, i) => void clock.sleep(ms).then(() => woken.push([clock.monotonicMs(), i])));
        await clock.advance(20);
        const expected = delays.map((ms, i): [number, number] => [ms, i]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        assert.deepEqual(woken, expected);
        assert.equal(clock.now(), 25);
      }),
      { numRuns: 50 },
    );
  });

  it('should wake what is put to sleep on the way, and stop at the target time', async () => {
    const clock = new VirtualClock();
    const woken: number[] = [];
    const run = async (): Promise<void> => {
      for (;;) {
        await clock.sleep(3);
        woken.push(clock.now());
      }
    };
    void run();
    await clock.advance(10);
    assert.deepEqual(woken, [3, 6, 9]);
    assert.equal(clock.now(), 10);
    assert.equal(clock.nextWakeMs(), 12);
  });

  it('should drive work to its end, and fail where nothing can end it', async () => {
    const clock = new VirtualClock();
    assert.equal(await clock.run(clock.sleep(60_000).then(() => 'done')), 'done');
    assert.equal(clock.now(), 60_000);
    await assert.rejects(clock.run(new Promise(() => undefined)), { code: 'ILLEGAL_STATE' });
    await assert.rejects(clock.run(clock.sleep(1_000), { limitMs: 10 }), { code: 'ILLEGAL_STATE' });
    await assert.rejects(clock.run(Promise.reject(new Error('of the work'))), /of the work/);
  });
});
