import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SortedKeys } from '../../../dist/state/engine/sorted-keys.js';

describe('SortedKeys', () => {
  it('should agree with a sorted array through many splits and merges', () => {
    const key = fc.nat(3000).map((n) => String(n).padStart(4, '0'));
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ add: fc.array(key, { maxLength: 400 }) }) },
      { weight: 2, arbitrary: fc.record({ remove: fc.array(key, { maxLength: 400 }) }) },
      { weight: 1, arbitrary: fc.record({ removeFrom: key, count: fc.nat(1500) }) },
    );
    fc.assert(
      fc.property(
        fc.array(key, { maxLength: 2000 }),
        fc.array(step, { maxLength: 12 }),
        key,
        (initial, steps, probe) => {
          const model = new Set(initial);
          const keys = SortedKeys.of(model);
          for (const each of steps) {
            const removed =
              'removeFrom' in each
                ? [...model]
                    .sort()
                    .filter((at) => at >= each.removeFrom)
                    .slice(0, each.count)
                : 'remove' in each
                  ? each.remove
                  : [];
            for (const at of 'add' in each ? each.add : []) {
              keys.add(at);
              model.add(at);
            }
            for (const at of removed) {
              keys.delete(at);
              model.delete(at);
            }
          }
          const sorted = [...model].sort();
          assert.deepEqual(ascending(keys), sorted);
          assert.deepEqual(descending(keys), sorted.reverse());
          assert.equal(
            keys.atOrAfter(probe),
            [...model].sort().find((at) => at >= probe),
          );
          assert.equal(
            keys.before(probe),
            [...model].sort().findLast((at) => at < probe),
          );
        },
      ),
      { numRuns: 60 },
    );
  }).timeout(30_000);

  it('should fill its blocks when keys arrive in order', () => {
    const keys = new SortedKeys();
    const all = Array.from({ length: 5000 }, (_, n) => String(n).padStart(5, '0'));
    for (const key of all) keys.add(key);
    assert.deepEqual(ascending(keys), all);
  });
});

function ascending(keys: SortedKeys): string[] {
  const found: string[] = [];
  for (let key = keys.atOrAfter(undefined); key !== undefined; key = keys.atOrAfter(`${key}\0`)) found.push(key);
  return found;
}

function descending(keys: SortedKeys): string[] {
  const found: string[] = [];
  for (let key = keys.before(undefined); key !== undefined; key = keys.before(key)) found.push(key);
  return found;
}
