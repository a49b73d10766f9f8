import assert from 'node:assert/strict';
import {
  ContextualProcessor,
  serdes,
  Stores,
  StreamsBuilder,
  Topology,
  type FixedKeyProcessor,
  type FixedKeyProcessorContext,
  type FixedKeyRecord,
  type KeyValueStore,
  type ProcessorContext,
  type StreamRecord,
  type TimestampedKeyValueStore,
} from '../../dist/index.js';
import { TopologyTestDriver } from '../../dist/testing/index.js';
import { DrivenTables } from './drive-tables.js';

const { int64, string } = serdes;

const totals = () => Stores.keyValueStore({ name: 'totals', engine: 'memory', keySerde: string, valueSerde: int64 });

/** Forwards the running total of the lengths of each key's values. */
class Total extends ContextualProcessor<string, string, string, number> {
  #store!: KeyValueStore<string, number>;

  override init(context: ProcessorContext<string, number>): void {
    void super.init(context);
    this.#store = context.getStateStore<KeyValueStore<string, number>>('totals');
  }

  override process(record: StreamRecord<string, string>): void | Promise<void> {
    const total = (this.#store.get(record.key) ?? 0) + record.value.length;
    this.#store.put(record.key, total);
    return this.context.forward(record.withValue(total));
  }
}

/** Looks up what {@link Total} has written. */
class LookUp implements FixedKeyProcessor<string, string, string> {
  #context!: FixedKeyProcessorContext<string, string>;
  #store!: KeyValueStore<string, number>;

  init(context: FixedKeyProcessorContext<string, string>): void {
    this.#context = context;
    this.#store = context.getStateStore<KeyValueStore<string, number>>('totals');
  }

  process(record: FixedKeyRecord<string, string>): void | Promise<void> {
    return this.#context.forward(record.withValue(`${record.value}=${this.#store.get(record.key) ?? 0}`));
  }
}

describe('Processors with stores', () => {
  it('should use stores that were added to the builder and named', async () => {
    const tables = new DrivenTables((builder) => {
      builder.addStateStore(totals());
      const stores = ['totals'];
      builder
        .stream<string, string>('in')
        .process(() => new Total(), { stores })
        .to('out', { valueSerde: int64 });
      builder
        .stream<string, string>('questions')
        .processValues(() => new LookUp(), { stores })
        .to('answers');
    });
    await tables.input().pipeAll([
      ['a', 'xx'],
      ['a', 'yyy'],
    ]);
    await tables.input('questions').pipe('a', 'total');
    assert.deepEqual(tables.outputOf('out', int64).readKeyValues(), [
      ['a', 2],
      ['a', 5],
    ]);
    assert.deepEqual(tables.output('answers').readKeyValues(), [['a', 'total=5']]);
  });

  it('should use stores that their suppliers bring, shared if the builder is', async () => {
    const stores = [totals()];
    const tables = new DrivenTables((builder) => {
      const total = Object.assign(() => new Total(), { stores });
      const lookUp = Object.assign(() => new LookUp(), { stores });
      builder.stream<string, string>('in').process(total).to('out', { valueSerde: int64 });
      builder.stream<string, string>('questions').processValues(lookUp).to('answers');
    });
    await tables.input().pipe('a', 'xx');
    await tables.input('questions').pipe('a', 'total');
    assert.deepEqual(tables.output('answers').readKeyValues(), [['a', 'total=2']]);
  });

  it('should use stores of tables', async () => {
    const tables = new DrivenTables((builder) => {
      builder.stream<string, string>('in').groupByKey().count({ name: 'counts' });
      class Ask extends ContextualProcessor<string, string, string, number> {
        override process(record: StreamRecord<string, string>): void | Promise<void> {
          const store = this.context.getStateStore<TimestampedKeyValueStore<string, number>>('counts');
          return this.context.forward(record.withValue(store.get(record.key)?.value ?? 0));
        }
      }
      const questions = builder.stream<string, string>('questions');
      questions.process(() => new Ask(), { stores: ['counts'] }).to('out', { valueSerde: int64 });
    });
    await tables.input().pipe('a', '');
    await tables.input('questions').pipeAll([
      ['a', ''],
      ['b', ''],
    ]);
    assert.deepEqual(tables.outputOf('out', int64).readKeyValues(), [
      ['a', 1],
      ['b', 0],
    ]);
  });

  it('should refuse a store that nobody added, two of one name, and the use of one that is not connected', async () => {
    const unknown = new StreamsBuilder({ keySerde: string, valueSerde: string });
    unknown.stream<string, string>('in').process(() => new Total(), { stores: ['totals'] });
    assert.throws(() => unknown.build(), { code: 'UNKNOWN_STORE', message: /'totals'/ });
    const twice = new StreamsBuilder().addStateStore(totals()).addStateStore(totals());
    assert.throws(() => twice.build(), { code: 'DUPLICATE_STORE', message: /'totals'/ });
    const apart = new DrivenTables((builder) => {
      builder.addStateStore(totals());
      builder.stream<string, string>('in').process(() => new Total(), { name: 'total' });
    });
    await assert.rejects(apart.input().pipe('a', 'x'), /'total' asked for the store 'totals'.*not connected/);
  });

  it('should let a supplier bring its stores to a topology built by hand', async () => {
    const topology = new Topology()
      .addSource('source', { topics: 'in', keyDeserializer: string, valueDeserializer: string })
      .addProcessor('total', {
        parents: 'source',
        supplier: Object.assign(() => new Total(), { stores: [totals()] }),
      });
    const driver = new TopologyTestDriver(topology);
    await driver.createInputTopic('in', string, string).pipe('a', 'xxx');
    assert.equal(driver.getStateStore<KeyValueStore<string, number>>('totals').get('a'), 3);
    driver.close();
  });
});
