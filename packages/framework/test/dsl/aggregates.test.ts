import assert from 'node:assert/strict';
import { serdes, type KTable, type StreamsBuilder } from '../../dist/index.js';
import { DrivenTables } from './drive-tables.js';

const { int64, json, string } = serdes;
const at = (timestamp: number) => ({ timestamp });

const countsByKey = (builder: StreamsBuilder): KTable<string, number> =>
  builder.stream<string, string>('in').groupByKey().count({ name: 'counts' });

describe('Aggregates of a grouped stream', () => {
  it('should count records per key, each result with the largest time so far', async () => {
    const tables = new DrivenTables((builder) => countsByKey(builder).toStream().to('out', { valueSerde: int64 }));
    const output = tables.outputOf('out', int64);
    await tables.input().pipeAll([
      ['a', 'x', at(10)],
      ['b', 'x', at(5)],
      ['a', 'y', at(7)],
      ['a', 'z', at(12)],
    ]);
    assert.deepEqual(
      output.readAll().map(({ key, value, timestamp }) => [key, value, timestamp]),
      [
        ['a', 1, 10],
        ['b', 1, 5],
        ['a', 2, 10],
        ['a', 3, 12],
      ],
    );
  });

  it('should skip records without key or value, count them and say so', async () => {
    const tables = new DrivenTables((builder) => countsByKey(builder).toStream().to('out', { valueSerde: int64 }));
    await tables.input().pipeAll([
      [null, 'x'],
      ['a', null],
      ['a', 'x'],
    ]);
    assert.deepEqual(tables.outputOf('out', int64).readKeyValues(), [['a', 1]]);
    assert.deepEqual(tables.warnings, [
      'KSTREAM-AGGREGATE-0000000001 skips a record because its key is null',
      'KSTREAM-AGGREGATE-0000000001 skips a record because its value is null',
    ]);
  });

  it('should keep records without a key out of the repartition topic', async () => {
    const tables = new DrivenTables((builder) => {
      const groups = builder.stream<string, string>('in').groupBy((value) => (value === '-' ? null : value));
      groups.count({ name: 'by-value' });
    });
    await tables.input().pipeAll([
      ['a', 'x'],
      ['b', '-'],
    ]);
    assert.deepEqual(tables.output('test-by-value-repartition').readKeyValues(), [['x', 'x']]);
    assert.deepEqual(tables.warnings, ['by-value-repartition-filter skips a record because its key is null']);
  });

  it('should count by another key through a repartition topic', async () => {
    const tables = new DrivenTables((builder) =>
      builder
        .stream<string, string>('in')
        .groupBy((value) => value, { name: 'by-value' })
        .count()
        .toStream()
        .to('out', { valueSerde: int64 }),
    );
    await tables.input().pipeAll([
      ['1', 'x'],
      ['2', 'y'],
      ['3', 'x'],
    ]);
    assert.deepEqual(tables.outputOf('out', int64).readKeyValues(), [
      ['x', 1],
      ['y', 1],
      ['x', 2],
    ]);
    assert.equal(tables.output('test-by-value-repartition').size, 3);
  });

  it('should share a repartition topic that the user named', async () => {
    const tables = new DrivenTables((builder) => {
      const groups = builder.stream<string, string>('in').groupBy((value) => value, { name: 'by-value' });
      groups.count().toStream().to('counts', { valueSerde: int64 });
      groups
        .reduce((aggregate, value) => aggregate + value)
        .toStream()
        .to('sums');
    });
    await tables.input().pipeAll([
      ['1', 'x'],
      ['2', 'x'],
    ]);
    assert.equal(tables.output('test-by-value-repartition').size, 2);
    assert.deepEqual(tables.outputOf('counts', int64).readValues(), [1, 2]);
    assert.deepEqual(tables.output('sums').readValues(), ['x', 'xx']);
  });

  it('should reduce: the first value as it is, further ones by the reducer', async () => {
    const seen: unknown[] = [];
    const tables = new DrivenTables((builder) =>
      builder
        .stream<string, string>('in')
        .groupByKey()
        .reduce((aggregate, value, key, record) => {
          seen.push([aggregate, value, key, record.timestamp]);
          return aggregate + value;
        })
        .toStream()
        .to('out'),
    );
    await tables.input().pipeAll([
      ['a', 'x', at(1)],
      ['a', 'y', at(2)],
      ['b', 'z', at(3)],
    ]);
    assert.deepEqual(tables.output().readKeyValues(), [
      ['a', 'x'],
      ['a', 'xy'],
      ['b', 'z'],
    ]);
    assert.deepEqual(seen, [['x', 'y', 'a', 2]]);
  });

  it('should aggregate to another type, and delete an aggregate that becomes null', async () => {
    const tables = new DrivenTables((builder) =>
      builder
        .stream<string, string>('in')
        .groupByKey()
        .aggregate<string[] | null>(
          () => [],
          (list, value) => (value === 'clear' ? null : [...(list ?? []), value]),
          { name: 'lists', valueSerde: json<string[] | null>() },
        )
        .toStream()
        .to('out'),
    );
    await tables.input().pipeAll([
      ['a', 'x'],
      ['a', 'y'],
      ['a', 'clear'],
      ['a', 'z'],
    ]);
    const output = tables.outputOf('out', json<string[]>());
    assert.deepEqual(output.readValues(), [['x'], ['x', 'y'], null, ['z']]);
  });

  it('should keep old values apart from aggregates that are changed in place', async () => {
    const tables = new DrivenTables((builder) =>
      builder
        .stream<string, string>('in')
        .groupByKey()
        .aggregate<{ readonly seen: string[] }>(
          () => ({ seen: [] }),
          (aggregate, value) => {
            aggregate.seen.push(value);
            return aggregate;
          },
          { valueSerde: json(), caching: false },
        )
        .groupBy(({ seen }) => [String(seen.length), seen.join('')])
        .reduce(
          (aggregate, value) => aggregate + value,
          (aggregate, value) => aggregate.replace(value, ''),
        )
        .toStream()
        .to('out'),
    );
    await tables.input().pipeAll([
      ['a', 'x'],
      ['a', 'y'],
      ['b', 'z'],
    ]);
    assert.deepEqual(tables.output().readKeyValues(), [
      ['1', 'x'],
      ['1', ''],
      ['2', 'xy'],
      ['1', 'z'],
    ]);
  });

  it('should not take an initial value for the old value of a new key', async () => {
    const tables = new DrivenTables((builder) =>
      countsByKey(builder)
        .groupBy((count) => ['all', String(count)])
        .count()
        .toStream()
        .to('out', { valueSerde: int64 }),
    );
    await tables.input().pipeAll([
      ['a', 'x'],
      ['b', 'x'],
      ['a', 'x'],
    ]);
    assert.deepEqual(tables.outputOf('out', int64).readValues(), [1, 2, 2]);
  });

  it('should refuse a promise in place of an aggregate', async () => {
    const tables = new DrivenTables((builder) => {
      const sum = (aggregate: string, value: string): string => Promise.resolve(aggregate + value) as unknown as string;
      builder.stream<string, string>('in').groupByKey().reduce(sum, {}, { name: 'sum' });
    });
    await tables.input().pipe('a', 'x');
    await assert.rejects(tables.input().pipe('a', 'y'), /A function of 'sum' returned a promise/);
  });

  it('should demand a serde where none is known', () => {
    const declare = (builder: StreamsBuilder): void => {
      const grouped = builder.stream('in', { keySerde: string, valueSerde: string }).groupByKey();
      grouped.aggregate(
        () => 0,
        (sum) => sum + 1,
        { name: 'sums' },
      );
    };
    assert.throws(() => new DrivenTables(declare, {}, { keySerde: undefined, valueSerde: undefined }), {
      code: 'MISSING_SERDE',
      message: /No valueSerde is known for the store of aggregate\(\)/,
    });
  });

  it('should refuse generated names of stores and topics if names are required', () => {
    const declare = (builder: StreamsBuilder): void => {
      const grouped = builder.stream<string, string>('in').groupBy((value) => value);
      grouped.count();
    };
    assert.throws(() => new DrivenTables(declare, {}, { requireExplicitNames: true }), {
      code: 'MISSING_NAME',
      message:
        /stores \(and their changelogs\): KSTREAM-AGGREGATE-STATE-STORE-0000000002; repartition topics: KSTREAM-AGGREGATE-STATE-STORE-0000000002-repartition/,
    });
    new DrivenTables(
      (builder) =>
        countsByKey(builder)
          .filter(() => true)
          .toStream(),
      {},
      { requireExplicitNames: true },
    );
  });
});
