import assert from 'node:assert/strict';
import {
  ContextualProcessor,
  serdes,
  type KTable,
  type StreamRecord,
  type StreamsBuilder,
  type TimestampedKeyValueStore,
} from '../../dist/index.js';
import { DrivenTables } from './drive-tables.js';

const { int64, json } = serdes;
const at = (timestamp: number) => ({ timestamp });

interface Row {
  readonly group: string | null;
  readonly n: number;
}

const rowSerde = json<Row>();

/** Sums `n` per group of a table of rows. */
const sums = (table: KTable<string, Row>): KTable<string, number> =>
  table
    .groupBy(({ group, n }) => [group, n] as [string, number], { valueSerde: int64 })
    .aggregate(
      () => 0,
      (sum, n) => sum + n,
      (sum, n) => sum - n,
      { valueSerde: int64 },
    );

describe('Tables', () => {
  it('should hold the last record of each key by offset, and delete rows on null', async () => {
    const tables = new DrivenTables((builder) => builder.table('in', {}, { name: 'rows' }).toStream().to('out'));
    await tables.input().pipeAll([
      ['a', 'late', at(10)],
      ['a', 'early', at(5)],
      [null, 'nobody', at(6)],
      ['b', 'gone', at(7)],
      ['b', null, at(8)],
    ]);
    assert.deepEqual(tables.output().readKeyValues(), [
      ['a', 'late'],
      ['a', 'early'],
      ['b', 'gone'],
      ['b', null],
    ]);
    const store = tables.driver.getStateStore<TimestampedKeyValueStore<string, string>>('rows');
    assert.deepEqual([...store.all()], [['a', { value: 'early', timestampMs: 5 }]]);
    assert.deepEqual(tables.warnings, ['KTABLE-SOURCE-0000000001 skips a record because its key is null']);
  });

  it('should have a store only where it is named or needed', () => {
    const storesOf = (declare: (table: KTable<string, string>) => void): string[] => {
      let names: string[] = [];
      new DrivenTables((builder) => {
        declare(builder.table<string, string>('in'));
        names = builder
          .build()
          .plan()
          .subtopologies.flatMap(({ stores }) => stores.map(({ name }) => name));
      });
      return names;
    };
    assert.deepEqual(
      storesOf((table) =>
        table
          .filter(() => true)
          .mapValues((value) => value)
          .toStream(),
      ),
      [],
    );
    assert.deepEqual(
      storesOf((table) => table.mapValues((value) => value, {}, { name: 'mapped' })),
      ['mapped'],
    );
    assert.deepEqual(
      storesOf((table) => table.mapValues((value) => value).groupBy((value, key) => [value, key])),
      ['in-STATE-STORE-0000000000'],
    );
  });

  it('should say under which name its store can be queried', () => {
    new DrivenTables((builder) => {
      const table = builder.table<string, string>('in');
      assert.equal(table.queryableStoreName, undefined);
      assert.equal(table.filter(() => true, {}, { name: 'some' }).queryableStoreName, 'some');
      const stream = builder.stream<string, string>('in2');
      assert.equal(stream.groupByKey().count({ name: 'counts' }).queryableStoreName, 'counts');
      assert.equal(stream.groupByKey().count().queryableStoreName, undefined);
      assert.equal(stream.toTable({ name: 'rows' }).queryableStoreName, 'rows');
      assert.equal(builder.globalTable('all').queryableStoreName, 'all-STATE-STORE-0000000009');
    });
  });

  it('should filter and map row by row, deletions included', async () => {
    const tables = new DrivenTables((builder) => {
      const table = builder.table<string, string>('in');
      table
        .filter((value) => value > 'm')
        .toStream()
        .to('late');
      table
        .filterNot((value) => value > 'm')
        .mapValues((value, key) => `${key}${value}`)
        .toStream()
        .to('early');
    });
    await tables.input().pipeAll([
      ['a', 'b'],
      ['a', 'x'],
      ['a', null],
    ]);
    assert.deepEqual(tables.output('late').readValues(), [null, 'x', null]);
    assert.deepEqual(tables.output('early').readValues(), ['ab', null, null]);
  });

  it('should spare those below a filter needless deletions if the table above has a store', async () => {
    const tables = new DrivenTables((builder) => {
      const table = builder.table<string, string>('in', {}, { name: 'rows' });
      table
        .filter((value) => value > 'm')
        .toStream()
        .to('late');
    });
    await tables.input().pipeAll([
      ['a', 'b'],
      ['a', 'x'],
      ['a', 'c'],
      ['a', null],
    ]);
    assert.deepEqual(tables.output('late').readValues(), ['x', null]);
  });

  it('should keep a filtered and a mapped table in stores of their own', async () => {
    const tables = new DrivenTables((builder) => {
      const table = builder.table<string, string>('in');
      const late = table.filter((value) => value > 'm', {}, { name: 'late' });
      const lengths = late.mapValues((value) => value.length, {}, { name: 'lengths', valueSerde: int64 });
      lengths
        .groupBy((length, key) => [String(length), key])
        .count()
        .toStream()
        .to('out', { valueSerde: int64 });
    });
    await tables.input().pipeAll([
      ['a', 'b', at(1)],
      ['a', 'xx', at(2)],
      ['b', 'yy', at(3)],
      ['a', 'zzz', at(4)],
      ['b', 'c', at(5)],
    ]);
    const late = tables.driver.getStateStore<TimestampedKeyValueStore<string, string>>('late');
    assert.deepEqual([...late.all()], [['a', { value: 'zzz', timestampMs: 4 }]]);
    const lengths = tables.driver.getStateStore<TimestampedKeyValueStore<string, number>>('lengths');
    assert.deepEqual([...lengths.all()], [['a', { value: 3, timestampMs: 4 }]]);
    assert.deepEqual(tables.outputOf('out', int64).readKeyValues(), [
      ['2', 1],
      ['2', 2],
      ['2', 1],
      ['3', 1],
      ['2', 0],
    ]);
  });

  it('should make a table of a stream, repartitioned if its key has changed', async () => {
    const tables = new DrivenTables((builder) =>
      builder
        .stream<string, string>('in')
        .selectKey((value) => value.charAt(0))
        .toTable({ name: 'latest' }, { name: 'by-initial' })
        .toStream()
        .to('out'),
    );
    await tables.input().pipeAll([
      ['1', 'ax'],
      ['2', 'bx'],
      ['3', 'ay'],
    ]);
    assert.deepEqual(tables.output().readKeyValues(), [
      ['a', 'ax'],
      ['b', 'bx'],
      ['a', 'ay'],
    ]);
    assert.equal(tables.output('test-by-initial-repartition').size, 3);
  });

  it('should let processors look rows of a global table up', async () => {
    const tables = new DrivenTables((builder) => {
      const names = builder.globalTable<string, string>('names');
      class Name extends ContextualProcessor<string, string, string, string> {
        override process(record: StreamRecord<string, string>): void | Promise<void> {
          const store = this.context.getStateStore<TimestampedKeyValueStore<string, string>>(names.queryableStoreName);
          return this.context.forward(record.withValue(store.get(record.value)?.value ?? '?'));
        }
      }
      builder
        .stream<string, string>('in')
        .process(() => new Name())
        .to('out');
    });
    await tables.input('names').pipeAll([
      ['a', 'Alpha'],
      ['b', 'Beta'],
      [null, 'nobody'],
      ['b', null],
    ]);
    await tables.input().pipeAll([
      ['1', 'a'],
      ['2', 'b'],
    ]);
    assert.deepEqual(tables.output().readKeyValues(), [
      ['1', 'Alpha'],
      ['2', '?'],
    ]);
  });

  it('should use the topic of a table as its changelog only if asked to', async () => {
    const declare = (builder: StreamsBuilder): void => {
      builder.table('in', {}, { name: 'rows' }).toStream().to('out');
    };
    const usual = new DrivenTables(declare);
    await usual.input().pipe('a', 'x', at(3));
    assert.deepEqual(usual.output('test-rows-changelog').readKeyValues(), [['a', 'x']]);
    const reusing = new DrivenTables(declare, {}, { optimize: ['reuse.ktable.source.topics'] });
    await reusing.input().pipe('a', 'x', at(3));
    assert.equal(reusing.output('test-rows-changelog').size, 0);
    assert.deepEqual(reusing.output().readKeyValues(), [['a', 'x']]);
  });
});

describe('Grouped tables', () => {
  it('should follow rows that change, move between groups, and go', async () => {
    const tables = new DrivenTables((builder) =>
      sums(builder.table<string, Row>('in', { valueSerde: rowSerde }))
        .toStream()
        .to('out', { valueSerde: int64 }),
    );
    const input = tables.inputOf('in', rowSerde);
    await input.pipeAll([
      ['a', { group: 'g', n: 1 }, at(10)],
      ['b', { group: 'g', n: 2 }, at(20)],
      ['a', { group: 'g', n: 5 }, at(15)],
      ['b', { group: 'h', n: 3 }, at(30)],
      ['a', { group: null, n: 9 }, at(40)],
      ['b', null, at(50)],
    ]);
    assert.deepEqual(
      tables
        .outputOf('out', int64)
        .readAll()
        .map(({ key, value, timestamp }) => [key, value, timestamp]),
      [
        ['g', 1, 10],
        ['g', 3, 20],
        ['g', 7, 20],
        ['g', 5, 30],
        ['h', 3, 30],
        ['g', 0, 40],
        ['h', 0, 50],
      ],
    );
  });

  it('should send a row that stays in its group as one change', async () => {
    const tables = new DrivenTables((builder) => {
      const table = builder.table<string, Row>('in', { valueSerde: rowSerde });
      table
        .groupBy(({ group, n }) => [{ group }, n], { keySerde: json(), valueSerde: int64, name: 'by-group' })
        .count();
    });
    const input = tables.inputOf('in', rowSerde);
    await input.pipe('a', { group: 'g', n: 1 });
    await input.pipe('a', { group: 'g', n: 2 });
    await input.pipe('a', { group: 'h', n: 3 });
    const topic = tables.driver.createOutputTopic('test-by-group-repartition', json<{ group: string }>(), serdes.bytes);
    assert.deepEqual(
      topic.readAll().map(({ key, value }) => [key?.group, value?.toString('hex')]),
      [
        ['g', '000000000000000101'],
        ['g', '100000000000000002000000000000000102'],
        ['g', '000000000000000200'],
        ['h', '000000000000000301'],
      ],
    );
  });

  it('should reduce by adder and subtractor', async () => {
    const tables = new DrivenTables((builder) =>
      builder
        .table<string, string>('in')
        .groupBy((value) => [value.charAt(0), value])
        .reduce(
          (aggregate, value) => `${aggregate}+${value}`,
          (aggregate, value) => `${aggregate}-${value}`,
        )
        .toStream()
        .to('out'),
    );
    await tables.input().pipeAll([
      ['1', 'a1'],
      ['2', 'a2'],
      ['1', 'a3'],
      ['2', 'b2'],
      ['3', null],
    ]);
    assert.deepEqual(tables.output().readKeyValues(), [
      ['a', 'a1'],
      ['a', 'a1+a2'],
      ['a', 'a1+a2-a1+a3'],
      ['a', 'a1+a2-a1+a3-a2'],
      ['b', 'b2'],
    ]);
  });

  it('should aggregate an aggregate', async () => {
    const tables = new DrivenTables((builder) => {
      const counts = builder.stream<string, string>('in').groupByKey().count({ name: 'counts' });
      const byCount = counts.groupBy((count, key) => [String(count), key], { name: 'by-count' });
      byCount.count({ name: 'keys-by-count' }).toStream().to('out', { valueSerde: int64 });
    });
    await tables.input().pipeAll([
      ['a', ''],
      ['b', ''],
      ['a', ''],
      ['b', ''],
    ]);
    const store = tables.driver.getStateStore<TimestampedKeyValueStore<string, number>>('keys-by-count');
    assert.deepEqual(
      [...store.all()].map(([key, { value }]) => [key, value]),
      [
        ['1', 0],
        ['2', 2],
      ],
    );
  });
});
