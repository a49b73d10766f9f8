import assert from 'node:assert/strict';
import { ContextualProcessor, serdes, type StreamRecord } from '../../dist/index.js';
import { drive, later, type TextStream } from './drive.js';

const headers = [{ key: 'trace', value: Buffer.from('1') }];

/** Passes records on by promises, one at a time; complains if it is given two at once. */
class SlowProcessor extends ContextualProcessor<string, string, string, string> {
  #isBusy = false;

  override async process(record: StreamRecord<string, string>): Promise<void> {
    assert.equal(this.#isBusy, false, 'two records at once');
    this.#isBusy = true;
    await later(undefined);
    this.#isBusy = false;
    await this.context.forward(record);
  }
}

async function valuesOf(declare: (stream: TextStream) => TextStream, ...values: string[]): Promise<unknown[]> {
  const { input, output } = drive((stream) => declare(stream).to('out'));
  for (const value of values) await input.pipe('k', value, { timestamp: 7, headers });
  const records = output.readAll();
  for (const record of records) {
    assert.equal(record.timestamp, 7);
    assert.deepEqual(record.headers, headers);
  }
  return records.map(({ key, value }) => `${key}=${value}`);
}

describe('Stateless operators', () => {
  it('should keep and drop records by filter and filterNot, with plain and promised answers', async () => {
    const isLong = (value: string) => value.length > 1;
    assert.deepEqual(await valuesOf((stream) => stream.filter(isLong), 'a', 'bb'), ['k=bb']);
    assert.deepEqual(await valuesOf((stream) => stream.filterNot(isLong), 'a', 'bb'), ['k=a']);
    assert.deepEqual(await valuesOf((stream) => stream.filter((value) => later(isLong(value))), 'a', 'bb'), ['k=bb']);
    assert.deepEqual(await valuesOf((stream) => stream.filterNot(async (value) => isLong(value)), 'a', 'bb'), ['k=a']);
  });

  it('should map keys and values', async () => {
    assert.deepEqual(await valuesOf((stream) => stream.map((value, key) => [value, key]), 'v'), ['v=k']);
    assert.deepEqual(await valuesOf((stream) => stream.map((value, key) => later([value, key] as const)), 'v'), [
      'v=k',
    ]);
    assert.deepEqual(await valuesOf((stream) => stream.mapValues((value, key) => key + value), 'v'), ['k=kv']);
    assert.deepEqual(await valuesOf((stream) => stream.mapValues((value) => later(value + value)), 'v'), ['k=vv']);
    assert.deepEqual(await valuesOf((stream) => stream.selectKey((value, key) => value + key), 'v'), ['vk=v']);
    assert.deepEqual(await valuesOf((stream) => stream.selectKey((value) => later(value)), 'v'), ['v=v']);
  });

  it('should forward any number of results in order', async () => {
    const letters = (value: string) => [...value];
    const pairs = (value: string) => letters(value).map((letter) => [letter, value] as const);
    assert.deepEqual(await valuesOf((stream) => stream.flatMapValues(letters), 'ab', '', 'c'), ['k=a', 'k=b', 'k=c']);
    assert.deepEqual(await valuesOf((stream) => stream.flatMap(pairs), 'ab', ''), ['a=ab', 'b=ab']);
    assert.deepEqual(await valuesOf((stream) => stream.flatMapValues((value) => later(letters(value))), 'ab'), [
      'k=a',
      'k=b',
    ]);
    assert.deepEqual(await valuesOf((stream) => stream.flatMap((value) => later(pairs(value))), 'ab'), [
      'a=ab',
      'b=ab',
    ]);
    const generated = (stream: TextStream) =>
      stream.flatMapValues(function* (value) {
        yield value;
        yield value + value;
      });
    assert.deepEqual(await valuesOf(generated, 'a'), ['k=a', 'k=aa']);
  });

  it('should hand on one result at a time to what works asynchronously', async () => {
    const slow = (stream: TextStream) =>
      stream.flatMapValues((value) => [...value]).process<string, string>(() => new SlowProcessor());
    assert.deepEqual(await valuesOf(slow, 'abc', 'de'), ['k=a', 'k=b', 'k=c', 'k=d', 'k=e']);
  });

  it('should peek at each record, then pass it on, and wait for promises', async () => {
    const seen: string[] = [];
    const peeking = (stream: TextStream) =>
      stream
        .peek((value, key) => seen.push(`sync ${key}=${value}`))
        .peek(async (value) => {
          await later(undefined);
          seen.push(`async ${value}`);
        });
    assert.deepEqual(await valuesOf(peeking, 'a', 'b'), ['k=a', 'k=b']);
    assert.deepEqual(seen, ['sync k=a', 'async a', 'sync k=b', 'async b']);
  });

  it('should end the stream with foreach, and wait for promises', async () => {
    const seen: unknown[] = [];
    const { input } = drive((stream) => {
      stream.foreach((value, key, record) => seen.push([key, value, record.timestamp]));
      stream.foreach(async (value) => void seen.push(await later(value)));
    });
    await input.pipe('k', 'a', { timestamp: 3 });
    assert.deepEqual(seen, [['k', 'a', 3], 'a']);
  });

  it('should hand null keys and values to functions', async () => {
    const seen: unknown[] = [];
    const { input, output } = drive((stream) =>
      stream
        .peek((value, key) => seen.push([key, value]))
        .mapValues((value) => value)
        .to('out'),
    );
    await input.pipe(null, null, { timestamp: 1 });
    assert.deepEqual(seen, [[null, null]]);
    assert.deepEqual(output.readKeyValues(), [[null, null]]);
  });

  it('should print a line per record', async () => {
    const lines: string[] = [];
    const writer = { write: (text: string) => lines.push(text) };
    const { input } = drive((stream) => {
      stream.print({ writer });
      stream.mapValues((value) => ({ value, at: [1] })).print({ writer, label: 'json' });
      stream.print({ writer, label: 'own', format: (value, key) => `${value}@${key}` });
    });
    await input.pipe('k', 'v');
    await input.pipe(null, 'w');
    assert.deepEqual(lines, [
      '[KSTREAM-SOURCE-0000000000]: k, v\n',
      "[json]: k, { value: 'v', at: [ 1 ] }\n",
      '[own]: v@k\n',
      '[KSTREAM-SOURCE-0000000000]: null, w\n',
      "[json]: null, { value: 'w', at: [ 1 ] }\n",
      '[own]: w@null\n',
    ]);
  });

  it('should merge streams', async () => {
    const { driver, input, output } = drive((stream, builder) =>
      stream.merge(builder.stream<string, string>('other')).to('out'),
    );
    await input.pipe('k', 'a');
    await driver.createInputTopic('other', serdes.string, serdes.string).pipe('k', 'b');
    await input.pipe('k', 'c');
    assert.deepEqual(output.readValues(), ['a', 'b', 'c']);
  });

  it('should write to the topic chosen for each record, in the partition chosen', async () => {
    const declare = (stream: TextStream) =>
      stream.to((record, metadata) => `out-${record.value}-${metadata?.offset}`, {
        partitioner: (_topic, _key, value, partitions) => (value === 'a' ? partitions - 1 : undefined),
      });
    const { input, topic } = drive(declare, { driver: { partitionCounts: { 'out-a-0': 4, 'out-b-1': 4 } } });
    await input.pipe('21', 'a');
    await input.pipe('21', 'b');
    assert.equal(topic('out-a-0').read().partition, 3);
    // (murmur2("21") & 0x7fffffff) % 4
    assert.equal(topic('out-b-1').read().partition, (-973932308 & 0x7fffffff) % 4);
  });
});
