import assert from 'node:assert/strict';
import fc from 'fast-check';
import { NO_HEADERS } from '../../dist/client/records.js';
import { PartitionGroup } from '../../dist/runtime/partition-group.js';
import { RecordQueue } from '../../dist/runtime/record-queue.js';
import type { SourceNode } from '../../dist/topology/topology-nodes.js';
import { serdes } from '../../dist/serde/serdes.js';

function queueOf(topic: string, timestamps: readonly number[]): RecordQueue {
  const source: SourceNode = {
    kind: 'source',
    name: topic,
    topics: [topic],
    keyDeserializer: serdes.string,
    valueDeserializer: serdes.string,
  };
  const queue = new RecordQueue({
    start: { topic, partition: 0, offset: 0 },
    source,
    enter: () => undefined,
    partitionTimeMs: -1,
    onHeadFailure: (error) => assert.fail(String(error)),
    onSkipped: () => assert.fail('skipped'),
  });
  fill(queue, timestamps);
  return queue;
}

function fill(queue: RecordQueue, timestamps: readonly number[]): void {
  const { topic, fetchedOffset } = queue;
  const records = timestamps.map((timestamp, index) => ({
    offset: fetchedOffset + index,
    timestamp,
    key: null,
    value: null,
    headers: NO_HEADERS,
  }));
  queue.add({ topic, partition: 0, records, nextOffset: fetchedOffset + timestamps.length });
}

describe('PartitionGroup', () => {
  it('should merge sorted partitions into one sorted sequence and lose nothing', () => {
    const sorted = fc
      .array(fc.integer({ min: 0, max: 1000 }), { maxLength: 20 })
      .map((times) => times.sort((a, b) => a - b));
    fc.assert(
      fc.property(fc.array(sorted, { minLength: 1, maxLength: 4 }), (partitions) => {
        const group = new PartitionGroup(-1, () => undefined);
        partitions.forEach((times, index) => group.add(queueOf(`t${index}`, times)));
        const merged: number[] = [];
        for (let queue = group.next(); queue !== undefined; queue = group.next()) {
          merged.push(queue.head?.timestamp ?? NaN);
          queue.advance();
        }
        assert.deepEqual(
          merged,
          partitions.flat().sort((a, b) => a - b),
        );
      }),
    );
  });

  it('should wait for records that the broker is known to have', () => {
    const ends = new Map([['b', 2]]);
    const group = new PartitionGroup(0, ({ topic }) => ends.get(topic));
    const empty = queueOf('b', []);
    group.add(queueOf('a', [5]));
    group.add(empty);
    assert.equal(group.isReady(0), false, 'b has two records that were not fetched');
    fill(empty, [1, 2]);
    assert.equal(group.isReady(0), true);
    assert.equal(group.next()?.topic, 'b');
  });

  it('should wait while nothing is known of an empty partition', () => {
    const group = new PartitionGroup(0, () => undefined);
    group.add(queueOf('a', [5]));
    group.add(queueOf('b', []));
    assert.equal(group.isReady(0), false);
  });

  it('should wait maxTaskIdleMs for an empty partition at its end, and start anew after records came', () => {
    const group = new PartitionGroup(100, () => 0);
    const a = queueOf('a', [1, 2]);
    group.add(a);
    group.add(queueOf('b', []));
    assert.equal(group.isReady(1000), false);
    assert.equal(group.isReady(1099), false);
    assert.equal(group.isReady(1100), true);
  });

  it('should never wait with -1', () => {
    const group = new PartitionGroup(-1, () => 100);
    group.add(queueOf('a', [1]));
    group.add(queueOf('b', []));
    assert.equal(group.isReady(0), true);
  });
});
