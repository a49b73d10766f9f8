import assert from 'node:assert/strict';
import { completeBatches } from '../../../../dist/client/wire/fetching/complete-batches.js';
import { batchOf } from './record-set.js';

const value = (): Buffer => Buffer.from('v');
const one = batchOf(10, 14, [10, 11, 14], value).bytes;
const two = batchOf(15, 19, [], value).bytes;

describe('completeBatches', () => {
  it('should give size and end of all batches, also of one whose records were compacted away', () => {
    const all = Buffer.concat([one, two]);
    assert.deepEqual(completeBatches(all), { bytes: all.length, endOffset: 20, leaderEpoch: 0 });
  });

  it('should leave out a batch that was cut off, wherever that is', () => {
    for (let kept = 0; kept < two.length; kept += 1) {
      const cut = Buffer.concat([one, two.subarray(0, kept)]);
      assert.deepEqual(completeBatches(cut), { bytes: one.length, endOffset: 15, leaderEpoch: 0 });
    }
  });

  it('should find nothing in part of a batch, in nothing, and behind an impossible length', () => {
    assert.equal(completeBatches(Buffer.alloc(0)), undefined);
    assert.equal(completeBatches(one.subarray(0, one.length - 1)), undefined);
    for (const length of [-1, 0, 10, 0x7fff_ffff]) {
      const damaged = Buffer.from(one);
      damaged.writeInt32BE(length, 8);
      assert.equal(completeBatches(damaged), undefined);
    }
  });
});
