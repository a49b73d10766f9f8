import assert from 'node:assert/strict';
import {
  IllegalStateError,
  serdes,
  serviceTopology,
  StreamHandler,
  StreamRecord,
  StreamService,
  type HandlerContext,
  type HandlerResult,
  type RecordHeaders,
} from '../../dist/index.js';
import { TopologyTestDriver } from '../../dist/testing/topology-test-driver.js';
import type { TestInputTopic, TestOutputTopic } from '../../dist/testing/test-topics.js';

type Context = HandlerContext<string, string, string>;
type Handler = (
  value: string,
  context: Context,
) => HandlerResult<string, string> | Promise<HandlerResult<string, string>>;

/** The handler of the running test. */
let handler: Handler;

@StreamService({ applicationId: 'handlers' })
class Handlers {
  @StreamHandler({ from: 'in', to: 'out', keySerde: serdes.string, valueSerde: serdes.string })
  handle(value: string, context: Context): ReturnType<Handler> {
    return handler(value, context);
  }

  @StreamHandler({ from: 'quiet', keySerde: serdes.string, valueSerde: serdes.string })
  consume(value: string, context: HandlerContext<string, never, never>): number {
    if (value === 'emit') context.emit(null);
    return 1;
  }
}

describe('@StreamHandler', () => {
  let driver: TopologyTestDriver;
  let input: TestInputTopic<string, string>;
  let output: TestOutputTopic<string, string>;

  beforeEach(async () => {
    driver = new TopologyTestDriver(await serviceTopology(Handlers), {
      deadLetterTopic: 'dead',
      processingHandler: () => 'dead-letter',
    });
    input = driver.createInputTopic('in', serdes.string, serdes.string);
    output = driver.createOutputTopic('out', serdes.string, serdes.string);
  });

  afterEach(() => driver.close());

  it('should write what the method returns with key, time and headers of the input', async () => {
    handler = (value) => value.toUpperCase();
    const headers: RecordHeaders = [{ key: 'trace', value: Buffer.from('1') }];
    await input.pipe('k', 'v', { timestamp: 42, headers });
    assert.deepEqual(output.readAll(), [{ key: 'k', value: 'V', timestamp: 42, headers, partition: 0 }]);
  });

  it('should write nothing for null and undefined', async () => {
    for (const nothing of [null, undefined]) {
      handler = () => nothing;
      await input.pipe('k', 'v');
    }
    assert.ok(output.isEmpty);
  });

  it('should write a returned record as it is', async () => {
    handler = (value) => new StreamRecord('other', value, 7);
    await input.pipe('k', 'v', { timestamp: 42 });
    assert.deepEqual(output.readAll(), [{ key: 'other', value: 'v', timestamp: 7, headers: [], partition: 0 }]);
  });

  it('should write emitted records in order before the returned one, tombstones too', async () => {
    handler = (value, context) => {
      context.emit('1');
      context.emit('2', { key: 'other', timestamp: 5 });
      context.emit(null);
      return value;
    };
    await input.pipe('k', '3', { timestamp: 42 });
    assert.deepEqual(
      output.readAll().map(({ key, value, timestamp }) => [key, value, timestamp]),
      [
        ['k', '1', 42],
        ['other', '2', 5],
        ['k', null, 42],
        ['k', '3', 42],
      ],
    );
  });

  it('should await a promise, and write what it resolves to', async () => {
    const events: string[] = [];
    handler = async (value, context) => {
      events.push(`begin ${value}`);
      await new Promise((resolve) => setImmediate(resolve));
      context.emit(`${context.key}${context.offset}`);
      events.push(`end ${value}`);
      return value;
    };
    await input.pipeAll([
      ['k', 'a'],
      ['k', 'b'],
    ]);
    assert.deepEqual(events, ['begin a', 'end a', 'begin b', 'end b']);
    assert.deepEqual(output.readValues(), ['k0', 'a', 'k1', 'b']);
  });

  it('should tell where the record came from', async () => {
    const seen: unknown[] = [];
    handler = (_value, { key, timestamp, topic, partition, offset, headers, taskId }) => {
      seen.push({ key, timestamp, topic, partition, offset, headers, taskId: String(taskId) });
    };
    await input.pipe('a', 'v', { timestamp: 1 });
    await input.pipe(null, 'v', { timestamp: 2 });
    assert.deepEqual(seen, [
      { key: 'a', timestamp: 1, topic: 'in', partition: 0, offset: 0, headers: [], taskId: '0_0' },
      { key: null, timestamp: 2, topic: 'in', partition: 0, offset: 1, headers: [], taskId: '0_0' },
    ]);
  });

  it('should give null to the method for a tombstone', async () => {
    const values: unknown[] = [];
    handler = (value) => void values.push(value);
    await input.pipe('k', null);
    assert.deepEqual(values, [null]);
  });

  for (const kind of ['sync', 'async'] as const) {
    it(`should send nothing of a failed ${kind} call, and leave its record to the processing handler`, async () => {
      const dead = driver.createOutputTopic('dead', serdes.string, serdes.string);
      handler = (value, context) => {
        context.emit('half');
        if (value === 'good') return value;
        if (kind === 'sync') throw new TypeError('boom');
        return Promise.reject(new TypeError('boom'));
      };
      await input.pipe('k', 'bad');
      assert.ok(output.isEmpty);
      const { value, headers } = dead.read();
      assert.equal(value, 'bad');
      const text = Object.fromEntries(headers.map((header) => [header.key, header.value?.toString() ?? '']));
      assert.match(text['__streams.errors.message'] ?? '', /boom/);

      await input.pipe('k', 'good');
      assert.deepEqual(output.readValues(), ['half', 'good']);
    });
  }

  it('should refuse a context that is used after its call', async () => {
    let kept: Context | undefined;
    handler = (_value, context) => {
      kept = context;
    };
    await input.pipe('k', 'v');
    for (const use of [() => kept?.key, () => kept?.offset, () => kept?.emit('late')]) {
      assert.throws(
        use,
        (error) => error instanceof IllegalStateError && /after the handler was done/.test(error.message),
      );
    }
  });

  it('should ignore what a handler without output returns, and refuse to emit', async () => {
    const quiet = driver.createInputTopic('quiet', serdes.string, serdes.string);
    const dead = driver.createOutputTopic('dead', serdes.string, serdes.string);
    await quiet.pipe('k', 'v');
    assert.ok(dead.isEmpty);
    await quiet.pipe('k', 'emit');
    const [message] = dead.read().headers.filter(({ key }) => key === '__streams.errors.message');
    assert.match(message?.value?.toString() ?? '', /consume has no output topic to emit to/);
  });
});
