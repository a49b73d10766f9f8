import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { serdes, StreamsBuilder, type KStream } from '../../dist/index.js';

type Name = string | null;
type OneStream = 'filter' | 'mapValues' | 'selectKey' | 'map' | 'process' | 'repartition' | 'toTable' | 'to';

/** Calls on the streams made before, and what Kafka Streams' `describe()` says. See `../topology/java/README.md`. */
interface Golden {
  readonly optimized: boolean;
  readonly calls: readonly (
    | readonly ['stream', number, Name, topic: string]
    | readonly ['merge', stream: number, Name, other: number]
    | readonly [OneStream, stream: number, Name]
  )[];
  readonly describe: string;
}

const goldens = readFileSync(new URL('../../test/topology/java/random-dsl.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Golden);

type Stream = KStream<string, string>;

/** Makes one call; returns the new stream, if the call makes one. */
function make(call: Golden['calls'][number], builder: StreamsBuilder, streams: readonly Stream[]): Stream | undefined {
  const [operator, index] = call;
  const name = call[2] ?? undefined;
  if (operator === 'stream') return builder.stream<string, string>(call[3]);
  const stream = streams[index];
  assert.ok(stream);
  switch (operator) {
    case 'filter':
      return stream.filter(() => true, { name });
    case 'mapValues':
      return stream.mapValues((value) => value, { name });
    case 'selectKey':
      return stream.selectKey((_value, key) => key, { name });
    case 'map':
      return stream.map((value, key) => [key, value], { name });
    case 'process':
      return stream.process(() => ({ process: () => undefined }), { name });
    case 'merge': {
      const other = streams[call[3]];
      assert.ok(other);
      return stream.merge(other, { name });
    }
    case 'repartition':
      return stream.repartition({ name });
    case 'toTable':
      stream.toTable({}, { name });
      return undefined;
    case 'to':
      stream.to('out', { name });
      return undefined;
  }
}

describe('Random topologies of the DSL', () => {
  it('should be described as by Kafka Streams, with and without merged repartition topics', () => {
    assert.equal(goldens.length, 200);
    for (const [line, golden] of goldens.entries()) {
      const optimize = golden.optimized ? 'all' : 'none';
      const builder = new StreamsBuilder({ keySerde: serdes.string, valueSerde: serdes.string, optimize });
      const streams: Stream[] = [];
      for (const call of golden.calls) {
        const stream = make(call, builder, streams);
        if (stream !== undefined) streams.push(stream);
      }
      assert.equal(builder.build().describe(), golden.describe, `line ${line + 1}`);
    }
  });
});
