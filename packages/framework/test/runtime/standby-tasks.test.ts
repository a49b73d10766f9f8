import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryKafka } from '../../dist/client/memory/memory-kafka.js';
import { KafkaError } from '../../dist/errors/errors.js';
import { StreamsError } from '../../dist/errors/streams-error.js';
import { ContextualProcessor } from '../../dist/processor/contextual-processor.js';
import type { ProcessorContext } from '../../dist/processor/processor-context.js';
import type { StreamRecord } from '../../dist/processor/record.js';
import type { StreamsOptions } from '../../dist/runtime/options.js';
import { StreamsClient } from '../../dist/runtime/streams-client.js';
import { serdes } from '../../dist/serde/serdes.js';
import type { OpenStateStorage } from '../../dist/state/directory/state-storage.js';
import { QueryableStores } from '../../dist/state/queries/queryable-stores.js';
import type { KeyValueStore } from '../../dist/state/stores/key-value-store.js';
import { Stores } from '../../dist/state/stores/stores.js';
import { createPinoLogger } from '../../dist/telemetry/pino-logger.js';
import { VirtualClock } from '../../dist/time/virtual-clock.js';
import { partitionOfKey } from '../../dist/topology/partitioner.js';
import { Topology } from '../../dist/topology/topology.js';
import { SimulatedDisk } from '../simulation/simulated-disk.js';
import { countTopology } from './count-topology.js';

const { string, int32 } = serdes;
const PARTITIONS = 4;
const KEYS = 400;

/** Keeps the last value of each key. */
class Keeper extends ContextualProcessor<string, string, never, never> {
  #table!: KeyValueStore<string, string>;

  override init(context: ProcessorContext<never, never>): void {
    void super.init(context);
    this.#table = context.getStateStore('table');
  }

  override process({ key, value }: StreamRecord<string, string>): void {
    this.#table.put(key, value);
  }
}

const byCount = QueryableStores.keyValue<string, number>();

describe('standby tasks', () => {
  let clock: VirtualClock;
  let kafka: MemoryKafka;
  let directory: string;

  beforeEach(() => {
    clock = new VirtualClock();
    kafka = new MemoryKafka({ clock, seed: 1, groupSessionTimeoutMs: 6_000 });
    kafka.createTopic({ topic: 'in', partitions: PARTITIONS });
    kafka.createTopic({ topic: 'out', partitions: PARTITIONS });
    directory = mkdtempSync(join(tmpdir(), 'millrace-standby-'));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  function client(
    identity: string,
    options: Partial<StreamsOptions> = {},
    topology = countTopology(),
    openStorage?: OpenStateStorage,
  ): StreamsClient {
    const all: StreamsOptions = {
      ...{ applicationId: 'app', kafka: kafka.clients(identity), clock, stateDir: join(directory, identity) },
      ...{ processingGuarantee: 'exactly_once_v2', numStandbyReplicas: 1, applicationServer: `${identity}:8080` },
      logger: createPinoLogger({ level: 'silent' }),
      ...options,
    };
    return new StreamsClient(topology, all, openStorage);
  }

  function feed(rounds: number): void {
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < KEYS; i++) {
        const key = Buffer.from(`k${i}`);
        kafka.append('in', partitionOfKey(key, PARTITIONS), { key, value: Buffer.from('x') });
      }
    }
  }

  /** Records written so far. */
  const written = (): number =>
    [...Array(PARTITIONS).keys()].reduce((sum, partition) => sum + kafka.records('out', partition).length, 0);
  const standbysOf = (app: StreamsClient): string[] =>
    app
      .instances()
      .filter(({ isSelf }) => isSelf)
      .flatMap(({ standbys }) => standbys.map(({ id }) => id));
  const isCaughtUp = (app: StreamsClient): boolean =>
    app.instances().every(({ isSelf, standbys }) => !isSelf || standbys.every(({ lag }) => lag === 0));
  /** Every task runs once, and has a standby elsewhere that has caught up. */
  const isSettled = (apps: readonly StreamsClient[]): boolean =>
    apps.reduce((sum, app) => sum + [...app.tasks.values()].filter((phase) => phase === 'running').length, 0) ===
      PARTITIONS &&
    apps.reduce((sum, app) => sum + standbysOf(app).length, 0) === PARTITIONS &&
    apps.every((app) => isCaughtUp(app) && standbysOf(app).every((id) => !app.tasks.has(id)));

  async function start(...apps: readonly StreamsClient[]): Promise<void> {
    for (const app of apps) await clock.run(app.start());
  }

  /** A minute of the virtual clock is more than any of this takes. */
  const until = (condition: () => boolean): Promise<void> => clock.runUntil(condition, { limitMs: 60_000 });
  const closeAll = (...apps: readonly StreamsClient[]): Promise<unknown> =>
    clock.run(Promise.all(apps.map((app) => app.close())));

  for (const engine of ['memory', 'lmdb'] as const) {
    it(`should leave only the tail to restore when their task's process is killed (${engine})`, async () => {
      feed(5);
      const [first, second] = [
        client('process-1', {}, countTopology(engine)),
        client('process-2', {}, countTopology(engine)),
      ];
      await start(first, second);
      await until(() => written() === 5 * KEYS && isSettled([first, second]));
      const moving = first.tasks.size;
      assert.ok(moving > 0);

      kafka.crash('process-1');
      feed(1);
      await until(() => written() === 6 * KEYS);
      assert.equal(second.tasks.size, PARTITIONS);
      const restored = second.metrics.restore?.restoredRecords ?? Infinity;
      const inChangelogs = [...Array(PARTITIONS).keys()]
        .map((partition) => kafka.records('app-counts-changelog', partition).length)
        .reduce((sum, count) => sum + count);
      assert.ok(restored < inChangelogs * 0.05, `${restored} of ${inChangelogs} records were restored`);
      const counts = second.store('counts', byCount);
      await until(() => second.state === 'RUNNING');
      assert.deepEqual(
        [...counts.all()].filter(([, count]) => count !== 6),
        [],
      );
      await closeAll(second);
    });
  }

  it('should be on disk after a while also when no further record comes', async () => {
    feed(1);
    const disks = new Map(['process-1', 'process-2'].map((identity) => [identity, new SimulatedDisk(identity)]));
    const apps = [...disks].map(([identity, disk]) => {
      const user = { identity, isAlive: () => kafka.isAlive(identity), onWrite: () => undefined };
      return client(identity, {}, countTopology('lmdb'), () => disk.open(user));
    });
    await start(...apps);
    await until(() => written() === KEYS && isSettled(apps));
    await clock.advance(15_000);
    for (const [i, disk] of [...disks.values()].entries()) {
      const standbys = standbysOf(apps[i] as StreamsClient);
      assert.ok(standbys.length > 0);
      for (const id of standbys) {
        const partition = Number(id.slice(id.indexOf('_') + 1));
        const last = kafka.records('app-counts-changelog', partition).at(-1)?.offset ?? NaN;
        const offset = Number(disk.tasks.get(id)?.engine.metadata('offset:counts'));
        assert.ok(offset > last, `standby ${id} is on disk up to ${offset}, its changelog ends with ${last}`);
      }
    }
    await closeAll(...apps);
  });

  it('should move when instances come and go, and never be where their task is', async () => {
    feed(1);
    const apps = ['process-1', 'process-2', 'process-3'].map((identity) => client(identity));
    const [first, second, third] = apps as [StreamsClient, StreamsClient, StreamsClient];
    await start(first, second);
    await until(() => isSettled([first, second]));
    await start(third);
    await until(() => isSettled(apps));
    assert.equal(third.instances().length, 3);
    await closeAll(first);
    await until(() => isSettled([second, third]));
    assert.deepEqual(
      second
        .instances()
        .map(({ endpoint }) => endpoint?.host)
        .sort(),
      ['process-2', 'process-3'],
    );
    await closeAll(second, third);
    const kept = kafka.records('app-instances', 0).map(({ key, value }) => [key?.toString(), value === null] as const);
    const last = new Map(kept);
    assert.deepEqual(
      [...last].filter(([, isGone]) => !isGone).map(([key]) => key),
      ['topology'],
    );
  });

  it('should forget an instance that died', async () => {
    const [first, second] = [client('process-1'), client('process-2')];
    await start(first, second);
    await until(() => isSettled([first, second]));
    kafka.crash('process-1');
    await until(() => second.instances().length === 1);
    assert.deepEqual(standbysOf(second), []);
    await closeAll(second);
  });

  it('should say which process has a key, and where its copy is', async () => {
    feed(1);
    const [first, second] = [client('process-1'), client('process-2')];
    await start(first, second);
    await until(() => isSettled([first, second]) && written() === KEYS);
    await clock.advance(2_000);
    for (let i = 0; i < 20; i++) {
      const { partition, owner, standbys } = first.keyQueryMetadata('counts', `k${i}`, string);
      assert.equal(partition, partitionOfKey(Buffer.from(`k${i}`), PARTITIONS));
      const [here, there] = owner?.isSelf === true ? [first, second] : [second, first];
      assert.equal(owner?.endpoint?.port, 8080);
      assert.equal(here.store('counts', byCount).get(`k${i}`), 1);
      assert.equal(there.store('counts', byCount).get(`k${i}`), undefined);
      // Its standby is with the other, and can be read there by those who say that they may.
      assert.equal(standbys.length, 1);
      assert.equal(there.store('counts', byCount, { includeStale: true }).get(`k${i}`), 1);
      assert.throws(
        () => there.store('counts', byCount, { partition }),
        (error: unknown) => StreamsError.is(error) && error.code === 'STATE_UNAVAILABLE' && /:8080/.test(error.message),
      );
    }
    assert.equal(first.instancesForStore('counts').length, 2);
    assert.throws(() => first.instancesForStore('nope'), { code: 'STORE_NOT_FOUND' });
    await closeAll(first, second);
  });

  it('should not be ahead of their task where its input serves as changelog', async () => {
    const table = Stores.keyValueStore({ name: 'table', keySerde: string, valueSerde: string, engine: 'memory' });
    const topology = (): Topology =>
      new Topology()
        .addSource('in', { topics: 'in', keyDeserializer: string, valueDeserializer: string })
        .addProcessor('keep', { parents: 'in', supplier: () => new Keeper() })
        .addStateStore(table, 'keep')
        .useSourceAsChangelog('table', 'in');
    const apps = ['process-1', 'process-2'].map((identity) => client(identity, {}, topology()));
    const [first, second] = apps as [StreamsClient, StreamsClient];
    await start(first, second);
    feed(1);
    await until(() => first.metrics.processedRecords + second.metrics.processedRecords >= KEYS);
    await until(() => isSettled(apps));
    const copies = (): number =>
      apps.reduce((sum, app) => sum + [...app.store(table, { includeStale: true }).all()].length, 0);
    await until(() => copies() === 2 * KEYS);

    for (const app of apps) app.pause();
    const at = kafka.append('in', 0, { key: Buffer.from('late'), value: Buffer.from('x') });
    await clock.advance(20_000);
    assert.equal(copies(), 2 * KEYS);
    for (const app of apps) app.resume();
    await until(() => (kafka.committed('app', 'in', 0)?.offset ?? 0) > at && copies() === 2 * KEYS + 2);
    await closeAll(...apps);
  });

  it('should have no standby of what a process on the same state directory has', async () => {
    feed(1);
    const stateDir = join(directory, 'shared');
    const apps = ['process-1', 'process-2'].map((identity) => client(identity, { stateDir }, countTopology('lmdb')));
    const [first, second] = apps as [StreamsClient, StreamsClient];
    await start(first, second);
    await until(() => written() === KEYS && second.tasks.size > 0 && second.instances().length === 2);
    await clock.advance(20_000);
    assert.deepEqual(apps.flatMap(standbysOf), []);
    await closeAll(...apps);
  });

  it('should refuse a topology that does not fit the state in Kafka', async () => {
    feed(1);
    const first = client('process-1');
    await start(first);
    await until(() => written() === KEYS);
    await closeAll(first);
    const second = client('process-2', {}, countTopology('memory', int32));
    await assert.rejects(clock.run(second.start()), (error: unknown) => {
      assert.ok(StreamsError.is(error));
      assert.equal(error.code, 'STATE_INCOMPATIBLE');
      assert.match(error.message, /store counts was key-value\|.*int64.*, and is key-value\|.*int32.* now/);
      assert.match(error.message, /new name/);
      return true;
    });
  });

  it('should not disturb the application when the registry cannot be written', async () => {
    feed(1);
    let refused = 0;
    const error = new KafkaError('AUTHORIZATION_FAILED', 'injected', { kafkaCode: 'TEST' });
    kafka.injectFailures({
      before: ({ kind, args }) => {
        if (kind !== 'producer.produce' || args[0] !== 'app-instances') return undefined;
        refused++;
        return { type: 'throw', error };
      },
    });
    const app = client('process-1');
    await start(app);
    await until(() => written() === KEYS);
    assert.ok(refused > 1);
    await closeAll(app);
    assert.equal(app.state, 'NOT_RUNNING');
  });
});
