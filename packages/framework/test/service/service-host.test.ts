import assert from 'node:assert/strict';
import {
  ConfigError,
  inject,
  injectable,
  KStream,
  postConstruct,
  preDestroy,
  QueryableStores,
  serdes,
  ServiceHost,
  serviceTopology,
  StreamHandler,
  StreamsBuilder,
  StreamService,
  Topology,
  type HandlerContext,
  type ServiceOverrides,
  type StreamsClient,
} from '../../dist/index.js';
import { MemoryKafka } from '../../dist/client/memory/memory-kafka.js';
import { waitFor } from '../../dist/testing/wait-for.js';
import { RecordingLogger } from './recording-logger.js';

/** What happened in the running test, in order. */
const events: string[] = [];

@injectable()
class Database {
  @postConstruct()
  async open(): Promise<void> {
    await Promise.resolve();
    events.push('open');
  }

  @preDestroy()
  close(): void {
    events.push('close');
  }
}

@StreamService({ applicationId: 'host', providers: [Database], commitIntervalMs: 3_600_000 })
class Lookups {
  constructor(@inject(Database) readonly database: Database) {
    events.push('constructor');
  }

  onStart(): void {
    events.push('onStart');
  }

  @StreamHandler({ from: 'in', to: 'out', valueSerde: serdes.string })
  async look(value: string, context: HandlerContext<Buffer, string, Buffer>): Promise<string> {
    events.push(`begin ${value}`);
    await new Promise((resolve) => setImmediate(resolve));
    if (value === 'bad') throw new TypeError('no such airport');
    events.push(`end ${value}`);
    return `${context.topic}-${context.partition}-${context.offset}: ${value}`;
  }

  @Topology()
  build(builder: StreamsBuilder): void {
    builder
      .stream('in2', { keySerde: serdes.bytes, valueSerde: serdes.string })
      .mapValues((value) => value.toUpperCase())
      .to('out2', { valueSerde: serdes.string });
  }

  onStop(): void {
    events.push('onStop');
  }
}

@StreamService({ applicationId: 'counting' })
class Counting {
  #client: StreamsClient | undefined;

  onStart(client: StreamsClient): void {
    this.#client = client;
  }

  @Topology()
  build(builder: StreamsBuilder): void {
    builder
      .stream('in', { keySerde: serdes.string, valueSerde: serdes.string })
      .groupByKey()
      .count({ name: 'counts', engine: 'memory' });
  }

  countOf(key: string): number | undefined {
    return this.#client?.store('counts', QueryableStores.keyValue<string, number>()).get(key);
  }
}

describe('ServiceHost', () => {
  let kafka: MemoryKafka;
  let logger: RecordingLogger;
  let host: ServiceHost<Lookups> | undefined;

  beforeEach(() => {
    events.length = 0;
    logger = new RecordingLogger();
    kafka = new MemoryKafka();
    for (const topic of ['in', 'in2', 'out', 'out2', 'dead']) kafka.createTopic({ topic, partitions: 1 });
  });

  afterEach(async () => {
    await host?.stop().catch(() => undefined);
    host = undefined;
  });

  async function create(overrides: ServiceOverrides = {}): Promise<ServiceHost<Lookups>> {
    host = await ServiceHost.create(Lookups, { kafka: kafka.clients(), logger, ...overrides }, {});
    return host;
  }

  function append(topic: string, ...values: readonly string[]): void {
    for (const value of values) kafka.append(topic, 0, { value: Buffer.from(value) });
  }

  function valuesOf(topic: string): string[] {
    return kafka.records(topic, 0).map(({ value }) => value?.toString() ?? '');
  }

  it('should run handlers and topology methods against Kafka, one record at a time, and commit at the end', async () => {
    append('in', 'a', 'b', 'c');
    append('in2', 'x');
    const { client } = await create();
    await host?.start();
    await waitFor(() => valuesOf('out').length === 3 && valuesOf('out2').length === 1, 'all records are processed');
    assert.equal(client.state, 'RUNNING');
    await host?.stop();
    assert.deepEqual(valuesOf('out'), ['in-0-0: a', 'in-0-1: b', 'in-0-2: c']);
    assert.deepEqual(valuesOf('out2'), ['X']);
    assert.deepEqual(events, [
      'open',
      'constructor',
      'onStart',
      ...['a', 'b', 'c'].flatMap((value) => [`begin ${value}`, `end ${value}`]),
      'onStop',
      'close',
    ]);
    assert.equal(kafka.committed('host', 'in', 0)?.offset, 3);
    assert.equal(client.state, 'NOT_RUNNING');
    await host?.closed;
  });

  it('should give the service its client, for queries of its stores', async () => {
    for (const key of ['a', 'b', 'a']) kafka.append('in', 0, { key: Buffer.from(key), value: Buffer.from('x') });
    const options = { kafka: kafka.clients(), logger, commitIntervalMs: 10 };
    const counting = await ServiceHost.create(Counting, options, {});
    try {
      await counting.start();
      await waitFor(() => counting.service.countOf('a') === 2, 'the counts are committed');
      assert.equal(counting.service.countOf('b'), 1);
    } finally {
      await counting.stop();
    }
  });

  it('should leave records whose handler rejects to the processing handler', async () => {
    append('in', 'a', 'bad', 'c');
    await create({ processingHandler: () => 'dead-letter', deadLetterTopic: 'dead' });
    await host?.start();
    await waitFor(() => valuesOf('out').length === 2, 'the good records are processed');
    await host?.stop();
    assert.deepEqual(valuesOf('out'), ['in-0-0: a', 'in-0-2: c']);
    assert.deepEqual(valuesOf('dead'), ['bad']);
    assert.equal(kafka.committed('host', 'in', 0)?.offset, 3);
  });

  it('should reject closed with the error of a handler, and clean up when it is stopped then', async () => {
    append('in', 'bad');
    const { closed } = await create();
    await host?.start();
    await assert.rejects(closed, /no such airport/);
    await assert.rejects(host?.stop() ?? Promise.resolve(), /no such airport/);
    assert.deepEqual(events.slice(-2), ['onStop', 'close']);
    assert.equal(kafka.committed('host', 'in', 0), undefined);
  });

  it('should destroy what was injected when it is stopped without a start', async () => {
    await create();
    await host?.stop();
    assert.deepEqual(events, ['open', 'constructor', 'close']);
  });

  it('should destroy what was injected when the options of the runtime are wrong', async () => {
    await assert.rejects(create({ pollMs: -1 }), (error) => error instanceof ConfigError);
    assert.deepEqual(events, ['open', 'constructor', 'close']);
  });

  it('should log with the name of the service', async () => {
    append('in', 'a');
    await create();
    await host?.start();
    await waitFor(() => valuesOf('out').length === 1, 'the record is processed');
    assert.ok(logger.lines.length > 0);
    assert.ok(logger.lines.every(({ fields }) => fields['service'] === 'host'));
  });
});

describe('several handlers of one topic', () => {
  it('should each get every record', async () => {
    @StreamService({ applicationId: 'two' })
    class Two {
      @StreamHandler({ from: 'in', to: 'upper', valueSerde: serdes.string })
      upper(value: string): string {
        return value.toUpperCase();
      }

      @StreamHandler({ from: 'in', to: 'lower', valueSerde: serdes.string })
      lower(value: string): string {
        return value.toLowerCase();
      }
    }
    const kafka = new MemoryKafka();
    for (const topic of ['in', 'upper', 'lower']) kafka.createTopic({ topic, partitions: 1 });
    kafka.append('in', 0, { value: Buffer.from('Word') });
    const host = await ServiceHost.create(Two, { kafka: kafka.clients(), logger: new RecordingLogger() }, {});
    await host.start();
    const valueOf = (topic: string): string | undefined => kafka.records(topic, 0)[0]?.value?.toString();
    await waitFor(() => valueOf('upper') !== undefined && valueOf('lower') !== undefined, 'both outputs');
    await host.stop();
    assert.equal(valueOf('upper'), 'WORD');
    assert.equal(valueOf('lower'), 'word');
  });
});

describe('Topology', () => {
  it('should be the class of topologies as well as the decorator', async () => {
    const byHand = new Topology().addSource('in', {
      topics: 'in',
      keyDeserializer: serdes.bytes,
      valueDeserializer: serdes.string,
    });
    assert.ok(byHand instanceof Topology);
    const builder = new StreamsBuilder();
    assert.ok(builder.stream('in', { keySerde: serdes.bytes, valueSerde: serdes.string }) instanceof KStream);
    assert.ok(builder.build() instanceof Topology);
    assert.ok((await serviceTopology(Lookups)) instanceof Topology);
    class Extended extends Topology {}
    assert.match(
      new Extended()
        .addSource('x', {
          topics: 'x',
          keyDeserializer: serdes.bytes,
          valueDeserializer: serdes.string,
        })
        .describe(),
      /Source: x/,
    );
  });
});
