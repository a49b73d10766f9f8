import assert from 'node:assert/strict';
import { MemoryKafka } from '../../dist/client/memory/memory-kafka.js';
import { StreamsError } from '../../dist/errors/streams-error.js';
import { ContextualProcessor } from '../../dist/processor/contextual-processor.js';
import type { ProcessorContext } from '../../dist/processor/processor-context.js';
import type { StreamRecord } from '../../dist/processor/record.js';
import type { StreamsOptions } from '../../dist/runtime/options.js';
import { StreamsClient } from '../../dist/runtime/streams-client.js';
import { serdes } from '../../dist/serde/serdes.js';
import { QueryableStores } from '../../dist/state/queries/queryable-stores.js';
import type { KeyValueStore, TimestampedKeyValueStore } from '../../dist/state/stores/key-value-store.js';
import type { SessionStore } from '../../dist/state/stores/session-store.js';
import { Stores } from '../../dist/state/stores/stores.js';
import type { VersionedStore } from '../../dist/state/stores/versioned-store.js';
import type { TimestampedWindowStore } from '../../dist/state/stores/window-store.js';
import { createPinoLogger } from '../../dist/telemetry/pino-logger.js';
import { VirtualClock } from '../../dist/time/virtual-clock.js';
import { Windowed } from '../../dist/time/windowed.js';
import { Topology } from '../../dist/topology/topology.js';

const { string, int64 } = serdes;
const common = { keySerde: string, valueSerde: int64, engine: 'memory' } as const;
const stores = {
  plain: Stores.keyValueStore({ name: 'plain', ...common }),
  table: Stores.timestampedKeyValueStore({ name: 'table', ...common }),
  windows: Stores.timestampedWindowStore({ name: 'windows', retentionMs: 60_000, windowSizeMs: 1_000, ...common }),
  sessions: Stores.sessionStore({ name: 'sessions', retentionMs: 60_000, ...common }),
  versions: Stores.versionedKeyValueStore({ name: 'versions', historyRetentionMs: 60_000, ...common }),
};

/** Writes each record's value to a store of every kind. */
class WriteAll extends ContextualProcessor<string, number, never, never> {
  #plain!: KeyValueStore<string, number>;
  #table!: TimestampedKeyValueStore<string, number>;
  #windows!: TimestampedWindowStore<string, number>;
  #sessions!: SessionStore<string, number>;
  #versions!: VersionedStore<string, number>;

  override init(context: ProcessorContext<never, never>): void {
    void super.init(context);
    this.#plain = context.getStateStore('plain');
    this.#table = context.getStateStore('table');
    this.#windows = context.getStateStore('windows');
    this.#sessions = context.getStateStore('sessions');
    this.#versions = context.getStateStore('versions');
  }

  override process({ key, value, timestamp }: StreamRecord<string, number>): void {
    this.#plain.put(key, value);
    this.#table.put(key, { value, timestampMs: timestamp });
    this.#windows.put(key, { value, timestampMs: timestamp }, timestamp - (timestamp % 1_000));
    this.#sessions.put(new Windowed(key, { startMs: timestamp, endMs: timestamp }), value);
    this.#versions.put(key, value, timestamp);
  }
}

function topology(): Topology {
  const built = new Topology()
    .addSource('in', { topics: 'in', keyDeserializer: string, valueDeserializer: int64 })
    .addProcessor('write', { parents: 'in', supplier: () => new WriteAll() });
  for (const store of Object.values(stores)) built.addStateStore(store, 'write');
  return built;
}

describe('interactive queries', () => {
  let clock: VirtualClock;
  let kafka: MemoryKafka;

  beforeEach(() => {
    clock = new VirtualClock();
    kafka = new MemoryKafka({ clock, seed: 1, groupSessionTimeoutMs: 6_000 });
    kafka.createTopic({ topic: 'in', partitions: 3 });
  });

  function client(identity: string, options: Partial<StreamsOptions> = {}): StreamsClient {
    return new StreamsClient(topology(), {
      ...{ applicationId: 'app', kafka: kafka.clients(identity), clock, commitIntervalMs: 100 },
      logger: createPinoLogger({ level: 'silent' }),
      ...options,
    });
  }

  function feed(key: string, value: number, partition: number, timestamp: number): void {
    kafka.append('in', partition, { key: Buffer.from(key), value: int64.serialize('in', value), timestamp });
  }

  async function running(identity: string, options?: Partial<StreamsOptions>): Promise<StreamsClient> {
    const app = client(identity, options);
    await clock.run(app.start());
    await clock.runUntil(() => app.state === 'RUNNING');
    return app;
  }

  function failsWith(code: string, text: RegExp, read: () => unknown): void {
    assert.throws(read, (error: unknown) => {
      assert.ok(StreamsError.is(error), String(error));
      assert.equal(error.code, code);
      assert.match(error.message, text);
      return true;
    });
  }

  it('should read every kind of store over all partitions of the process', async () => {
    for (const [index, key] of ['a', 'b', 'c'].entries()) {
      feed(key, index, index, 1_500);
      feed(key, index + 10, index, 2_500);
    }
    const app = await running('process-1');
    await clock.runUntil(() => app.metrics.processedRecords === 6);
    await clock.advance(200);

    const plain = app.store('plain', QueryableStores.keyValue<string, number>());
    assert.equal(plain.get('b'), 11);
    assert.equal(plain.get('x'), undefined);
    const all = [
      ['a', 10],
      ['b', 11],
      ['c', 12],
    ];
    assert.deepEqual([...plain.all()], all);
    assert.deepEqual([...plain.range('b', undefined)], all.slice(1));
    assert.deepEqual([...plain.prefixScan(Buffer.from('c'))], all.slice(2));
    assert.equal(plain.approximateNumEntries(), 3);
    assert.equal(plain.isOpen, true);

    // With and without the timestamps of a table.
    assert.deepEqual([...app.store('table', QueryableStores.keyValue<string, number>()).all()], all);
    assert.deepEqual(app.store(stores.table).get('a'), { value: 10, timestampMs: 2_500 });

    const windows = app.store('windows', QueryableStores.window<string, number>());
    assert.deepEqual(
      [...windows.fetch('b', 0, 5_000)],
      [
        [1_000, 1],
        [2_000, 11],
      ],
    );
    assert.equal(windows.get('c', 2_000), 12);
    assert.equal([...windows.all()].length, 6);
    assert.deepEqual(app.store(stores.windows).get('c', 1_000), { value: 2, timestampMs: 1_500 });

    const sessions = app.store(stores.sessions);
    assert.equal(sessions.fetchSession('c', 1_500, 1_500), 2);
    assert.equal([...sessions.fetch('a')].length, 2);

    const versions = app.store('versions', QueryableStores.versioned<string, number>());
    assert.equal(versions.get('a')?.value, 10);
    assert.equal(versions.asOf('a', 2_000)?.value, 0);
    assert.equal([...versions.versions('b', 0, 9_000)].length, 2);
    await clock.run(app.close());
  });

  it('should show committed state only', async () => {
    const app = await running('process-1', { commitIntervalMs: 10_000 });
    const plain = app.store(stores.plain);
    feed('a', 1, 0, 0);
    await clock.runUntil(() => app.metrics.processedRecords === 1);
    assert.equal(plain.get('a'), undefined);
    await clock.runUntil(() => plain.get('a') === 1, { limitMs: 10_000 });
    await clock.run(app.close());
  });

  it('should say what is wrong with the name, the kind, or the time of a query', async () => {
    const app = client('process-1');
    failsWith('STATE_UNAVAILABLE', /client is CREATED. Call start\(\) first/, () => app.store(stores.plain));
    await clock.run(app.start());
    failsWith('STORE_NOT_FOUND', /no store 'nope'. Its stores: plain, table/, () =>
      app.store('nope', QueryableStores.keyValue()),
    );
    failsWith('STORE_WRONG_TYPE', /is a session store and cannot be read as 'keyValue'/, () =>
      app.store('sessions', QueryableStores.keyValue()),
    );
    await clock.runUntil(() => app.state === 'RUNNING');
    const none = /No task of this process holds partition 7 of store 'plain'/;
    failsWith('STATE_UNAVAILABLE', none, () => app.store(stores.plain, { partition: 7 }));
    const plain = app.store(stores.plain);
    await clock.run(app.close());
    assert.equal(plain.isOpen, false);
    failsWith('STATE_UNAVAILABLE', /client is NOT_RUNNING/, () => plain.get('a'));
  });

  it('should not take a key for missing while its task is being restored', async () => {
    for (let i = 0; i < 300; i++) feed(`k${i}`, i, 0, i);
    const first = await running('process-1');
    await clock.runUntil(() => first.metrics.processedRecords === 300);
    await clock.run(first.close());

    const second = client('process-2');
    // Changelog records come slowly, so that the restore can be watched.
    kafka.injectFailures({
      before: ({ kind, identity }) =>
        kind === 'fetcher.poll' && identity === 'process-2' ? { type: 'delay', ms: 500 } : undefined,
    });
    await clock.run(second.start());
    await clock.runUntil(() => second.tasks.get('0_0') === 'restoring');
    await clock.runUntil(() => second.tasks.get('0_1') === 'running');
    assert.equal(second.tasks.get('0_0'), 'restoring');
    const plain = second.store(stores.plain);
    failsWith('STATE_UNAVAILABLE', /Task 0_0 of store 'plain' is restoring/, () => plain.get('k1'));
    failsWith('STATE_UNAVAILABLE', /Task 0_0 .* is restoring/, () => plain.all());
    // Another partition, or entries that may be old, can be had.
    assert.equal(second.store(stores.plain, { partition: 1 }).get('k1'), undefined);
    assert.doesNotThrow(() => second.store(stores.plain, { includeStale: true }).get('k1'));
    await clock.runUntil(() => second.state === 'RUNNING');
    assert.equal(plain.get('k1'), 1);
    await clock.run(second.close());
  });

  it('should follow its tasks through a rebalance', async () => {
    for (let i = 0; i < 3; i++) feed(`k${i}`, i, i, 0);
    const first = await running('process-1');
    await clock.runUntil(() => first.metrics.processedRecords === 3);
    await clock.advance(200);
    const plain = first.store(stores.plain);
    assert.equal([...plain.all()].length, 3);
    const second = await running('process-2');
    await clock.runUntil(() => first.tasks.size + second.tasks.size === 3 && second.tasks.size > 0);
    await clock.runUntil(() => first.state === 'RUNNING' && second.state === 'RUNNING');
    const keys = [first, second].map((app) => [...app.store(stores.plain).all()].map(([key]) => key));
    assert.deepEqual(keys.flat().sort(), ['k0', 'k1', 'k2']);
    assert.deepEqual(
      [...plain.all()].map(([key]) => key),
      keys[0],
    );
    await clock.run(Promise.all([first.close(), second.close()]));
  });
});
