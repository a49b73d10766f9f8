import assert from 'node:assert/strict';
import { ContextualProcessor, type StreamRecord } from '../../dist/index.js';
import { drive } from '../operators/drive.js';

/** Counts the records of each key that reach its task. */
class Count extends ContextualProcessor<string, string, string, string> {
  readonly #counts = new Map<string, number>();

  override process(record: StreamRecord<string, string>): void | Promise<void> {
    const count = (this.#counts.get(record.key) ?? 0) + 1;
    this.#counts.set(record.key, count);
    return this.context.forward(record.withValue(`${count} in ${this.context.taskId.toString()}`));
  }
}

describe('Keyed processing', () => {
  it('should send records through the repartition topic after a key change, with time and headers', async () => {
    const { input, output, topic } = drive((stream) =>
      stream
        .selectKey((value) => value.slice(0, 1))
        .process(() => new Count(), { name: 'count', keyed: true })
        .to('out'),
    );
    const headers = [{ key: 'h', value: Buffer.from('x') }];
    await input.pipeAll([
      ['k1', 'apple', { timestamp: 5, headers }],
      ['k2', 'banana', { timestamp: 6 }],
      ['k3', 'avocado', { timestamp: 7 }],
    ]);
    assert.deepEqual(topic('test-count-repartition').readKeyValues(), [
      ['a', 'apple'],
      ['b', 'banana'],
      ['a', 'avocado'],
    ]);
    const records = output.readAll();
    assert.deepEqual(
      records.map(({ key, value, timestamp }) => [key, value, timestamp]),
      [
        ['a', '1 in 1_0', 5],
        ['b', '1 in 1_0', 6],
        ['a', '2 in 1_0', 7],
      ],
    );
    assert.deepEqual(records[0]?.headers, headers);
  });

  it('should stay in the same task while the key is unchanged', async () => {
    const { input, output } = drive((stream) =>
      stream
        .mapValues((value) => value)
        .process(() => new Count(), { keyed: true })
        .to('out'),
    );
    await input.pipe('a', 'x');
    assert.deepEqual(output.readValues(), ['1 in 0_0']);
  });

  it('should choose the partition of the repartition topic by the given partitioner', async () => {
    const { input, topic } = drive(
      (stream) =>
        stream
          .repartition({ name: 'spread', partitions: 4, partitioner: (_topic, _key, value) => Number(value) })
          .foreach(() => undefined),
      { driver: { partitionCounts: { 'test-spread-repartition': 4 } } },
    );
    for (const value of ['3', '0', '2']) await input.pipe('k', value);
    const partitions = topic('test-spread-repartition')
      .readAll()
      .map(({ partition }) => partition);
    assert.deepEqual(partitions, [3, 0, 2]);
  });
});
