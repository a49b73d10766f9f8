import assert from 'node:assert/strict';
import { ProcessingError, ProductionError, SerdeError, type SerdeErrorCode } from '../../dist/errors/errors.js';
import type { Processor } from '../../dist/processor/processor.js';
import type { ProcessorContext } from '../../dist/processor/processor-context.js';
import type { StreamRecord } from '../../dist/processor/record.js';
import { serdes } from '../../dist/serde/serdes.js';
import { TopologyTestDriver, type TopologyTestDriverOptions } from '../../dist/testing/topology-test-driver.js';
import { StreamsBuilder } from '../../dist/dsl/streams-builder.js';
import { Topology } from '../../dist/topology/topology.js';

const { string } = serdes;
type Text = StreamRecord<string, string>;

/** A processor made of one function. */
class Step implements Processor<string, string, string, string> {
  #context: ProcessorContext<string, string> | undefined;

  constructor(
    private readonly work: (record: Text, context: ProcessorContext<string, string>) => void | Promise<void>,
    private readonly setUp: (context: ProcessorContext<string, string>) => void = () => undefined,
  ) {}

  /** Each task gets its own. */
  readonly supply = (): Step => new Step(this.work, this.setUp);

  init(context: ProcessorContext<string, string>): void {
    this.#context = context;
    this.setUp(context);
  }

  process(record: Text): void | Promise<void> {
    assert.ok(this.#context);
    return this.work(record, this.#context);
  }
}

function topologyOf(...steps: readonly Step[]): Topology {
  const topology = new Topology().addSource('in', { topics: 'in', keyDeserializer: string, valueDeserializer: string });
  let parent = 'in';
  steps.forEach((step, index) => {
    topology.addProcessor(`step-${index}`, { parents: parent, supplier: step.supply });
    parent = `step-${index}`;
  });
  return topology.addSink('out', { parents: parent, topic: 'out', keySerializer: string, valueSerializer: string });
}

function drive(topology: Topology, options?: TopologyTestDriverOptions) {
  const driver = new TopologyTestDriver(topology, options);
  return {
    driver,
    input: driver.createInputTopic('in', string, string),
    output: driver.createOutputTopic('out', string, string),
  };
}

const upper = new Step((record, context) => context.forward(record.withValue(record.value.toUpperCase())));

describe('StreamTask: processing', () => {
  it('should process records through processors to the sink, with time and headers', async () => {
    const { input, output } = drive(topologyOf(upper));
    const headers = [{ key: 'h', value: Buffer.from('1') }];
    await input.pipe('k', 'a', { timestamp: 42, headers });
    assert.deepEqual(output.readAll(), [{ key: 'k', value: 'A', timestamp: 42, headers, partition: 0 }]);
  });

  it('should wait for a promise before the next record', async () => {
    const order: string[] = [];
    const slow = new Step(async (record, context) => {
      order.push(`start ${record.value}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      order.push(`end ${record.value}`);
      await context.forward(record);
    });
    const { input, output } = drive(topologyOf(slow, upper));
    await input.pipeAll([
      ['k', 'a'],
      ['k', 'b'],
    ]);
    assert.deepEqual(order, ['start a', 'end a', 'start b', 'end b']);
    assert.deepEqual(output.readValues(), ['A', 'B']);
  });

  it('should wait for asynchronous work downstream of a processor that ignores its promise', async () => {
    const careless = new Step((record, context) => void context.forward(record));
    const slow = new Step(async (record, context) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await context.forward(record);
    });
    const { input, output } = drive(topologyOf(careless, slow));
    await input.pipe('k', 'a');
    assert.deepEqual(output.readValues(), ['a']);
  });

  it('should give every child its record, in order, also when the first works asynchronously', async () => {
    const seen: string[] = [];
    const child = (name: string, delayMs: number): Step =>
      new Step(async () => {
        if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
        seen.push(name);
      });
    const topology = new Topology()
      .addSource('in', { topics: 'in', keyDeserializer: string, valueDeserializer: string })
      .addProcessor('a', { parents: 'in', supplier: () => child('a', 5) })
      .addProcessor('b', { parents: 'in', supplier: () => child('b', 0) });
    const driver = new TopologyTestDriver(topology);
    await driver.createInputTopic('in', string, string).pipe('k', 'v');
    assert.deepEqual(seen, ['a', 'b']);
  });

  it('should forward to a named child, and refuse an unknown one', async () => {
    const route = new Step((record, context) => context.forward(record, record.value));
    const topology = new Topology()
      .addSource('in', { topics: 'in', keyDeserializer: string, valueDeserializer: string })
      .addProcessor('route', { parents: 'in', supplier: route.supply })
      .addSink('left', { parents: 'route', topic: 'l', keySerializer: string, valueSerializer: string })
      .addSink('right', { parents: 'route', topic: 'r', keySerializer: string, valueSerializer: string });
    const driver = new TopologyTestDriver(topology);
    const input = driver.createInputTopic('in', string, string);
    await input.pipe('k', 'right');
    assert.equal(driver.createOutputTopic('l', string, string).size, 0);
    assert.equal(driver.createOutputTopic('r', string, string).size, 1);
    await assert.rejects(input.pipe('k', 'up'), /no child 'up'.*left, right/);
  });

  it('should say where a record came from, and nothing in a punctuator', async () => {
    const seen: unknown[] = [];
    const step = new Step(
      (_record, context) => void seen.push(context.recordMetadata()),
      (context) => void context.schedule(10, 'wall-clock', () => void seen.push(context.recordMetadata())),
    );
    const { driver, input } = drive(topologyOf(step));
    await input.pipe('k', 'a');
    await input.pipe('k', 'b');
    await driver.advanceWallClock(10);
    assert.deepEqual(seen, [
      { topic: 'in', partition: 0, offset: 0 },
      { topic: 'in', partition: 0, offset: 1 },
      undefined,
    ]);
  });
});

describe('StreamTask: punctuators', () => {
  it('should fire by stream time: at the first record, then on a grid from 0', async () => {
    const fired: number[] = [];
    const step = new Step(
      () => undefined,
      (context) => void context.schedule(100, 'stream-time', (time) => void fired.push(time)),
    );
    const { input } = drive(topologyOf(step));
    for (const timestamp of [30, 99, 100, 90, 450, 499, 500]) await input.pipe('k', 'v', { timestamp });
    assert.deepEqual(fired, [30, 100, 450, 500]);
  });

  it('should fire by the wall clock without records, and forward', async () => {
    const step = new Step(
      () => undefined,
      (context) => {
        const tick = context.schedule(1000, 'wall-clock', (time) => {
          if (time >= 3000) tick.cancel();
          return context.forward({ key: 'tick', value: String(time), timestamp: time, headers: [] } as unknown as Text);
        });
      },
    );
    const { driver, output } = drive(topologyOf(step));
    for (let i = 0; i < 10; i++) await driver.advanceWallClock(500);
    assert.deepEqual(output.readValues(), ['1000', '2000', '3000']);
  });

  it('should give what a punctuator throws to the processing handler', async () => {
    const failures: string[] = [];
    const step = new Step(
      () => undefined,
      (context) =>
        void context.schedule(10, 'wall-clock', () => {
          throw new Error('tick failed');
        }),
    );
    const { driver } = drive(topologyOf(step), {
      processingHandler: (error) => {
        failures.push(error.message);
        return 'continue';
      },
    });
    await driver.advanceWallClock(10);
    assert.equal(failures.length, 1);
    assert.match(failures[0] ?? '', /step-0.*tick failed/);
  });
});

describe('StreamTask: failures', () => {
  const picky = (): Step =>
    new Step((record, context) => {
      if (record.value === 'bad') throw new Error('will not');
      return context.forward(record);
    });

  it('should fail by default with node, task, topic, partition and offset', async () => {
    const { input } = drive(topologyOf(picky()));
    await input.pipe('k', 'good');
    await assert.rejects(input.pipe('k', 'bad'), (error: unknown) => {
      assert.ok(error instanceof ProcessingError);
      assert.deepEqual(error.position, { node: 'step-0', task: '0_0', topic: 'in', partition: 0, offset: 1 });
      assert.match(error.message, /step-0.*will not/);
      return true;
    });
  });

  it('should drop the record when the handler says continue', async () => {
    const { input, output } = drive(topologyOf(picky(), upper), { processingHandler: () => 'continue' });
    await input.pipeAll([
      ['k', 'a'],
      ['k', 'bad'],
      ['k', 'b'],
    ]);
    assert.deepEqual(output.readValues(), ['A', 'B']);
  });

  it('should try again when the handler says retry, with rising attempts', async () => {
    const attempts: number[] = [];
    let calls = 0;
    const flaky = new Step((record, context) => {
      if (++calls < 3) throw new Error('not yet');
      return context.forward(record);
    });
    const { input, output } = drive(topologyOf(flaky), {
      processingHandler: (_error, _record, attempt) => {
        attempts.push(attempt);
        return 'retry';
      },
    });
    await input.pipe('k', 'a');
    assert.deepEqual(attempts, [1, 2]);
    assert.deepEqual(output.readValues(), ['a']);
  });

  it('should ask the handler once for a failure deep down, also through promises', async () => {
    const nodes: (string | undefined)[] = [];
    const rejecting = new Step(() => Promise.reject(new Error('later')));
    const { input } = drive(topologyOf(upper, upper, rejecting), {
      processingHandler: (error) => {
        nodes.push(error.position.node);
        return 'fail';
      },
    });
    await assert.rejects(input.pipe('k', 'a'), /step-2.*later/);
    assert.deepEqual(nodes, ['step-2']);
  });

  it('should not go on when user code swallows a failure', async () => {
    const swallowing = new Step((record, context) => {
      try {
        void context.forward(record);
      } catch {
        // a user who means well
      }
    });
    const { input } = drive(topologyOf(swallowing, picky()));
    await assert.rejects(input.pipe('k', 'bad'), /will not/);
  });

  it('should write the original record to the dead-letter topic', async () => {
    const { driver, input, output } = drive(topologyOf(upper, picky()), {
      processingHandler: () => 'dead-letter',
      deadLetterTopic: 'dead',
    });
    const failing = new Step(() => {
      throw new RangeError('too far');
    });
    const other = drive(topologyOf(upper, failing), {
      processingHandler: () => 'dead-letter',
      deadLetterTopic: 'dead',
    });
    await input.pipe('k', 'fine');
    await other.input.pipe('key', 'value', { timestamp: 7, headers: [{ key: 'own', value: null }] });
    assert.deepEqual(output.readValues(), ['FINE']);
    assert.equal(driver.createOutputTopic('dead', string, string).size, 0);
    const letter = other.driver.createOutputTopic('dead', string, string).read();
    assert.equal(letter.key, 'key');
    assert.equal(letter.value, 'value', 'the value as it came in, not as it was when the processor failed');
    assert.equal(letter.timestamp, 7);
    const texts = Object.fromEntries(letter.headers.map(({ key, value }) => [key, value?.toString() ?? null]));
    assert.equal(texts['own'], null);
    assert.equal(texts['__streams.errors.exception'], 'RangeError');
    assert.equal(texts['__streams.errors.message'], 'too far');
    assert.match(texts['__streams.errors.stacktrace'] ?? '', /RangeError: too far\n/);
    assert.equal(texts['__streams.errors.topic'], 'in');
    assert.equal(texts['__streams.errors.partition'], '0');
    assert.equal(texts['__streams.errors.offset'], '0');
  });

  it('should say so when a handler answers dead-letter without a topic', async () => {
    const { input } = drive(topologyOf(picky()), { processingHandler: () => 'dead-letter' });
    await assert.rejects(input.pipe('k', 'bad'), (error: unknown) => {
      assert.ok(error instanceof ProductionError);
      assert.match(error.message, /deadLetterTopic/);
      return true;
    });
  });
});

describe('StreamTask: records that cannot be read or written', () => {
  const numbers = (): Topology =>
    new Topology()
      .addSource('in', { topics: 'in', keyDeserializer: string, valueDeserializer: serdes.json<{ n: number }>() })
      .addSink('out', { parents: 'in', topic: 'out', keySerializer: string, valueSerializer: serdes.json() });

  async function feed(options: TopologyTestDriverOptions, ...values: readonly string[]) {
    const driver = new TopologyTestDriver(numbers(), options);
    const input = driver.createInputTopic('in', string, string);
    for (const value of values) await input.pipe('k', value);
    return driver;
  }

  it('should fail by default, with topic, partition and offset', async () => {
    await assert.rejects(feed({}, '{"n":1}', '{"n":'), (error: unknown) => {
      assert.ok(error instanceof SerdeError);
      const code: SerdeErrorCode = 'DESERIALIZATION_FAILED';
      assert.equal(error.code, code);
      assert.deepEqual(error.position, { topic: 'in', partition: 0, offset: 1, node: 'in', task: '0_0' });
      assert.match(error.message, /value.*in-0 at offset 1/);
      return true;
    });
  });

  it('should go on behind a bad record, or send it to the dead-letter topic', async () => {
    for (const answer of ['continue', 'dead-letter'] as const) {
      const options = { deserializationHandler: () => answer, deadLetterTopic: 'dead' };
      const driver = await feed(options, 'nonsense', '{"n":1}', 'more nonsense');
      assert.equal(driver.createOutputTopic('out', string, string).size, 1);
      const dead = driver.createOutputTopic('dead', string, string);
      assert.deepEqual(dead.readValues(), answer === 'continue' ? [] : ['nonsense', 'more nonsense']);
    }
  });

  it('should give an output that cannot be serialised to the production handler', async () => {
    const topology = new Topology()
      .addSource('in', { topics: 'in', keyDeserializer: string, valueDeserializer: string })
      .addSink('out', { parents: 'in', topic: 'out', keySerializer: string, valueSerializer: serdes.float64 as never });
    const failures: Error[] = [];
    const { driver, input } = drive(topology, {
      productionHandler: (error) => {
        failures.push(error);
        return failures.length === 1 ? 'dead-letter' : 'fail';
      },
      deadLetterTopic: 'dead',
    });
    await input.pipe('k', 'not a number');
    assert.deepEqual(driver.createOutputTopic('dead', string, string).readValues(), ['not a number']);
    await assert.rejects(input.pipe('k', 'again'), (error: unknown) => {
      assert.ok(error instanceof SerdeError);
      assert.equal(error.code, 'WRONG_TYPE');
      assert.equal(error.position.offset, 1);
      return true;
    });
  });

  it('should refuse a partition that the topic does not have', async () => {
    const topology = new Topology()
      .addSource('in', { topics: 'in', keyDeserializer: string, valueDeserializer: string })
      .addSink('out', {
        parents: 'in',
        topic: 'out',
        keySerializer: string,
        valueSerializer: string,
        partitioner: (_topic, _key, value, partitions) => Number(value) + partitions - 4,
      });
    const { input, output } = drive(topology, { partitionCounts: { out: 4 } });
    await input.pipe('k', '3');
    assert.equal(output.read().partition, 3);
    await assert.rejects(input.pipe('k', '4'), /Partition 4.*'out'.*0 to 3/);
  });
});

describe('StreamTask: mapValuesAsync', () => {
  /** Finishes each call when the test says so. */
  class Backend {
    readonly calls = new Map<string, { resolve: (value: string) => void; reject: (error: Error) => void }>();
    most = 0;

    readonly call = (value: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const done = (): void => void this.calls.delete(value);
        this.calls.set(value, {
          resolve: (result) => (done(), resolve(result)),
          reject: (error) => (done(), reject(error)),
        });
        this.most = Math.max(this.most, this.calls.size);
      });
  }

  function asyncTopology(backend: Backend, maxInFlight: number): Topology {
    const builder = new StreamsBuilder();
    builder
      .stream('in', { keySerde: string, valueSerde: string })
      .mapValuesAsync(backend.call, { maxInFlight })
      .to((_record, metadata) => `out-${metadata?.offset ?? 'none'}`, { keySerde: string, valueSerde: string });
    return builder.build();
  }

  it('should forward in input order, hold no more than maxInFlight, and keep where each record came from', async () => {
    const backend = new Backend();
    const driver = new TopologyTestDriver(asyncTopology(backend, 3));
    const input = driver.createInputTopic('in', string, string);
    // The driver drains after each record, so several are in flight only when they are piped at once.
    const piped = Promise.all(['a', 'b', 'c', 'd'].map((value) => input.pipe('k', value)));
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    while (backend.calls.size === 0) await turn();
    for (let i = 0; i < 50 && backend.calls.size > 0; i++) {
      const last = [...backend.calls].at(-1);
      last?.[1].resolve(last[0].toUpperCase());
      await turn();
      await turn();
    }
    await piped;
    const results = [0, 1, 2, 3].map((offset) =>
      driver.createOutputTopic(`out-${offset}`, string, string).readValues(),
    );
    assert.deepEqual(results, [['A'], ['B'], ['C'], ['D']]);
    assert.equal(backend.most, 3);
  });

  it('should dead-letter the record that failed, not the one in hand, and go on', async () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', { keySerde: string, valueSerde: string })
      .mapValuesAsync(async (value) => {
        await new Promise((resolve) => setImmediate(resolve));
        if (value === 'bad') throw new Error('backend said no');
        return value;
      })
      .to('out', { keySerde: string, valueSerde: string });
    const { driver, input, output } = drive(builder.build(), {
      processingHandler: () => 'dead-letter',
      deadLetterTopic: 'dead',
    });
    await Promise.all(['a', 'bad', 'b'].map((value) => input.pipe('k', value)));
    assert.deepEqual(output.readValues(), ['a', 'b']);
    const letter = driver.createOutputTopic('dead', string, string).read();
    assert.equal(letter.value, 'bad');
    const offset = letter.headers.find(({ key }) => key === '__streams.errors.offset');
    assert.equal(offset?.value?.toString(), '1');
  });

  it('should try a failed record again in its place', async () => {
    const attempts: number[] = [];
    const failures = new Map([['b', 2]]);
    const builder = new StreamsBuilder();
    builder
      .stream('in', { keySerde: string, valueSerde: string })
      .mapValuesAsync(async (value) => {
        await new Promise((resolve) => setImmediate(resolve));
        const left = failures.get(value) ?? 0;
        failures.set(value, left - 1);
        if (left > 0) throw new Error('busy');
        return value;
      })
      .to('out', { keySerde: string, valueSerde: string });
    const { input, output } = drive(builder.build(), {
      processingHandler: (_error, record, attempt) => {
        assert.equal(record?.value, 'b');
        attempts.push(attempt);
        return 'retry';
      },
    });
    await Promise.all(['a', 'b', 'c'].map((value) => input.pipe('k', value)));
    assert.deepEqual(output.readValues(), ['a', 'b', 'c']);
    assert.deepEqual(attempts, [1, 2]);
  });
});
