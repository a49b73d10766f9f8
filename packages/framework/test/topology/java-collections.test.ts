import assert from 'node:assert/strict';
import fc from 'fast-check';
import { JavaTreeSet, javaHashOrder } from '../../dist/topology/java-collections.js';

describe('JavaTreeSet', () => {
  it('should hold each value once, sorted', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 200 })), (values) => {
        const set = new JavaTreeSet<number>((a, b) => a - b);
        for (const value of values) set.add(value);
        assert.deepEqual(
          [...set],
          [...new Set(values)].sort((a, b) => a - b),
        );
      }),
    );
  });
});

describe('javaHashOrder', () => {
  it('should return each name once, however often it was added', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 100 }), (names) => {
        const ordered = javaHashOrder(names);
        assert.deepEqual([...ordered].sort(), [...new Set(names)].sort());
        assert.deepEqual(javaHashOrder([...names, ...names]), ordered);
      }),
    );
  });
});
