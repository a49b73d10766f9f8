import assert from 'node:assert/strict';
import { toKafkaError } from '../../dist/client/confluent/error-codes.js';
import { MemoryKafka } from '../../dist/client/memory/memory-kafka.js';
import { KafkaError, ProductionError } from '../../dist/errors/errors.js';
import type { ProductionHandler } from '../../dist/runtime/handlers.js';
import type { StreamsOptions } from '../../dist/runtime/options.js';
import { StreamsClient } from '../../dist/runtime/streams-client.js';
import { serdes } from '../../dist/serde/serdes.js';
import { Stores } from '../../dist/state/stores/stores.js';
import type { KeyValueStore } from '../../dist/state/stores/key-value-store.js';
import type { CachingKeyValueStore } from '../../dist/state/stores/stores.js';
import { ContextualProcessor } from '../../dist/processor/contextual-processor.js';
import type { ProcessorContext } from '../../dist/processor/processor-context.js';
import { StreamRecord } from '../../dist/processor/record.js';
import { createPinoLogger } from '../../dist/telemetry/pino-logger.js';
import { VirtualClock } from '../../dist/time/virtual-clock.js';
import { Topology } from '../../dist/topology/topology.js';

const { string } = serdes;
const source = { topics: 'in', keyDeserializer: string, valueDeserializer: string };
const sink = { topic: 'out', keySerializer: string, valueSerializer: string };
const RECORDS = 40;
/** Every tenth record is larger than the topic takes. */
const isLarge = (i: number): boolean => i % 10 === 9;
const large = 'x'.repeat(2_000);

class Keeper extends ContextualProcessor<string, string, string, string> {
  override process({ key, value }: StreamRecord<string, string>): void {
    this.context.getStateStore<KeyValueStore<string, string>>('kept').put(key, value);
  }
}

/** Appends each value to the list of its key; a cache puts out the last list only. */
class Lister extends ContextualProcessor<string, string, string, string> {
  #lists!: CachingKeyValueStore<string, string>;

  override init(context: ProcessorContext<string, string>): void {
    void super.init(context);
    this.#lists = context.getStateStore<CachingKeyValueStore<string, string>>('lists');
    this.#lists.setUpdateListener(({ key, newValue, timestampMs }) => {
      void context.forward(new StreamRecord(key, newValue ?? '', timestampMs));
    }, false);
  }

  override process({ value }: StreamRecord<string, string>): void {
    this.#lists.put('list', `${this.#lists.get('list') ?? ''}${value.slice(0, 400)},`);
  }
}

class World {
  readonly clock = new VirtualClock();
  readonly kafka = new MemoryKafka({ clock: this.clock, seed: 1 });
  readonly asked: { readonly code: string; readonly attempt: number }[] = [];

  constructor() {
    this.kafka.createTopic({ topic: 'in', partitions: 1 });
    this.kafka.createTopic({ topic: 'out', partitions: 1, configs: { 'max.message.bytes': '1500' } });
    this.kafka.createTopic({ topic: 'dead', partitions: 1 });
    for (let i = 0; i < RECORDS; i++) {
      const value = isLarge(i) ? `${i}${large}` : String(i);
      this.kafka.append('in', 0, { key: Buffer.from(String(i)), value: Buffer.from(value) });
    }
  }

  client(topology: Topology, answer: ReturnType<ProductionHandler>, options: Partial<StreamsOptions>): StreamsClient {
    return new StreamsClient(topology, {
      applicationId: 'app',
      kafka: this.kafka.clients('process'),
      clock: this.clock,
      logger: createPinoLogger({ level: 'silent' }),
      deadLetterTopic: 'dead',
      commitIntervalMs: 100,
      productionHandler: (error, _, attempt) => {
        this.asked.push({ code: error instanceof KafkaError ? error.code : String(error), attempt });
        return attempt < 3 ? answer : 'fail';
      },
      ...options,
    });
  }

  keys(topic: string): number[] {
    return this.kafka
      .records(topic, 0)
      .map(({ key }) => Number(key?.toString()))
      .sort((a, b) => a - b);
  }

  async runUntilCommitted(client: StreamsClient): Promise<void> {
    await this.clock.run(client.start());
    const committed = (): number => this.kafka.committed('app', 'in', 0)?.offset ?? 0;
    await this.clock.runUntil(() => committed() === RECORDS || client.state === 'ERROR');
  }
}

const through = (): Topology => new Topology().addSource('in', source).addSink('out', { parents: 'in', ...sink });
const numbers = Array.from({ length: RECORDS }, (_, i) => i);
const small = numbers.filter((i) => !isLarge(i));

describe('Output that the broker refuses for good', () => {
  it('should not take others with it when an answer is lost while they are sent again', async () => {
    // Each of the records that shared a batch is sent again between a drain and two flushes.
    for (let lost = 0; lost < 3 * RECORDS; lost++) {
      const world = new World();
      let calls = -1;
      world.kafka.injectFailures({
        before: ({ kind, args }) => {
          if (kind === 'producer.send' && args[0] === 'out' && calls < 0) calls = 0;
          const isWait = kind === 'producer.flush' || kind === 'producer.drain';
          return isWait && calls >= 0 && calls++ === lost ? { type: 'lose-answer' } : undefined;
        },
      });
      const client = world.client(through(), 'dead-letter', { processingGuarantee: 'at_least_once' });
      await world.runUntilCommitted(client);
      assert.ok(calls > lost);
      assert.deepEqual([...new Set(world.keys('out'))], small, `lost answer ${lost}`);
      assert.deepEqual([...new Set(world.keys('dead'))], numbers.filter(isLarge), `lost answer ${lost}`);
      await world.clock.run(client.close());
    }
  });

  it('should not end the application when an answer is lost while they go out alone in a transaction', async () => {
    for (let lost = 0; lost < RECORDS; lost++) {
      const world = new World();
      let calls = -1;
      world.kafka.injectFailures({
        before: ({ kind }) => {
          if (kind === 'producer.abortTransaction' && calls < 0) calls = 0;
          return kind === 'producer.flush' && calls >= 0 && calls++ === lost ? { type: 'lose-answer' } : undefined;
        },
      });
      const client = world.client(through(), 'dead-letter', { processingGuarantee: 'exactly_once_v2' });
      await world.runUntilCommitted(client);
      assert.ok(calls > lost);
      assert.equal(client.state, 'RUNNING', `lost answer ${lost}`);
      assert.deepEqual([world.keys('out'), world.keys('dead')], [small, numbers.filter(isLarge)]);
      await world.clock.run(client.close());
    }
  });

  it('should not be taken for records that were thrown away with their transaction', async () => {
    const world = new World();
    let purged = 0;
    const purgedInQueue = toKafkaError(-152, 'A record was not delivered');
    world.kafka.injectFailures({
      before: ({ kind }) =>
        kind === 'producer.send' && ++purged <= 3 ? { type: 'throw', error: purgedInQueue } : undefined,
    });
    const client = world.client(through(), 'continue', { processingGuarantee: 'exactly_once_v2' });
    await world.runUntilCommitted(client);
    assert.ok(purged > 3);
    assert.deepEqual(world.keys('out'), small);
    assert.deepEqual(new Set(world.asked.map(({ code }) => code)), new Set(['RECORD_TOO_LARGE']));
    await world.clock.run(client.close());
  });

  for (const processingGuarantee of ['at_least_once', 'exactly_once_v2'] as const) {
    it(`should be left out alone, not with its batch (${processingGuarantee})`, async () => {
      const world = new World();
      const client = world.client(through(), 'continue', { processingGuarantee });
      await world.runUntilCommitted(client);
      assert.deepEqual(world.keys('out'), small);
      assert.deepEqual(
        world.asked,
        numbers.filter(isLarge).map(() => ({ code: 'RECORD_TOO_LARGE', attempt: 1 })),
      );
      // With each aborted transaction they are left out anew.
      assert.ok(client.metrics.droppedRecords >= RECORDS - small.length);
      await world.clock.run(client.close());
    });

    it(`should go to the dead-letter topic once (${processingGuarantee})`, async () => {
      const world = new World();
      const client = world.client(through(), 'dead-letter', { processingGuarantee });
      await world.runUntilCommitted(client);
      assert.deepEqual([world.keys('out'), world.keys('dead')], [small, numbers.filter(isLarge)]);
      await world.clock.run(client.close());
    });

    it(`should end the application if the handler says so, also after it tried again (${processingGuarantee})`, async () => {
      for (const answer of ['fail', 'retry'] as const) {
        const world = new World();
        const client = world.client(through(), answer, { processingGuarantee });
        await world.runUntilCommitted(client);
        await assert.rejects(world.clock.run(client.closed), (error) => error instanceof ProductionError);
        const attempts = world.asked.map(({ attempt }) => attempt);
        assert.equal(Math.max(...attempts), answer === 'fail' ? 1 : 3);
      }
    });

    it(`should be answered record by record where writing is forbidden (${processingGuarantee})`, async () => {
      const world = new World();
      world.kafka.deny({ resource: 'topic', name: 'out', operations: ['write'] });
      const client = world.client(through(), 'dead-letter', { processingGuarantee });
      await world.runUntilCommitted(client);
      assert.deepEqual([world.keys('out'), world.keys('dead')], [[], numbers]);
      await world.clock.run(client.close());
    });

    it(`should be answered also when it waited for room in the producer (${processingGuarantee})`, async () => {
      const world = new World();
      const producer = { maxRequestBytes: 1_200, maxBufferedBytes: 300 };
      const client = world.client(through(), 'continue', { processingGuarantee, producer });
      await world.runUntilCommitted(client);
      assert.deepEqual([world.keys('out'), client.state], [small, 'RUNNING']);
      await world.clock.run(client.close());
    });

    it(`should not be left out of a changelog, whatever the handler says (${processingGuarantee})`, async () => {
      const world = new World();
      const store = Stores.keyValueStore({
        ...{ name: 'kept', keySerde: string, valueSerde: string, engine: 'memory' },
        changelog: { topicConfig: { 'max.message.bytes': '1500' } },
      });
      const topology = new Topology()
        .addSource('in', source)
        .addProcessor('keep', { parents: 'in', supplier: () => new Keeper() })
        .addStateStore(store, 'keep');
      const client = world.client(topology, 'continue', { processingGuarantee });
      await world.runUntilCommitted(client);
      assert.equal(client.state, 'ERROR');
      await assert.rejects(world.clock.run(client.closed), /app-kept-changelog.*max\.message\.bytes/s);
    });
  }

  it('should be left out also where a cache puts out something longer each time that the transaction is done', async () => {
    const world = new World();
    const store = Stores.keyValueStore({
      ...{ name: 'lists', keySerde: string, valueSerde: string, engine: 'memory', caching: true },
    });
    const topology = new Topology()
      .addSource('in', source)
      .addProcessor('list', { parents: 'in', supplier: () => new Lister() })
      .addStateStore(store, 'list')
      .addSink('out', { parents: 'list', ...sink });
    let more = 0;
    world.kafka.injectFailures({
      before: ({ kind }) => {
        if (kind === 'producer.abortTransaction') {
          more++;
          world.kafka.append('in', 0, { key: Buffer.from('more'), value: Buffer.from(`more${more}`) });
        }
        return undefined;
      },
    });
    const client = world.client(topology, 'continue', { processingGuarantee: 'exactly_once_v2' });
    await world.clock.run(client.start());
    const committed = (): number => world.kafka.committed('app', 'in', 0)?.offset ?? 0;
    await world.clock.runUntil(() => committed() >= RECORDS || client.state === 'ERROR');
    assert.deepEqual([client.state, world.keys('out')], ['RUNNING', []]);
    assert.ok(more >= 2);
    assert.deepEqual(new Set(world.asked.map(({ code }) => code)), new Set(['RECORD_TOO_LARGE']));
    await world.clock.run(client.close());
  });

  it('should not drop what only timed out: the transaction is done again', async () => {
    const world = new World();
    const client = world.client(through(), 'fail', {
      processingGuarantee: 'exactly_once_v2',
      producer: { deliveryTimeoutMs: 1_000 },
    });
    let isCut = true;
    const cut = new KafkaError('BROKER_UNREACHABLE', 'cut off', { kafkaCode: '_TRANSPORT', isRetriable: true });
    world.kafka.injectFailures({
      before: ({ kind }) => (isCut && kind === 'producer.send' ? { type: 'throw', error: cut } : undefined),
    });
    await world.clock.run(client.start());
    await world.clock.advance(5_000);
    assert.deepEqual([client.state, world.keys('out')], ['RUNNING', []]);
    isCut = false;
    await world.clock.runUntil(() => world.keys('out').length === small.length || client.state === 'ERROR');
    // Those that are too large are answered 'fail' then.
    assert.deepEqual(world.asked.slice(0, 1), [{ code: 'RECORD_TOO_LARGE', attempt: 1 }]);
  });
});
