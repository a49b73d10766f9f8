import assert from 'node:assert/strict';
import { serdes, StreamRecord, StreamsBuilder, type Processor, type ProcessorNode } from '../../dist/index.js';
import { FakeContext } from './fake-context.js';
import { later, type TextStream } from './drive.js';

/** The processor of the last operator that `declare` adds. */
function processorOf(declare: (stream: TextStream) => unknown): {
  readonly processor: Processor;
  readonly kind: string;
} {
  const builder = new StreamsBuilder({ keySerde: serdes.string, valueSerde: serdes.string });
  declare(builder.stream<string, string>('in'));
  const node = builder
    .build()
    .plan()
    .subtopologies.flatMap(({ nodes }) => nodes)
    .findLast((candidate): candidate is ProcessorNode => candidate.kind === 'processor');
  assert.ok(node);
  return { processor: node.supplier(), kind: node.name };
}

const operators: readonly ((stream: TextStream) => unknown)[] = [
  (stream) => stream.filter(() => true),
  (stream) => stream.filterNot(() => false),
  (stream) => stream.map((value, key) => [key, value]),
  (stream) => stream.mapValues((value) => value),
  (stream) => stream.mapValuesAsync((value) => value),
  (stream) => stream.flatMap((value, key) => [[key, value]]),
  (stream) => stream.flatMapValues((value) => [value]),
  (stream) => stream.selectKey((value) => value),
  (stream) => stream.peek(() => undefined),
  (stream) => stream.split().branch(() => true),
  (stream) => stream.merge(stream),
];

describe('Operators with synchronous functions', () => {
  const record = new StreamRecord('k', 'v', 1, [{ key: 'h', value: null }]);

  it('should return no promise, and forward at once with time and headers', () => {
    for (const operator of operators) {
      const { processor, kind } = processorOf(operator);
      const context = new FakeContext();
      void processor.init?.(context);
      assert.equal(processor.process(record), undefined, kind);
      assert.equal(context.forwarded.length, 1, kind);
      const { timestamp, headers } = context.forwarded[0]?.record ?? record;
      assert.deepEqual([timestamp, headers], [record.timestamp, record.headers], kind);
      for (const method of ['forwardReady', 'drain'] as const) assert.equal(processor[method]?.(), undefined, kind);
    }
  });

  it('should return the promise of what works asynchronously downstream', async () => {
    for (const operator of operators) {
      const { processor, kind } = processorOf(operator);
      let isDone = false;
      const context = new FakeContext(async () => {
        await later(undefined);
        isDone = true;
      });
      void processor.init?.(context);
      const result = processor.process(record);
      assert.ok(result instanceof Promise, kind);
      await result;
      assert.ok(isDone, kind);
    }
  });

  it('should end the stream with foreach and print', () => {
    const lines: string[] = [];
    const writer = { write: (line: string) => lines.push(line) };
    const ends: readonly ((stream: TextStream) => unknown)[] = [
      (stream) => stream.foreach(() => undefined),
      (stream) => stream.print({ writer }),
    ];
    for (const end of ends) {
      const { processor } = processorOf(end);
      const context = new FakeContext();
      void processor.init?.(context);
      assert.equal(processor.process(record), undefined);
      assert.deepEqual(context.forwarded, []);
    }
    assert.deepEqual(lines, ['[KSTREAM-SOURCE-0000000000]: k, v\n']);
  });
});
