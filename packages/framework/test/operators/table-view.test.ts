import assert from 'node:assert/strict';
import { ContextualProcessor, serdes, type StreamRecord, type KTable } from '../../dist/index.js';
import type { TableGetter } from '../../dist/operators/table-view.js';
import { DrivenTables } from '../dsl/drive-tables.js';

const { int64 } = serdes;

/** Looks up the row of each record's key, as a join will. */
class Ask<V> extends ContextualProcessor<string, string, string, string> {
  constructor(private readonly getter: TableGetter<string, V>) {
    super();
  }

  override process(record: StreamRecord<string, string>): void | Promise<void> {
    this.getter.init(this.context);
    const row = this.getter.get(record.key);
    return this.context.forward(record.withValue(row === undefined ? '-' : `${String(row.value)}@${row.timestampMs}`));
  }
}

/** What looking up gives for the keys a, b and c. */
async function lookedUp<V>(make: (table: KTable<string, string>) => KTable<string, V>): Promise<(string | null)[]> {
  const tables = new DrivenTables((builder) => {
    const view = make(builder.table<string, string>('in')).state.origin.view();
    const questions = builder.stream<string, string>('questions');
    questions.process(() => new Ask(view.createGetter()), { stores: view.storeNames }).to('out');
  });
  await tables.input().pipeAll([
    ['a', 'x', { timestamp: 3 }],
    ['b', 'yy', { timestamp: 4 }],
    ['c', 'z', { timestamp: 5 }],
    ['c', null, { timestamp: 6 }],
  ]);
  await tables.input('questions').pipeAll([
    ['a', ''],
    ['b', ''],
    ['c', ''],
  ]);
  return tables.output().readValues();
}

describe('Views of tables', () => {
  it('should look up the rows of a source, which gets a store for it', async () => {
    assert.deepEqual(await lookedUp((table) => table), ['x@3', 'yy@4', '-']);
  });

  it('should compute the rows of tables without a store', async () => {
    assert.deepEqual(
      await lookedUp((table) => table.filter((value) => value.length > 1).mapValues((value, key) => key + value)),
      ['-', 'byy@4', '-'],
    );
  });

  it('should look up the rows of tables with a store', async () => {
    const lengths = { name: 'lengths', valueSerde: int64 };
    assert.deepEqual(await lookedUp((table) => table.mapValues((value) => value.length, {}, lengths)), [
      '1@3',
      '2@4',
      '-',
    ]);
    assert.deepEqual(await lookedUp((table) => table.groupBy((value, key) => [key, value]).count()), [
      '1@3',
      '1@4',
      '0@6',
    ]);
  });
});
