import assert from 'node:assert/strict';
import { MemoryKafka } from '../../dist/client/memory/memory-kafka.js';
import { KafkaError } from '../../dist/errors/errors.js';
import type { StreamsOptions } from '../../dist/runtime/options.js';
import { StreamsClient } from '../../dist/runtime/streams-client.js';
import { serdes } from '../../dist/serde/serdes.js';
import type { Logger } from '../../dist/telemetry/logger.js';
import { VirtualClock } from '../../dist/time/virtual-clock.js';
import { Topology } from '../../dist/topology/topology.js';
import { countTopology } from './count-topology.js';

const { string } = serdes;
const TOPIC = 'app-instances';
const stateless = (): Topology =>
  new Topology()
    .addSource('in', { topics: 'in', keyDeserializer: string, valueDeserializer: string })
    .addSink('out', { parents: 'in', topic: 'out', keySerializer: string, valueSerializer: string });

class World {
  readonly clock = new VirtualClock();
  readonly kafka = new MemoryKafka({ clock: this.clock, seed: 1 });
  readonly warnings: string[] = [];

  constructor() {
    this.kafka.createTopic({ topic: 'in', partitions: 1 });
    this.kafka.createTopic({ topic: 'out', partitions: 1 });
  }

  client(topology: Topology, options: Partial<StreamsOptions> = {}): StreamsClient {
    const warn = (_: object, message: string): void => void this.warnings.push(message);
    const ignore = (): void => undefined;
    const logger: Logger = { debug: ignore, info: ignore, warn, error: warn, child: () => logger };
    return new StreamsClient(topology, {
      ...{
        applicationId: 'app',
        kafka: this.kafka.clients('process'),
        clock: this.clock,
        logger,
        commitIntervalMs: 100,
      },
      ...options,
    });
  }

  feed(): void {
    this.kafka.append('in', 0, { key: Buffer.from('k'), value: Buffer.from('v') });
  }

  async runUntilWritten(client: StreamsClient, records: number): Promise<void> {
    await this.clock.runUntil(() => this.kafka.records('out', 0).length === records || client.state === 'ERROR');
    assert.equal(client.state, 'RUNNING');
  }

  async topics(): Promise<readonly string[]> {
    const admin = this.kafka.clients('reader').admin();
    await this.clock.run(admin.connect());
    return this.clock.run(admin.listTopics());
  }
}

describe('the registry of instances', () => {
  it('should be kept by every application that has stores', async () => {
    const world = new World();
    const client = world.client(countTopology());
    await world.clock.run(client.start());
    world.feed();
    await world.runUntilWritten(client, 1);
    await world.clock.runUntil(() => client.instancesForStore('counts').length === 1);
    const { owner, standbys } = client.keyQueryMetadata('counts', 'k', string);
    assert.deepEqual([owner?.isSelf, owner?.endpoint, standbys], [true, undefined, []]);
    const [record] = world.kafka.records(TOPIC, 0).filter(({ key }) => key?.toString() !== 'topology');
    assert.equal(record?.key?.toString(), client.instances()[0]?.id);
    await world.clock.run(client.close());
    assert.equal(world.kafka.records(TOPIC, 0).at(-1)?.value, null);
    // What it knew last says that this process has the tasks, which is not so any more.
    const isGone = { code: 'STATE_UNAVAILABLE', message: /the client does not run/ };
    assert.throws(() => client.keyQueryMetadata('counts', 'k', string), isGone);
    assert.throws(() => client.instances(), isGone);
  });

  it('should be left alone by one without stores, unless it has an address to tell', async () => {
    const world = new World();
    const client = world.client(stateless());
    await world.clock.run(client.start());
    world.feed();
    await world.runUntilWritten(client, 1);
    assert.ok(!(await world.topics()).includes(TOPIC));
    assert.throws(() => client.instances(), { code: 'STATE_UNAVAILABLE', message: /applicationServer/ });
    await world.clock.run(client.close());
    const told = world.client(stateless(), { applicationServer: 'here:8080' });
    await world.clock.run(told.start());
    assert.deepEqual(told.instances()[0]?.endpoint, { host: 'here', port: 8080 });
    await world.clock.run(told.close());
  });

  for (const operation of ['create', 'describe', 'read'] as const) {
    it(`should be done without where the permission to ${operation} it is missing, with advice`, async () => {
      const world = new World();
      if (operation === 'read') {
        world.kafka.createTopic({ topic: TOPIC, partitions: 1 });
        world.kafka.append(TOPIC, 0, { key: Buffer.from('other'), value: null });
      }
      world.kafka.deny({ resource: 'topic', name: TOPIC, operations: [operation] });
      const client = world.client(countTopology());
      await world.clock.run(client.start());
      world.feed();
      await world.runUntilWritten(client, 1);
      assert.match(world.warnings.join('\n'), /app-instances.*runs without.*Allow this user Describe, Read and Write/s);
      assert.throws(() => client.instances(), { code: 'STATE_UNAVAILABLE', message: /the log says why/ });
      await world.clock.run(client.close());
      assert.equal(client.state, 'NOT_RUNNING');
    });

    it(`should be an error where it was asked for and the permission to ${operation} it is missing`, async () => {
      const world = new World();
      if (operation === 'read') {
        world.kafka.createTopic({ topic: TOPIC, partitions: 1 });
        world.kafka.append(TOPIC, 0, { key: Buffer.from('other'), value: null });
      }
      world.kafka.deny({ resource: 'topic', name: TOPIC, operations: [operation] });
      const client = world.client(countTopology(), { numStandbyReplicas: 1 });
      await assert.rejects(world.clock.run(client.start()), (error: unknown) => {
        assert.ok(error instanceof KafkaError && error.code === 'AUTHORIZATION_FAILED');
        assert.match(error.message, /numStandbyReplicas need it.*Allow this user.*app-instances/s);
        return true;
      });
    });
  }

  it('should not disturb processing while it cannot be written, and go on afterwards', async () => {
    const world = new World();
    const client = world.client(countTopology(), { processingGuarantee: 'exactly_once_v2' });
    await world.clock.run(client.start());
    world.feed();
    await world.runUntilWritten(client, 1);
    const published = (): number => world.kafka.offsets(TOPIC, 0)[1];
    for (const isDenied of [true, false]) {
      const before = published();
      const cut = new KafkaError('BROKER_UNREACHABLE', 'cut off', { kafkaCode: '_TRANSPORT', isRetriable: true });
      const allow = isDenied ? world.kafka.deny({ resource: 'topic', name: TOPIC, operations: ['write'] }) : undefined;
      if (!isDenied) {
        world.kafka.injectFailures({
          before: ({ kind, args }) =>
            kind === 'producer.send' && args[0] === TOPIC ? { type: 'throw', error: cut } : undefined,
        });
      }
      await world.clock.advance(60_000);
      world.feed();
      await world.runUntilWritten(client, isDenied ? 2 : 3);
      assert.equal(published(), before);
      allow?.();
      world.kafka.injectFailures(undefined);
      await world.clock.runUntil(() => published() > before);
    }
    const told = world.warnings.filter((line) => line.includes('registry of instances'));
    assert.ok(told.length >= 1 && told.length <= 4, `${told.length} warnings`);
    assert.match(told[0] ?? '', /processing is not affected.*Allow this user/s);
    await world.clock.run(client.close());
  });

  it('should not keep an application from starting for ever when its partition has no leader', async () => {
    const world = new World();
    world.kafka.createTopic({ topic: TOPIC, partitions: 1 });
    world.kafka.append(TOPIC, 0, { key: Buffer.from('other'), value: null });
    world.kafka.injectFailures({
      before: ({ kind, args }) =>
        kind === 'admin.listOffsets' && JSON.stringify(args).includes(TOPIC)
          ? {
              type: 'throw',
              error: new KafkaError('TIMED_OUT', 'no leader', { kafkaCode: '_TIMED_OUT', isRetriable: true }),
            }
          : undefined,
    });
    const client = world.client(countTopology());
    await world.clock.run(client.start());
    world.feed();
    await world.runUntilWritten(client, 1);
    assert.match(world.warnings.join('\n'), /app-instances.*runs without.*no leader/s);
    await world.clock.run(client.close());
  });
});
