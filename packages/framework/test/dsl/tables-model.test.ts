import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { serdes, type KTable, type StreamsBuilder, type TimestampedKeyValueStore } from '../../dist/index.js';
import { DrivenTables } from './drive-tables.js';

const { int64, json } = serdes;

/** A record of the input topic: its value is a group and a number, or a tombstone. */
interface Input {
  readonly key: string | null;
  readonly value: { readonly group: string | null; readonly n: number } | null;
  readonly timestamp: number;
}

type Row = NonNullable<Input['value']>;
type Rows = ReadonlyMap<string, Row>;

const rowSerde = json<Row>();

const inputs = fc.record<Input>({
  key: fc.constantFrom('a', 'b', 'c', 'd', null),
  value: fc.option(
    fc.record(
      { group: fc.constantFrom('g', 'h', 'i', null), n: fc.integer({ min: -5, max: 5 }) },
      { noNullPrototype: true },
    ),
    { freq: 4 },
  ),
  timestamp: fc.integer({ min: 0, max: 50 }),
});

/** Batches: what is processed between two commits. */
const histories = fc.array(fc.array(inputs, { minLength: 1, maxLength: 8 }), { maxLength: 8 });

/** No cache, one that evicts nearly at once, one that holds everything until the commit. */
const CACHES = [0, 300, 1_000_000];

async function run(
  declare: (builder: StreamsBuilder) => void,
  history: readonly (readonly Input[])[],
  cacheMaxBytes: number,
): Promise<DrivenTables> {
  const tables = new DrivenTables(declare, { cacheMaxBytes });
  const input = tables.inputOf('in', rowSerde);
  for (const batch of history) {
    await tables.pipeTogether(
      input,
      batch.map(({ key, value, timestamp }) => [key, value, { timestamp }] as const),
    );
  }
  return tables;
}

function storeOf<V>(tables: DrivenTables, name: string): Map<string, V> {
  const store = tables.driver.getStateStore<TimestampedKeyValueStore<string, V>>(name);
  return new Map([...store.all()].map(([key, { value }]) => [key, value]));
}

/** Sorted, without the entries that say the same as none. */
function entries<V>(map: ReadonlyMap<string | null, V>, absent: V | null = null): [string | null, V][] {
  return [...map].filter(([, value]) => value !== absent).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

/** The rows of a table after all records, by the order of the topic. */
function tableOf(history: readonly (readonly Input[])[]): Rows {
  const rows = new Map<string, Row>();
  for (const { key, value } of history.flat()) {
    if (key === null) continue;
    if (value === null) rows.delete(key);
    else rows.set(key, value);
  }
  return rows;
}

/** An aggregate of the rows of each group, computed anew. */
function groupsOf<A>(rows: Rows, initial: A, add: (aggregate: A, row: Row) => A): Map<string, A> {
  const groups = new Map<string, A>();
  for (const row of rows.values()) {
    if (row.group !== null) groups.set(row.group, add(groups.get(row.group) ?? initial, row));
  }
  return groups;
}

function check(test: (history: readonly (readonly Input[])[], cacheMaxBytes: number) => Promise<void>): Promise<void> {
  return fc.assert(fc.asyncProperty(histories, fc.constantFrom(...CACHES), test), { numRuns: 120 });
}

const table = (builder: StreamsBuilder): KTable<string, Row> => builder.table('in', { valueSerde: rowSerde });

describe('Tables and aggregates against a model', function () {
  this.timeout(60_000);

  it('should count, reduce and aggregate the records of a stream', () =>
    check(async (history, cacheMaxBytes) => {
      const tables = await run(
        (builder) => {
          const groups = builder.stream<string, Row>('in', { valueSerde: rowSerde }).groupByKey();
          groups.count({ name: 'counts' }).toStream().to('counts', { valueSerde: int64 });
          groups.reduce((last, row) => ({ group: row.group, n: last.n + row.n }), { name: 'sums' });
          groups.aggregate<number[]>(
            () => [],
            (list, { n }) => (n === 5 ? (null as never) : [...list, n]),
            { name: 'lists', valueSerde: json<number[]>() },
          );
        },
        history,
        cacheMaxBytes,
      );
      const counts = new Map<string, { value: number; timestampMs: number }>();
      const sums = new Map<string, Row>();
      const lists = new Map<string, number[]>();
      let outputs = 0;
      for (const { key, value, timestamp } of history.flat()) {
        if (key === null || value === null) continue;
        outputs++;
        const count = counts.get(key) ?? { value: 0, timestampMs: 0 };
        counts.set(key, { value: count.value + 1, timestampMs: Math.max(count.timestampMs, timestamp) });
        sums.set(key, { group: value.group, n: (sums.get(key)?.n ?? 0) + value.n });
        if (value.n === 5) lists.delete(key);
        else lists.set(key, [...(lists.get(key) ?? []), value.n]);
      }
      const counted = tables.driver.getStateStore<TimestampedKeyValueStore<string, number>>('counts');
      assert.deepEqual([...counted.all()], entries(counts));
      assert.deepEqual(entries(storeOf<Row>(tables, 'sums')), entries(sums));
      assert.deepEqual(entries(storeOf<number[]>(tables, 'lists')), entries(lists));
      const output = tables.outputOf('counts', int64);
      if (cacheMaxBytes === 0) assert.equal(output.size, outputs);
      else assert.ok(output.size <= outputs);
      const last = new Map(
        output.readAll().map(({ key, value, timestamp }) => [key, { value, timestampMs: timestamp }]),
      );
      assert.deepEqual(entries(last), entries(counts));
      tables.driver.close();
    }));

  it('should filter and map rows, kept in stores or not', () =>
    check(async (history, cacheMaxBytes) => {
      const tables = await run(
        (builder) => {
          const positive = table(builder).filter(({ n }) => n > 0);
          positive.toStream().to('positive', { valueSerde: rowSerde });
          const numbers = positive.mapValues(({ n }, key) => `${key}${n}`);
          numbers
            .filterNot((text) => text.endsWith('3'), {}, { name: 'kept' })
            .toStream()
            .to('kept');
          numbers.mapValues((text) => text.length, {}, { name: 'lengths', valueSerde: int64 });
        },
        history,
        cacheMaxBytes,
      );
      const rows = tableOf(history);
      const positive = new Map([...rows].filter(([, { n }]) => n > 0));
      const kept = new Map([...positive].filter(([, { n }]) => n !== 3).map(([key, { n }]) => [key, `${key}${n}`]));
      assert.deepEqual(entries(tables.outputOf('positive', rowSerde).readAsMap()), entries(positive));
      assert.deepEqual(entries(storeOf<string>(tables, 'kept')), entries(kept));
      assert.deepEqual(entries(tables.output('kept').readAsMap()), entries(kept));
      const lengths = new Map([...positive].map(([key, { n }]) => [key, `${key}${n}`.length]));
      assert.deepEqual(entries(storeOf<number>(tables, 'lengths')), entries(lengths));
      tables.driver.close();
    }));

  it('should aggregate the rows that are in each group now', () =>
    check(async (history, cacheMaxBytes) => {
      const tables = await run(
        (builder) => {
          const groups = table(builder).groupBy(({ group, n }) => [group as string, n], {
            valueSerde: int64,
            name: 'by-group',
          });
          groups.count({ name: 'counts' }).toStream().to('counts', { valueSerde: int64 });
          groups.reduce(
            (sum, n) => sum + n,
            (sum, n) => sum - n,
            { name: 'sums' },
          );
          groups.aggregate<number[]>(
            () => [],
            (list, n) => [...list, n].sort((a, b) => a - b),
            (list, n) => list.toSpliced(list.indexOf(n), 1),
            { name: 'lists', valueSerde: json<number[]>() },
          );
        },
        history,
        cacheMaxBytes,
      );
      const rows = tableOf(history);
      const counts = groupsOf(rows, 0, (count) => count + 1);
      const sums = groupsOf(rows, 0, (sum, { n }) => sum + n);
      const lists = groupsOf<number[]>(rows, [], (list, { n }) => [...list, n].sort((a, b) => a - b));
      assert.deepEqual(entries(storeOf<number>(tables, 'counts'), 0), entries(counts));
      assert.deepEqual(entries(tables.outputOf('counts', int64).readAsMap(), 0), entries(counts));
      assert.deepEqual(entries(storeOf<number>(tables, 'sums'), 0), entries(sums, 0));
      const stored = [...storeOf<number[]>(tables, 'lists')].filter(([, list]) => list.length > 0);
      assert.deepEqual(entries(new Map(stored)), entries(lists));
      tables.driver.close();
    }));

  it('should follow a chain of aggregates', () =>
    check(async (history, cacheMaxBytes) => {
      const tables = await run(
        (builder) => {
          const byKey = builder.stream<string, Row>('in', { valueSerde: rowSerde }).groupByKey().count();
          const odd = byKey.filter((count) => count % 2 === 1);
          odd.groupBy((count, key) => [String(count), key], { name: 'by-count' }).count({ name: 'keys' });
        },
        history,
        cacheMaxBytes,
      );
      const counts = new Map<string, number>();
      for (const { key, value } of history.flat()) {
        if (key !== null && value !== null) counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      const keys = new Map<string, number>();
      for (const count of counts.values()) {
        if (count % 2 === 1) keys.set(String(count), (keys.get(String(count)) ?? 0) + 1);
      }
      assert.deepEqual(entries(storeOf<number>(tables, 'keys'), 0), entries(keys));
      tables.driver.close();
    }));

  it('should have every store in its changelog', () =>
    check(async (history, cacheMaxBytes) => {
      const tables = await run(
        (builder) => {
          const groups = table(builder).groupBy(({ group, n }) => [group as string, n], { valueSerde: int64 });
          groups.count({ name: 'counts' });
        },
        history,
        cacheMaxBytes,
      );
      const changelog = tables.outputOf('test-counts-changelog', int64).readAsMap();
      assert.deepEqual(entries(changelog), entries(storeOf<number>(tables, 'counts')));
      const rows = tables.outputOf('test-in-STATE-STORE-0000000000-changelog', rowSerde).readAsMap();
      assert.deepEqual(entries(rows), entries(tableOf(history)));
      tables.driver.close();
    }));
});
