import assert from 'node:assert/strict';
import {
  ContextualProcessor,
  serdes,
  type KTable,
  type RecordMetadata,
  type StreamRecord,
  type StreamsBuilder,
} from '../../dist/index.js';
import { DrivenTables } from './drive-tables.js';

const { int64, string } = serdes;
const at = (timestamp: number) => ({ timestamp });
const PLENTY = { cacheMaxBytes: 1_000_000 };

const counts = (builder: StreamsBuilder, caching?: boolean): KTable<string, number> =>
  builder.stream<string, string>('in').groupByKey().count({ name: 'counts', caching });

/** Notes where each record it gets came from. */
class Noting extends ContextualProcessor<string, number, string, number> {
  constructor(private readonly notes: [string, number, RecordMetadata | undefined][]) {
    super();
  }

  override process(record: StreamRecord<string, number>): void {
    this.notes.push([record.key, record.value, this.context.recordMetadata()]);
  }
}

describe('Tables with a caching store', () => {
  it('should pass on the last change of each key before the commit', async () => {
    const tables = new DrivenTables((builder) => counts(builder).toStream().to('out', { valueSerde: int64 }), PLENTY);
    await tables.pipeTogether(tables.input(), [
      ['a', 'x', at(10)],
      ['b', 'x', at(20)],
      ['a', 'y', at(5)],
    ]);
    assert.deepEqual(
      tables
        .outputOf('out', int64)
        .readAll()
        .map(({ key, value, timestamp }) => [key, value, timestamp]),
      [
        ['b', 1, 20],
        ['a', 2, 10],
      ],
    );
  });

  it('should pass on every change at once if caching is off', async () => {
    const tables = new DrivenTables((builder) => {
      counts(builder, false).toStream().to('out', { valueSerde: int64 });
    }, PLENTY);
    await tables.pipeTogether(tables.input(), [
      ['a', 'x'],
      ['b', 'x'],
      ['a', 'y'],
    ]);
    assert.deepEqual(tables.outputOf('out', int64).readKeyValues(), [
      ['a', 1],
      ['b', 1],
      ['a', 2],
    ]);
  });

  it('should pass on the least recently updated keys when the budget is exceeded', async () => {
    const budget = { cacheMaxBytes: 400 };
    const tables = new DrivenTables((builder) => counts(builder).toStream().to('out', { valueSerde: int64 }), budget);
    await tables.pipeTogether(tables.input(), [
      ['a', ''],
      ['b', ''],
      ['a', ''],
      ['c', ''],
      ['d', ''],
    ]);
    assert.deepEqual(tables.outputOf('out', int64).readKeyValues(), [
      ['b', 1],
      ['a', 2],
      ['c', 1],
      ['d', 1],
    ]);
  });

  it('should pass changes on as results of the records they came from, with their headers', async () => {
    const notes: [string, number, RecordMetadata | undefined][] = [];
    const tables = new DrivenTables((builder) => {
      const stream = counts(builder).toStream();
      stream.process(() => new Noting(notes));
      stream.to('out', { valueSerde: int64 });
    }, PLENTY);
    const input = tables.input();
    const headers = (text: string) => [{ key: 'h', value: Buffer.from(text) }];
    await Promise.all([
      input.pipe('a', 'x', { headers: headers('0') }),
      input.pipe('b', 'x', { headers: headers('1') }),
      input.pipe('a', 'x', { headers: headers('2') }),
    ]);
    const metadata = (offset: number): RecordMetadata => ({ topic: 'in', partition: 0, offset });
    assert.deepEqual(notes, [
      ['b', 1, metadata(1)],
      ['a', 2, metadata(2)],
    ]);
    assert.deepEqual(
      tables
        .outputOf('out', int64)
        .readAll()
        .map((record) => record.headers[0]?.value?.toString()),
      ['1', '2'],
    );
  });

  const asynchronous = [
    { cacheMaxBytes: 0, changes: 'a1 b1 c1 a2 d1 a3', history: '1,2,3' },
    { cacheMaxBytes: 400, changes: 'a1 b1 c1 d1 a3', history: '1,3' },
    { cacheMaxBytes: 1_000_000, changes: 'b1 c1 d1 a3', history: '3' },
  ];
  for (const { cacheMaxBytes, changes, history } of asynchronous) {
    it(`should keep the order of changes if work below is asynchronous (${cacheMaxBytes} B of cache)`, async () => {
      const seen: string[] = [];
      let running = 0;
      const tables = new DrivenTables(
        (builder) =>
          counts(builder)
            .toStream()
            .mapValues(async (value, key) => {
              assert.equal(++running, 1, 'one at a time');
              // Later records would overtake earlier ones if nobody waited.
              for (let turn = seen.length; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve));
              running--;
              seen.push(`${key}${value}`);
              return String(value);
            })
            .groupByKey({ keySerde: string, valueSerde: string })
            .reduce((aggregate, value) => `${aggregate},${value}`, { name: 'histories' })
            .toStream()
            .to('out'),
        { cacheMaxBytes },
      );
      await tables.pipeTogether(
        tables.input(),
        ['a', 'b', 'c', 'a', 'd', 'a'].map((key) => [key, ''] as const),
      );
      assert.equal(seen.join(' '), changes);
      assert.equal(tables.output().readAsMap().get('a'), history);
    });
  }

  it('should fail the task if work below a flushed change fails', async () => {
    const tables = new DrivenTables((builder) => {
      const failing = () => Promise.reject(new Error('below'));
      counts(builder)
        .toStream()
        .mapValues(failing)
        .foreach(() => undefined);
    }, PLENTY);
    await assert.rejects(tables.input().pipe('a', 'x'), /below/);
  });

  it('should tell those below the value before the first of the changes that it merged', async () => {
    const tables = new DrivenTables((builder) => {
      const byCount = counts(builder).groupBy((count, key) => [String(count), key], { name: 'by-count' });
      byCount.count({ name: 'keys' }).toStream().to('out', { valueSerde: int64 });
    }, PLENTY);
    const input = tables.input();
    const twice = [
      ['a', ''],
      ['a', ''],
    ] as const;
    await tables.pipeTogether(input, twice);
    await tables.pipeTogether(input, twice);
    assert.deepEqual(tables.outputOf('out', int64).readKeyValues(), [
      ['2', 1],
      ['2', 0],
      ['4', 1],
    ]);
  });
});
