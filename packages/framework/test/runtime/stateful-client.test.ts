import assert from 'node:assert/strict';
import { MemoryKafka } from '../../dist/client/memory/memory-kafka.js';
import { KafkaError, StateStoreError } from '../../dist/errors/errors.js';
import type { StreamsOptions } from '../../dist/runtime/options.js';
import { StreamsClient } from '../../dist/runtime/streams-client.js';
import { createPinoLogger } from '../../dist/telemetry/pino-logger.js';
import { VirtualClock } from '../../dist/time/virtual-clock.js';
import { RecordingLogger } from '../service/recording-logger.js';
import { SimulatedDisk, type DiskUser } from '../simulation/simulated-disk.js';
import { countTopology } from './count-topology.js';

class World {
  readonly clock = new VirtualClock();
  readonly kafka = new MemoryKafka({ clock: this.clock, seed: 1, groupSessionTimeoutMs: 6000 });

  constructor() {
    this.kafka.createTopic({ topic: 'in', partitions: 2 });
    this.kafka.createTopic({ topic: 'out', partitions: 2 });
  }

  /** @param disk keeps the state over the process's end */
  client(
    identity: string,
    options: Partial<StreamsOptions> = {},
    disk?: SimulatedDisk,
    onWrite: DiskUser['onWrite'] = () => undefined,
  ): StreamsClient {
    const all = {
      ...{ applicationId: 'app', kafka: this.kafka.clients(identity), clock: this.clock },
      ...{ logger: createPinoLogger({ level: 'silent' }), ...options },
    };
    if (disk === undefined) return new StreamsClient(countTopology(), all);
    const user = { identity, isAlive: () => this.kafka.isAlive(identity), onWrite };
    return new StreamsClient(countTopology('lmdb'), all, () => disk.open(user));
  }

  feed(from: number, to: number): void {
    for (let i = from; i < to; i++) {
      this.kafka.append('in', (i % 6) % 2, { key: Buffer.from(`k${i % 6}`), value: Buffer.from(String(i)) });
    }
  }

  /** Every count written for each key, in order, as readers with `read_committed` see them. */
  counts(): Map<string, number[]> {
    const counts = new Map<string, number[]>();
    for (const partition of [0, 1]) {
      for (const record of this.kafka.records('out', partition, 'read_committed')) {
        const key = record.key?.toString() ?? '';
        counts.set(key, [...(counts.get(key) ?? []), Number(record.value?.readBigInt64BE())]);
      }
    }
    return counts;
  }

  assertExact(total: number): void {
    const counts = this.counts();
    assert.equal(counts.size, 6);
    for (const [key, seen] of counts) {
      assert.deepEqual(
        seen,
        Array.from({ length: total / 6 }, (_, i) => i + 1),
        key,
      );
    }
  }
}

const abortRequired = new KafkaError('KAFKA_FAILURE', 'injected', { kafkaCode: 'TEST', requiresAbort: true });
const exactlyOnce = { processingGuarantee: 'exactly_once_v2' } as const;

describe('StreamsClient with state', () => {
  for (const options of [{ commitIntervalMs: 100 }, exactlyOnce]) {
    const name = 'processingGuarantee' in options ? 'exactly once' : 'at least once';

    it(`should go on counting after a clean stop (${name})`, async () => {
      const world = new World();
      world.feed(0, 60);
      for (let round = 1; round <= 2; round++) {
        const client = world.client(`process-${round}`, options);
        await world.clock.run(client.start());
        await world.clock.runUntil(() => client.metrics.processedRecords >= 60);
        await world.clock.run(client.close());
        if (round === 1) world.feed(60, 120);
      }
      world.assertExact(120);
    });
  }

  for (const end of ['stop', 'crash'] as const) {
    it(`should restore nothing after a ${end} when its last changes are a while ago`, async () => {
      const world = new World();
      const disk = new SimulatedDisk('disk');
      world.feed(0, 60);
      const first = world.client('process-1', exactlyOnce, disk);
      await world.clock.run(first.start());
      await world.clock.runUntil(() => first.metrics.processedRecords >= 60);
      await world.clock.advance(end === 'stop' ? 1_000 : 40_000);
      if (end === 'stop') await world.clock.run(first.close());
      else world.kafka.crash('process-1');

      world.feed(60, 120);
      const second = world.client('process-2', exactlyOnce, disk);
      await world.clock.run(second.start());
      await world.clock.runUntil(() => second.metrics.processedRecords >= 60);
      assert.equal(second.metrics.restore?.restoredRecords, 0);
      await world.clock.run(second.close());
      world.assertExact(120);
    });
  }

  it('should close all tasks, and keep their state, when that of one cannot be written', async () => {
    const world = new World();
    const disk = new SimulatedDisk('disk');
    let isFull = false;
    const client = world.client('process-1', exactlyOnce, disk, (taskId) => {
      if (isFull && taskId === '0_0') throw new StateStoreError('STATE_ENGINE_FAILED', 'The disk is full.');
    });
    world.feed(0, 60);
    await world.clock.run(client.start());
    await world.clock.runUntil(() => client.metrics.processedRecords >= 60);
    await world.clock.advance(1_000);
    isFull = true;
    await world.clock.run(client.close());
    assert.deepEqual(disk.tasksOf('process-1'), []);
    const offsets = ['0_0', '0_1'].map((taskId) => disk.tasks.get(taskId)?.engine.metadata('offset:counts'));
    assert.equal(offsets[0], undefined);
    assert.ok(Number(offsets[1]) > 0);
  });

  it('should say what a task waits for whose state another process has open', async () => {
    const disk = new SimulatedDisk('disk');
    const [here, elsewhere] = [new World(), new World()];
    const holder = elsewhere.client('process-of-another-cluster', exactlyOnce, disk);
    await elsewhere.clock.run(holder.start());
    await elsewhere.clock.runUntil(() => holder.state === 'RUNNING');
    const logger = new RecordingLogger();
    const client = here.client('process-1', { ...exactlyOnce, logger }, disk);
    here.feed(0, 60);
    await here.clock.run(client.start());
    await here.clock.advance(12_000);
    const said = logger.lines.filter(({ level }) => level === 'warn').map(({ message }) => message);
    assert.match(
      said.join('; '),
      /^(Task 0_[01] has waited (5|10) s for its state: .* process-of-another-cluster.*;?){4}$/,
    );

    await elsewhere.clock.run(holder.close());
    await here.clock.runUntil(() => client.metrics.processedRecords >= 60);
    await here.clock.run(client.close());
    here.assertExact(60);
  });

  it('should name the option when the brokers do not allow transactions that long', async () => {
    const world = new World();
    const client = world.client('process-1', { ...exactlyOnce, transactionTimeoutMs: 900_001 });
    await assert.rejects(world.clock.run(client.start()), {
      code: 'INVALID_OPTION',
      message: /transactionTimeoutMs.*transaction\.max\.timeout\.ms/,
    });
  });

  it('should count each record once when a process is killed and another takes over', async () => {
    const world = new World();
    world.feed(0, 600);
    const first = world.client('process-1', exactlyOnce);
    await world.clock.run(first.start());
    await world.clock.runUntil(() => first.metrics.processedRecords >= 100);
    await world.clock.advance(150);
    world.feed(600, 1200);
    await world.clock.runUntil(() => first.metrics.processedRecords >= 700);
    world.kafka.crash('process-1');

    const second = world.client('process-2', exactlyOnce);
    await world.clock.run(second.start());
    await world.clock.runUntil(
      () => world.counts().size === 6 && [...world.counts().values()].every((seen) => seen.length === 200),
    );
    await world.clock.run(second.close());
    world.assertExact(1200);
  });

  it('should go back to where it began when a transaction is aborted before the first commit', async () => {
    const world = new World();
    world.feed(0, 6);
    let aborts = 0;
    world.kafka.injectFailures({
      before: ({ kind }) =>
        kind === 'producer.sendOffsets' && aborts++ === 0 ? { type: 'throw', error: abortRequired } : undefined,
    });
    const client = world.client('process-1', { ...exactlyOnce, offsetReset: 'latest' });
    await world.clock.run(client.start());
    await world.clock.runUntil(() => client.state === 'RUNNING' && client.tasks.size === 2);
    await world.clock.advance(1_000);
    world.feed(6, 66);
    await world.clock.runUntil(() => client.metrics.commits > 0, { limitMs: 60_000 });
    assert.ok(aborts > 0);
    world.assertExact(60);
    await world.clock.run(client.close());
  });

  it('should go back to the last commit when a transaction is aborted', async () => {
    const world = new World();
    world.feed(0, 600);
    let aborts = 0;
    const clients = world.client('process-1', exactlyOnce);
    world.kafka.injectFailures({
      before: (call) => {
        if (call.kind !== 'producer.commitTransaction' || ++aborts % 2 === 0 || aborts > 9) return undefined;
        return { type: 'throw', error: abortRequired };
      },
    });
    await world.clock.run(clients.start());
    await world.clock.runUntil(() => [...world.counts().values()].reduce((sum, seen) => sum + seen.length, 0) >= 600);
    await world.clock.run(clients.close());
    assert.ok(aborts > 1);
    world.assertExact(600);
  });
});
