import assert from 'node:assert/strict';
import { simulate } from './simulate.js';

const SEEDS = 300;

describe('the real client over the in-memory Kafka, through seeded failures', () => {
  it('should lose nothing, double nothing and keep stores like their changelogs', async () => {
    let [failures, crashes] = [0, 0];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const result = await simulate(seed);
      assert.equal(result.violation, undefined, `seed ${seed}; again: npm run simulate -- --seed ${seed} --trace`);
      failures += result.failures;
      crashes += result.crashes;
    }
    assert.ok(failures > SEEDS && crashes > SEEDS / 2, `${failures} failures and ${crashes} crashes say nothing`);
  });

  it('should go the same way again from the same seed', async () => {
    for (const seed of [3, 14, 23]) {
      const [first, second] = [await simulate(seed, true), await simulate(seed, true)];
      assert.ok(first.trace.length > 100);
      assert.deepEqual(second.trace, first.trace);
    }
  });
});
