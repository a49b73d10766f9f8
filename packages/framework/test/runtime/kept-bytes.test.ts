import assert from 'node:assert/strict';
import v8 from 'node:v8';
import vm from 'node:vm';
import { ContextualProcessor } from '../../dist/processor/contextual-processor.js';
import type { CapturedInput } from '../../dist/processor/processor-context.js';
import { StreamsBuilder } from '../../dist/dsl/streams-builder.js';
import { KeptRecord } from '../../dist/runtime/kept-record.js';
import { serdes } from '../../dist/serde/serdes.js';
import { TopologyTestDriver } from '../../dist/testing/topology-test-driver.js';
import { Topology } from '../../dist/topology/topology.js';

const { bytes } = serdes;
const responseBytes = 1024 * 1024;

/** Bytes as a fetcher gives them: a view of a large response, which is remembered weakly. */
class Responses {
  private readonly seen: WeakRef<ArrayBufferLike>[] = [];

  view(text: string): Buffer {
    const response = Buffer.alloc(responseBytes);
    this.seen.push(new WeakRef(response.buffer));
    const length = response.write(text, 1_000);
    return response.subarray(1_000, 1_000 + length);
  }

  /** Asserts that at most what is being processed is still in memory. */
  async assertGone(): Promise<void> {
    v8.setFlagsFromString('--expose-gc');
    const collect = vm.runInNewContext('gc') as () => void;
    // A weak reference holds until the turn of the event loop is over in which it was made or read.
    for (let round = 0; round < 3; round += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      collect();
    }
    const alive = this.seen.filter((response) => response.deref() !== undefined).length;
    assert.ok(alive <= 3, `${alive} of ${this.seen.length} responses are in memory`);
  }
}

describe('bytes that are kept', () => {
  it('should be of their own size in a record that is kept', () => {
    const responses = new Responses();
    const record = new KeptRecord({
      offset: 7,
      timestamp: 42,
      key: responses.view('key'),
      value: responses.view('välue'),
      headers: [
        { key: 'h', value: responses.view('1') },
        { key: 'none', value: null },
      ],
    });
    assert.deepEqual([record.offset, record.timestamp], [7, 42]);
    assert.deepEqual(record.key, Buffer.from('key'));
    assert.deepEqual(record.value, Buffer.from('välue'));
    assert.deepEqual(record.headers, [
      { key: 'h', value: Buffer.from('1') },
      { key: 'none', value: null },
    ]);
    for (const part of [record.key, record.value, record.headers[0]?.value]) {
      assert.ok(part !== undefined && part !== null && part.buffer.byteLength < responseBytes / 100);
    }
  });

  it('should not keep what was fetched with them alive in stores', async () => {
    const responses = new Responses();
    const builder = new StreamsBuilder();
    builder
      .stream('in', { keySerde: bytes, valueSerde: bytes })
      .groupByKey()
      .reduce((_, value) => value);
    const driver = new TopologyTestDriver(builder.build());
    const input = driver.createInputTopic('in', bytes, bytes);
    for (let i = 0; i < 50; i += 1) {
      await input.pipe(responses.view(`key ${i % 10}`), responses.view(`value ${i}`), { timestamp: i });
    }
    await responses.assertGone();
    driver.close();
  });

  it('should not keep what was fetched with them alive in captured inputs, as caches and asynchronous work hold', async () => {
    const responses = new Responses();
    const captured: CapturedInput[] = [];
    const topology = new Topology()
      .addSource('in', { topics: 'in', keyDeserializer: bytes, valueDeserializer: bytes })
      .addProcessor('capture', { parents: 'in', supplier: () => new Capturing(captured) });
    const driver = new TopologyTestDriver(topology);
    const input = driver.createInputTopic('in', bytes, bytes);
    for (let i = 0; i < 50; i += 1) {
      const headers = [{ key: 'h', value: responses.view('x') }];
      await input.pipe(responses.view('key'), responses.view(`value ${i}`), { timestamp: i, headers });
    }
    await responses.assertGone();
    assert.deepEqual(
      captured.map(({ metadata, headers }) => [metadata.offset, headers[0]?.value?.toString()]),
      Array.from({ length: 50 }, (_, offset) => [offset, 'x']),
    );
    driver.close();
  });
});

/** Holds on to each input record. */
class Capturing extends ContextualProcessor<Buffer, Buffer, Buffer, Buffer> {
  constructor(private readonly captured: CapturedInput[]) {
    super();
  }

  override process(): void {
    const input = this.context.captureInput();
    if (input !== undefined) this.captured.push(input);
  }
}
