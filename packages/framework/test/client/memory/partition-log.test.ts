import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PartitionLog } from '../../../dist/client/memory/partition-log.js';
import type { ConsumedRecord } from '../../../dist/client/records.js';

function record(key: string | null, value: string | null): Parameters<PartitionLog['append']>[0][number] {
  const bytes = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text));
  return { key: bytes(key), value: bytes(value), timestamp: 1, headers: [] };
}

/** Reads from an offset to the end in small steps. */
function readFrom(log: PartitionLog, offset: number, step: number): ConsumedRecord[] {
  const records: ConsumedRecord[] = [];
  for (let at = offset; ;) {
    const batch = log.read(at, step, 'read_committed');
    if (batch === undefined) return records;
    assert.ok(batch.nextOffset > at);
    records.push(...batch.records);
    at = batch.nextOffset;
  }
}

describe('PartitionLog', () => {
  it('should keep the newest record of each key when compacted, at its offset, and stay readable from any offset', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.option(fc.string({ maxLength: 3 })))),
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.constantFrom('a', 'b'), { maxLength: 5 }),
        (pairs, step, later) => {
          const log = new PartitionLog('t', 0);
          const newest = new Map<string, [number, string | null]>();
          log.append(pairs.map(([key, value]) => record(key, value)));
          pairs.forEach(([key, value], offset) => newest.set(key, [offset, value]));
          log.compact();
          log.append(later.map((key) => record(key, 'later')));
          const expected = [...newest.values()].map(([offset]) => offset).sort((x, y) => x - y);
          later.forEach((_, i) => expected.push(pairs.length + i));
          for (let from = 0; from <= pairs.length + later.length; from += 1) {
            assert.deepEqual(
              readFrom(log, from, step).map(({ offset }) => offset),
              expected.filter((offset) => offset >= from),
            );
          }
        },
      ),
    );
  });

  it('should drop aborted records, markers and, when asked, tombstones', () => {
    const log = new PartitionLog('t', 0);
    const source = { producerId: 1, epoch: 0, isTransactional: true };
    log.append([record('a', '1'), record('b', '1')]);
    log.append([record('a', 'aborted')], { ...source, baseSequence: 0 });
    log.endTransaction(1, 'aborted', 5);
    log.append([record('b', null)], { ...source, baseSequence: 1 });
    log.endTransaction(1, 'committed', 6);
    log.append([record('a', 'open')], { ...source, baseSequence: 2 });
    log.compact();
    assert.deepEqual(
      readFrom(log, 0, 10).map(({ offset, value }) => [offset, value?.toString()]),
      [
        [0, '1'],
        [4, undefined],
      ],
    );
    log.compact(true);
    assert.deepEqual(
      readFrom(log, 0, 10).map(({ offset }) => offset),
      [0],
    );
    assert.deepEqual([log.endOffset('read_committed'), log.endOffset('read_uncommitted')], [6, 7]);
  });

  it('should read and delete in any order as a plain list would', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2_000), fc.nat(1_000)), { maxLength: 20 }), (rounds) => {
        const log = new PartitionLog('t', 0);
        let start = 0;
        let end = 0;
        for (const [count, deleted] of rounds) {
          log.append(Array.from({ length: count }, (_, i) => record(null, `${end + i}`)));
          end += count;
          start = Math.min(end, start + deleted);
          log.deleteBelow(start);
          const batch = log.read(start, 3, 'read_uncommitted');
          assert.deepEqual(
            batch?.records.map(({ offset, value }) => [offset, value?.toString()]) ?? [],
            Array.from({ length: Math.min(3, end - start) }, (_, i) => [start + i, `${start + i}`]),
          );
          if (start > 0)
            assert.throws(() => log.read(start - 1, 3, 'read_uncommitted'), { code: 'OFFSET_OUT_OF_RANGE' });
          assert.throws(() => log.read(end + 1, 3, 'read_uncommitted'), { code: 'OFFSET_OUT_OF_RANGE' });
        }
      }),
    );
  });
});
