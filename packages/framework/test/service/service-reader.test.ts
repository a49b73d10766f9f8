import assert from 'node:assert/strict';
import {
  ConfigError,
  serdes,
  serviceTopology,
  StreamHandler,
  StreamsBuilder,
  StreamService,
  Topology,
  TopologyError,
  type ContextualProcessor,
  type Newable,
  type StreamHandlerOptions,
} from '../../dist/index.js';

interface Flight {
  readonly airport: string;
  readonly delay: number;
}

const flights = serdes.json<Flight>();
const minutes = serdes.int32;

@StreamService({ applicationId: 'flights' })
class FlightService {
  @StreamHandler({
    from: 'flights',
    to: 'delays',
    keySerde: serdes.string,
    valueSerde: flights,
    outValueSerde: minutes,
  })
  toDelay(flight: Flight): number | null {
    return flight.delay > 0 ? flight.delay : null;
  }

  @Topology()
  build(builder: StreamsBuilder): void {
    builder
      .stream('orders', { keySerde: serdes.string, valueSerde: serdes.string })
      .filter((order) => order.length > 0)
      .to('valid-orders');
  }

  @StreamHandler({ from: ['a', 'b'], valueSerde: serdes.string, name: 'audit' })
  log(text: string): void {
    void text;
  }
}

/** A processor that does nothing: only the shape of the topology matters here. */
const nothing = (): Pick<ContextualProcessor, 'process'> => ({ process: () => undefined });

function describeByHand(): string {
  const builder = new StreamsBuilder();
  builder
    .stream('flights', { keySerde: serdes.string, valueSerde: flights, name: 'toDelay-source' })
    .process<string, number>(nothing, { name: 'toDelay' })
    .to('delays', { keySerde: serdes.string, valueSerde: minutes, name: 'toDelay-sink' });
  builder
    .stream('orders', { keySerde: serdes.string, valueSerde: serdes.string })
    .filter((order) => order.length > 0)
    .to('valid-orders');
  builder
    .stream(['a', 'b'], { keySerde: serdes.bytes, valueSerde: serdes.string, name: 'audit-source' })
    .process(nothing, { name: 'audit' });
  return builder.build().describe();
}

/** A decorator in a program without type checks: the compiler refuses some of what is tested here. */
type Unchecked = (target: object, method: string | symbol) => void;

/** The error that a service raises when its topology is built. */
async function failure(service: Newable<object>): Promise<Error> {
  try {
    await serviceTopology(service);
  } catch (error) {
    assert.ok(error instanceof Error);
    return error;
  }
  return assert.fail('no error');
}

describe('decorated services', () => {
  it('should have the topology of the builder calls that they stand for', async () => {
    const topology = await serviceTopology(FlightService);
    assert.ok(topology instanceof Topology);
    assert.equal(topology.describe(), describeByHand());
    assert.match(topology.describe(), /Source: toDelay-source \(topics: \[flights\]\)\n {6}--> toDelay\n/);
    assert.match(topology.describe(), /Sink: toDelay-sink \(topic: delays\)\n {6}<-- toDelay\n/);
    assert.match(topology.describe(), /Processor: audit \(stores: \[\]\)\n {6}--> none\n/);
  });

  it('should hand serdes, partitioner, extractor and reset policy to the nodes', async () => {
    const partitioner = (): number => 3;
    const timestampExtractor = (): number => 7;
    @StreamService({ applicationId: 'x' })
    class Configured {
      @StreamHandler({
        from: /in-.*/,
        to: (record) => `out-${record.key}`,
        keySerde: serdes.string,
        valueSerde: serdes.string,
        outKeySerde: serdes.int64,
        outValueSerde: serdes.float64,
        partitioner,
        timestampExtractor,
        offsetReset: 'latest',
      })
      convert(text: string): number {
        return Number(text);
      }
    }
    const [subtopology] = (await serviceTopology(Configured)).plan().subtopologies;
    const [source, , sink] = subtopology?.nodes ?? [];
    assert.ok(source?.kind === 'source' && sink?.kind === 'sink');
    assert.equal(source.timestampExtractor, timestampExtractor);
    assert.equal(source.offsetReset, 'latest');
    assert.equal(source.keyDeserializer, serdes.string);
    assert.equal(sink.keySerializer, serdes.int64);
    assert.equal(sink.valueSerializer, serdes.float64);
    assert.equal(sink.partitioner, partitioner);
    assert.equal(typeof sink.topic, 'function');
  });

  it('should inherit members of base classes, and call the overriding method', async () => {
    const built: string[] = [];
    abstract class Base {
      @Topology()
      build(builder: StreamsBuilder): void {
        built.push('base');
        builder.stream('base', { keySerde: serdes.string, valueSerde: serdes.string }).to('base-out');
      }
    }
    @StreamService({ applicationId: 'derived' })
    class Derived extends Base {
      override build(builder: StreamsBuilder): void {
        built.push('derived');
        super.build(builder);
      }

      @StreamHandler({ from: 'derived', to: 'derived-out', valueSerde: serdes.string })
      pass(text: string): string {
        return text;
      }
    }
    const description = (await serviceTopology(Derived)).describe();
    assert.deepEqual(built, ['derived', 'base']);
    assert.ok(description.indexOf('[base]') < description.indexOf('[derived]'));
  });

  it('should give the builder the options of the service', async () => {
    @StreamService({
      applicationId: 'x',
      keySerde: serdes.string,
      valueSerde: serdes.int32,
      requireExplicitNames: true,
    })
    class Defaults {
      @Topology()
      build(builder: StreamsBuilder): void {
        builder.stream('in', { name: 'in' }).to('out', { name: 'out' });
      }
    }
    const [source] = (await serviceTopology(Defaults)).plan().subtopologies[0]?.nodes ?? [];
    assert.ok(source?.kind === 'source');
    assert.equal(source.valueDeserializer, serdes.int32);
  });
});

describe('badly decorated services', () => {
  it('should be refused without @StreamService', async () => {
    class Plain {
      @Topology()
      build(builder: StreamsBuilder): void {
        void builder;
      }
    }
    const error = await failure(Plain);
    assert.ok(error instanceof TopologyError);
    assert.equal(error.code, 'INVALID_SERVICE');
    assert.match(error.message, /Plain cannot be run as a service: it has no @StreamService decorator/);
  });

  it('should be refused without a topology', async () => {
    @StreamService({ applicationId: 'x' })
    class Empty {}
    assert.match((await failure(Empty)).message, /neither a @Topology nor a @StreamHandler method/);
  });

  it('should be refused with a decorated static method', async () => {
    @StreamService({ applicationId: 'x' })
    class Static {
      @StreamHandler({ from: 'in', valueSerde: serdes.string })
      static handle(text: string): void {
        void text;
      }
    }
    assert.match((await failure(Static)).message, /its decorated method handle is static/);
  });

  it('should be refused with an async @Topology method', async () => {
    @StreamService({ applicationId: 'x' })
    class Async {
      @(Topology() as Unchecked)
      async build(builder: StreamsBuilder): Promise<void> {
        builder.stream('in', { keySerde: serdes.string, valueSerde: serdes.string }).to('out');
      }
    }
    assert.match((await failure(Async)).message, /its @Topology method build is async/);
  });

  it('should be refused with a method that is both', async () => {
    @StreamService({ applicationId: 'x' })
    class Both {
      @Topology()
      @(StreamHandler({ from: 'in', valueSerde: serdes.string }) as Unchecked)
      build(builder: StreamsBuilder): void {
        void builder;
      }
    }
    assert.match((await failure(Both)).message, /build is both a @Topology and a @StreamHandler/);
  });

  it('should be refused with handlers that read one topic with different serdes', async () => {
    @StreamService({ applicationId: 'x' })
    class Different {
      @StreamHandler({ from: 'in', valueSerde: serdes.json<string>() })
      first(text: string): void {
        void text;
      }

      @StreamHandler({ from: ['other', 'in'], valueSerde: serdes.json<string>() })
      second(text: string): void {
        void text;
      }
    }
    const { message } = await failure(Different);
    assert.match(message, /^Different\.first and Different\.second read 'in' with different valueSerdes/);
  });

  const wrongOptions: readonly [string, object, RegExp][] = [
    ['an unknown option', { from: 'in', valueSerdes: serdes.string }, /no option 'valueSerdes'.*mean 'valueSerde'/],
    ['no topic', { valueSerde: serdes.string }, /has no 'from'/],
    ['no serde', { from: 'in' }, /has no 'valueSerde'/],
    ['an empty list of topics', { from: [], valueSerde: serdes.string }, /names no topic/],
    [
      'a serde factory for a serde',
      { from: 'in', valueSerde: serdes.json },
      /write serdes\.json\(\), not serdes\.json/,
    ],
  ];
  for (const [what, options, message] of wrongOptions) {
    it(`should be refused with a handler that has ${what}`, async () => {
      @StreamService({ applicationId: 'x' })
      class Wrong {
        @StreamHandler(options as StreamHandlerOptions<string>)
        handle(text: string): void {
          void text;
        }
      }
      const error = await failure(Wrong);
      assert.ok(error instanceof ConfigError, error.message);
      assert.match(error.message, message);
      assert.match(error.message, /Wrong\.handle/);
    });
  }
});
