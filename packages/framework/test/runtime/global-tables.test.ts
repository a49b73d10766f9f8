import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryKafka } from '../../dist/client/memory/memory-kafka.js';
import { StreamsError } from '../../dist/errors/streams-error.js';
import { ContextualProcessor } from '../../dist/processor/contextual-processor.js';
import type { ProcessorContext } from '../../dist/processor/processor-context.js';
import type { StreamRecord } from '../../dist/processor/record.js';
import type { StreamsOptions } from '../../dist/runtime/options.js';
import { StreamsClient } from '../../dist/runtime/streams-client.js';
import { serdes } from '../../dist/serde/serdes.js';
import { openFileStorage, type OpenStateStorage, type TaskStorage } from '../../dist/state/directory/state-storage.js';
import type { EngineKind } from '../../dist/state/engine/engine.js';
import type { KeyValueStore, ReadOnlyKeyValueStore } from '../../dist/state/stores/key-value-store.js';
import { Stores } from '../../dist/state/stores/stores.js';
import { createPinoLogger } from '../../dist/telemetry/pino-logger.js';
import { TopologyTestDriver } from '../../dist/testing/topology-test-driver.js';
import { VirtualClock } from '../../dist/time/virtual-clock.js';
import { Topology } from '../../dist/topology/topology.js';

const { string } = serdes;

/** Keeps names in upper case: what is stored is not what is in the topic. */
class Copy extends ContextualProcessor<string, string, never, never> {
  #names!: KeyValueStore<string, string>;
  static applied = 0;

  override init(context: ProcessorContext<never, never>): void {
    void super.init(context);
    this.#names = context.getStateStore('names');
  }

  override process({ key, value }: StreamRecord<string, string | null>): void {
    Copy.applied++;
    this.#names.put(key, value === null ? null : value.toUpperCase());
  }
}

class Lookup extends ContextualProcessor<string, string, string, string> {
  protected names!: ReadOnlyKeyValueStore<string, string>;

  override init(context: ProcessorContext<string, string>): void {
    void super.init(context);
    this.names = context.getStateStore('names');
  }

  override process(record: StreamRecord<string, string>): void | Promise<void> {
    return this.context.forward(record.withValue(`${record.value}:${this.names.get(record.key) ?? '?'}`));
  }
}

/** Takes the global store for one of its own. */
class Writer extends Lookup {
  override process({ key, value }: StreamRecord<string, string>): void {
    const names = this.names as KeyValueStore<string, string>;
    const writes = {
      put: () => names.put(key, value),
      putIfAbsent: () => names.putIfAbsent(key, value),
      putAll: () => names.putAll([[key, value]]),
      delete: () => names.delete(key),
    };
    for (const [method, write] of Object.entries(writes)) {
      const message = new RegExp(`Store names: ${method} .*names-topic`);
      assert.throws(write, { code: 'STORE_READ_ONLY', message });
    }
  }
}

function lookupTopology(engine: EngineKind = 'memory'): Topology {
  const store = Stores.keyValueStore({ name: 'names', keySerde: string, valueSerde: string, engine });
  return new Topology()
    .addGlobalStore(store, {
      ...{ topic: 'names-topic', keyDeserializer: string, valueDeserializer: string },
      ...{ sourceName: 'names-source', processorName: 'names-copy', supplier: () => new Copy() },
    })
    .addSource('in', { topics: 'in', keyDeserializer: string, valueDeserializer: string })
    .addProcessor('lookup', { parents: 'in', supplier: () => new Lookup() })
    .addSink('out', { parents: 'lookup', topic: 'out', keySerializer: string, valueSerializer: string });
}

describe('global tables', () => {
  let clock: VirtualClock;
  let kafka: MemoryKafka;
  let stateDir: string;

  beforeEach(() => {
    clock = new VirtualClock();
    kafka = new MemoryKafka({ clock, seed: 1 });
    stateDir = mkdtempSync(join(tmpdir(), 'millrace-global-'));
    for (const topic of ['in', 'out']) kafka.createTopic({ topic, partitions: 2 });
    Copy.applied = 0;
  });

  afterEach(() => {
    rmSync(stateDir, { recursive: true, force: true });
  });

  function client(
    identity: string,
    topology = lookupTopology(),
    options: Partial<StreamsOptions> = {},
    openStorage?: OpenStateStorage,
  ): StreamsClient {
    const all = {
      ...{ applicationId: 'app', kafka: kafka.clients(identity), clock, stateDir, commitIntervalMs: 100 },
      logger: createPinoLogger({ level: 'silent' }),
      ...options,
    };
    return new StreamsClient(topology, all, openStorage);
  }

  const name = (key: string, value: string | null, partition = 0): number =>
    kafka.append('names-topic', partition, {
      key: Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
    });
  const feed = (key: string, value: string, partition = 0): number =>
    kafka.append('in', partition, { key: Buffer.from(key), value: Buffer.from(value) });
  const output = (): string[] =>
    [0, 1].flatMap((partition) =>
      kafka.records('out', partition).map(({ key, value }) => `${key?.toString() ?? ''}=${value?.toString() ?? ''}`),
    );

  it('should be complete before the first record is processed, whatever the partition', async () => {
    kafka.createTopic({ topic: 'names-topic', partitions: 3 });
    for (let i = 0; i < 6_000; i++) name(`k${i}`, `name${i}`, i % 3);
    feed('k7', 'a');
    feed('k5999', 'b', 1);
    const [first, second] = [client('process-1'), client('process-2')];
    await clock.run(first.start());
    await clock.run(second.start());
    await clock.runUntil(() => output().length === 2);
    assert.deepEqual(output().sort(), ['k5999=b:NAME5999', 'k7=a:NAME7']);
    await clock.run(Promise.all([first.close(), second.close()]));
  });

  it('should follow their topic while the application runs', async () => {
    kafka.createTopic({ topic: 'names-topic', partitions: 1 });
    name('k', 'old');
    const app = client('process-1');
    await clock.run(app.start());
    feed('k', '1');
    await clock.runUntil(() => output().length === 1);
    name('k', 'new');
    await clock.runUntil(() => Copy.applied === 2);
    feed('k', '2');
    await clock.runUntil(() => output().length === 2);
    name('k', null);
    await clock.runUntil(() => Copy.applied === 3);
    feed('k', '3');
    await clock.runUntil(() => output().length === 3);
    assert.deepEqual(output(), ['k=1:OLD', 'k=2:NEW', 'k=3:?']);
    await clock.run(app.close());
  });

  it('should say to a processor that writes to their stores what it is to do instead', async () => {
    const topology = lookupTopology().addProcessor('writer', { parents: 'in', supplier: () => new Writer() });
    const driver = new TopologyTestDriver(topology);
    await driver.createInputTopic('names-topic', string, string).pipe('k', 'x');
    await driver.createInputTopic('in', string, string).pipe('k', 'y');
    assert.deepEqual(driver.createOutputTopic('out', string, string).readValues(), ['y:X']);
    driver.close();
  });

  it('should read only what is new when they are kept on disk', async () => {
    kafka.createTopic({ topic: 'names-topic', partitions: 2 });
    for (let i = 0; i < 100; i++) name(`k${i}`, `name${i}`, i % 2);
    const first = client('process-1', lookupTopology('lmdb'));
    await clock.run(first.start());
    await clock.run(first.close());
    assert.equal(Copy.applied, 100);
    name('k0', 'changed');
    feed('k0', 'a');
    feed('k99', 'b');
    const second = client('process-1', lookupTopology('lmdb'));
    await clock.run(second.start());
    await clock.runUntil(() => output().length === 2);
    assert.equal(Copy.applied, 101);
    assert.deepEqual(output(), ['k0=a:CHANGED', 'k99=b:NAME99']);
    await clock.run(second.close());
  });

  it('should be on disk after a while also when no further record comes', async () => {
    kafka.createTopic({ topic: 'names-topic', partitions: 1 });
    for (let i = 0; i < 100; i++) name(`k${i}`, `name${i}`);
    let writes = 0;
    const openStorage: OpenStateStorage = (...args) => {
      const storage = openFileStorage(...args);
      const openTask = (taskId: string): TaskStorage => {
        const task = storage.openTask(taskId);
        const write = task.engine.write.bind(task.engine);
        task.engine.write = (changes, metadata) => {
          if (changes.length > 0) writes++;
          return write(changes, metadata);
        };
        return task;
      };
      return Object.assign(Object.create(storage) as typeof storage, { openTask });
    };
    const app = client('process-1', lookupTopology('lmdb'), { stateFlush: { flushIntervalMs: 10_000 } }, openStorage);
    await clock.run(app.start());
    assert.equal(writes, 0);
    await clock.advance(11_000);
    assert.equal(writes, 1);
    await clock.advance(30_000);
    assert.equal(writes, 1);
    await clock.run(app.close());
  });

  it('should start anew when the topic was made anew', async () => {
    kafka.createTopic({ topic: 'names-topic', partitions: 1 });
    for (let i = 0; i < 10; i++) name(`k${i}`, `name${i}`);
    const first = client('process-1', lookupTopology('lmdb'));
    await clock.run(first.start());
    await clock.run(first.close());
    const admin = kafka.clients('operator').admin();
    await clock.run(admin.connect());
    await clock.run(admin.deleteTopic('names-topic'));
    kafka.createTopic({ topic: 'names-topic', partitions: 1 });
    name('k1', 'again');
    feed('k1', 'a');
    feed('k2', 'b');
    const second = client('process-1', lookupTopology('lmdb'));
    await clock.run(second.start());
    await clock.runUntil(() => output().length === 2);
    assert.deepEqual(output(), ['k1=a:AGAIN', 'k2=b:?']);
    await clock.run(second.close());
  });

  it('should give two processes on one state directory a copy each', async () => {
    kafka.createTopic({ topic: 'names-topic', partitions: 1 });
    name('k', 'x');
    const [first, second] = [client('process-1', lookupTopology('lmdb')), client('process-2', lookupTopology('lmdb'))];
    await clock.run(first.start());
    await clock.run(second.start());
    assert.equal(Copy.applied, 2);
    await clock.run(Promise.all([first.close(), second.close()]));
  });

  it('should show committed records only under exactly-once', async () => {
    kafka.createTopic({ topic: 'names-topic', partitions: 1 });
    const producer = kafka.clients('writer').producer({ transactionalId: 'writer' });
    await clock.run(producer.connect());
    await clock.run(producer.initTransactions());
    const write = (value: string): boolean =>
      producer.produce('names-topic', 0, Buffer.from('k'), Buffer.from(value), 0, []);
    await clock.run(producer.beginTransaction());
    write('aborted');
    await clock.run(producer.abortTransaction());
    await clock.run(producer.beginTransaction());
    write('committed');
    await clock.run(producer.commitTransaction());
    const app = client('process-1', lookupTopology(), { processingGuarantee: 'exactly_once_v2' });
    await clock.run(app.start());
    assert.equal(Copy.applied, 1);
    feed('k', 'a');
    await clock.runUntil(() => output().length === 1);
    assert.deepEqual(output(), ['k=a:COMMITTED']);
    await clock.run(app.close());
  });

  it('should refuse to start without the topic', async () => {
    const app = client('process-1');
    await assert.rejects(clock.run(app.start()), (error: unknown) => {
      assert.ok(StreamsError.is(error));
      assert.equal(error.code, 'MISSING_SOURCE_TOPIC');
      assert.match(error.message, /'names-topic' does not exist/);
      return true;
    });
  });

  it('should be fed and looked into by the test driver', async () => {
    const driver = new TopologyTestDriver(lookupTopology());
    const names = driver.createInputTopic('names-topic', string, string);
    const input = driver.createInputTopic('in', string, string);
    const out = driver.createOutputTopic('out', string, string);
    await input.pipe('k', 'before');
    await names.pipe('k', 'x');
    await input.pipe('k', 'after');
    assert.deepEqual(out.readValues(), ['before:?', 'after:X']);
    assert.equal(driver.getStateStore<KeyValueStore<string, string>>('names').get('k'), 'X');
    driver.close();
  });
});
