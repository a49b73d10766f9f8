import assert from 'node:assert/strict';
import { NO_HEADERS, type ConsumedRecord } from '../../dist/client/records.js';
import { RecordQueue, type HeadFailureListener } from '../../dist/runtime/record-queue.js';
import { serdes } from '../../dist/serde/serdes.js';
import type { SourceNode } from '../../dist/topology/topology-nodes.js';

const failing = {
  deserialize(_topic: string, bytes: Buffer): string {
    const text = bytes.toString();
    if (text.startsWith('bad')) throw new Error(`cannot read ${text}`);
    return text;
  },
};

function source(extra: Partial<SourceNode> = {}): SourceNode {
  return {
    kind: 'source',
    name: 'src',
    topics: ['t'],
    keyDeserializer: serdes.string,
    valueDeserializer: failing,
    ...extra,
  };
}

function record(offset: number, value: string, timestamp = offset): ConsumedRecord {
  return { offset, timestamp, key: null, value: Buffer.from(value), headers: NO_HEADERS };
}

/** Counts what it drops. */
class CountedQueue extends RecordQueue {
  skipped = 0;

  constructor(source: SourceNode, onHeadFailure: HeadFailureListener) {
    super({
      start: { topic: 't', partition: 0, offset: 0 },
      source,
      enter: () => undefined,
      partitionTimeMs: -1,
      onHeadFailure,
      onSkipped: () => {
        this.skipped++;
      },
    });
  }
}

function queueOf(node: SourceNode, failures: unknown[]): CountedQueue {
  return new CountedQueue(node, (error) => failures.push(error));
}

describe('RecordQueue', () => {
  it('should deserialise the head only, and commit up to it', () => {
    const queue = queueOf(source(), []);
    queue.add({ topic: 't', partition: 0, records: [record(3, 'a'), record(4, 'b')], nextOffset: 7 });
    assert.equal(queue.head?.value, 'a');
    assert.equal(queue.committableOffset, 3);
    queue.advance();
    assert.equal(queue.committableOffset, 4);
    queue.advance();
    assert.equal(queue.head, undefined);
    assert.equal(queue.committableOffset, 7, 'markers behind the last record are passed over');
    assert.equal(queue.partitionTimeMs, 4);
  });

  it('should move the position with a batch without records', () => {
    const queue = queueOf(source(), []);
    queue.add({ topic: 't', partition: 0, records: [], nextOffset: 9 });
    assert.equal(queue.committableOffset, 9);
  });

  it('should drop what cannot be read when the listener lets it, across batches', () => {
    const failures: unknown[] = [];
    const queue = queueOf(source(), failures);
    queue.add({ topic: 't', partition: 0, records: [record(0, 'bad'), record(1, 'bad')], nextOffset: 2 });
    queue.add({
      topic: 't',
      partition: 0,
      records: [record(2, 'bad'), record(3, 'good'), record(4, 'bad')],
      nextOffset: 5,
    });
    assert.equal(queue.head?.value, 'good');
    assert.equal(queue.size, 2);
    queue.advance();
    assert.equal(queue.head, undefined);
    assert.equal(queue.size, 0);
    assert.equal(failures.length, 4);
    assert.equal(queue.committableOffset, 5);
  });

  it('should not commit past a record whose failure ends the task', () => {
    const queue = new CountedQueue(source(), (error) => {
      throw error;
    });
    assert.throws(
      () => queue.add({ topic: 't', partition: 0, records: [record(5, 'bad'), record(6, 'good')], nextOffset: 7 }),
      /cannot read bad/,
    );
    assert.equal(queue.committableOffset, 5);
  });

  it('should take the time from the extractor and drop negative times', () => {
    const seen: number[] = [];
    const node = source({
      timestampExtractor: ({ value }, partitionTimeMs) => {
        seen.push(partitionTimeMs);
        return Number(value);
      },
    });
    const queue = queueOf(node, []);
    queue.add({
      topic: 't',
      partition: 0,
      records: [record(0, '100'), record(1, '-1'), record(2, '50')],
      nextOffset: 3,
    });
    assert.equal(queue.head?.timestamp, 100);
    queue.advance();
    assert.equal(queue.head?.timestamp, 50);
    queue.advance();
    assert.equal(queue.skipped, 1);
    assert.equal(queue.partitionTimeMs, 100);
    assert.deepEqual(seen, [-1, 100, 100]);
  });

  for (const [what, time] of Object.entries({ fraction: 1.5, text: '17', nothing: undefined, date: new Date(5) })) {
    it(`should refuse a time that is no whole number: ${what}`, () => {
      const failures: unknown[] = [];
      const queue = queueOf(source({ timestampExtractor: () => time as number }), failures);
      queue.add({ topic: 't', partition: 0, records: [record(0, 'x')], nextOffset: 1 });
      assert.equal(failures.length, 1);
      assert.match(String(failures[0]), /not a whole number of milliseconds/);
    });
  }
});
