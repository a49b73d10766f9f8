import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type KStream, StreamsBuilder, serdes, type StreamsBuilderOptions } from '../../dist/index.js';

type Stream = KStream<string, string>;

/** Made by Kafka Streams, see `../topology/java/README.md`. */
const goldens = new Map(
  readFileSync(new URL('../../test/topology/java/dsl-topologies.txt', import.meta.url), 'utf8')
    .split(/^=== /m)
    .slice(1)
    .map((section) => {
      const end = section.indexOf('\n');
      return [section.slice(0, end), section.slice(end + 1)] as const;
    }),
);
const checked = new Set<string>();

function describeWith(declare: (builder: StreamsBuilder) => void, options: StreamsBuilderOptions): string {
  const builder = new StreamsBuilder({ keySerde: serdes.string, valueSerde: serdes.string, ...options });
  declare(builder);
  return builder.build().describe();
}

function check(title: string, declare: (builder: StreamsBuilder) => void, options: StreamsBuilderOptions = {}): void {
  checked.add(title);
  assert.equal(describeWith(declare, options), goldens.get(title), title);
}

function read(builder: StreamsBuilder, topic: string | readonly string[] | RegExp = 'in'): Stream {
  return builder.stream<string, string>(topic);
}

const toTable = (stream: Stream, name?: string) => stream.toTable({}, { name });
const ignore = () => ({ process: () => undefined });
const always = () => true;
const same = (value: string) => value;
const pair = (value: string, key: string) => [key, value] as const;
const list = (value: string) => [value];
const pairs = (value: string, key: string) => [[key, value] as const];
const nothing = () => undefined;
const keyOf = (_value: string, key: string) => key;

describe('DSL compared with Kafka Streams', () => {
  it('should describe sources and sinks alike', () => {
    check('a topic copied', (b) => read(b).to('out'));
    check('one source of several topics', (b) =>
      read(b, ['flights', 'arrivals', 'departures', 'airports', 'carriers']).to('out'),
    );
    const thirteen = Array.from({ length: 13 }, (_, index) => `t${index + 1}`);
    check('one source of thirteen topics', (b) => read(b, thirteen).to('out'));
    check('a source of a pattern', (b) => read(b, /flights-[0-9]+|arrivals.*/).to('out'));
    check('named source and sink', (b) =>
      b.stream('in', { name: 'read-flights' }).to('out', { name: 'write-flights' }),
    );
    check('a sink whose topic is chosen per record', (b) =>
      read(b).to(function byCountry(record) {
        return record.value;
      }),
    );
    check('two streams of one topic', (b) => {
      read(b).filter(always).to('out1');
      read(b).mapValues(same).to('out2');
    });
    check('two streams of the same topics in another order', (b) => {
      read(b, ['a', 'b', 'c']).to('out1');
      read(b, ['c', 'a', 'b']).to('out2');
    });
    check('two streams of one pattern', (b) => {
      read(b, /in-.*/).to('out1');
      read(b, /in-.*/).to('out2');
    });
    check('three subtopologies', (b) => {
      read(b, 'in1').to('out1');
      read(b, 'in2').filter(always).to('out2');
      read(b, 'in3').foreach(nothing);
    });
  });

  it('should describe operators alike', () => {
    check('every stateless operator', (b) => {
      const stream = read(b)
        .filter(always)
        .filterNot(always)
        .map(pair)
        .mapValues(same)
        .flatMap(pairs)
        .flatMapValues(list)
        .peek(nothing)
        .selectKey(keyOf);
      stream.print();
      stream.foreach(nothing);
      stream.process<string, string>(ignore).processValues(ignore).to('out');
    });
    check('every stateless operator named', (b) => {
      const stream = read(b)
        .filter(always, { name: 'only-valid' })
        .filterNot(always, { name: 'no-test' })
        .map(pair, { name: 'normalise' })
        .mapValues(same, { name: 'parse' })
        .flatMap(pairs, { name: 'split-lines' })
        .flatMapValues(list, { name: 'split-words' })
        .peek(nothing, { name: 'count' })
        .selectKey(keyOf, { name: 'by-word' });
      stream.print({ name: 'show' });
      stream.foreach(nothing, { name: 'each' });
      stream.process(ignore, { name: 'custom' }).processValues(ignore, { name: 'custom-values' }).to('out');
    });
    check('named and unnamed operators mixed', (b) =>
      read(b)
        .filter(always, { name: 'first' })
        .process<string, string>(ignore, { name: 'second' })
        .mapValues(same)
        .process<string, string>(ignore)
        .repartition({ name: 'third' })
        .peek(nothing)
        .to('out'),
    );
    check('a fan of subtrees of different sizes', (b) => {
      const stream = read(b);
      stream.filter(always).to('small');
      stream.mapValues(same).filter(always).filter(always).to('large');
      stream.peek(nothing).filter(always).to('middle');
      stream.to('direct');
      const wide = stream.filterNot(always);
      for (let i = 0; i < 6; i++) wide.peek(nothing).to(`wide-${i}`);
    });
  });

  it('should describe branches and merges alike', () => {
    check('split with unnamed branches', (b) => read(b).split().branch(always).branch(always).defaultBranch());
    check('split with named branches', (b) => {
      const branches = read(b)
        .split({ name: 'by-delay-' })
        .branch(always, { name: 'late' })
        .branch(always, { name: 'cancelled' })
        .defaultBranch({ name: 'on-time' });
      branches.late.mapValues(same).filter(always).to('late');
      branches.cancelled.to('cancelled');
      branches['on-time'].peek(nothing).to('on-time');
    });
    check('split without default branch, partly named', (b) => {
      const branches = read(b).split().branch(always, { name: '-late' }).branch(always).noDefaultBranch();
      branches['-late'].to('late');
      branches['2']?.to('second');
    });
    check('branches worked on at once', (b) => {
      const { two } = read(b)
        .split({ name: 's-' })
        .branch(always, { into: (stream) => stream.to('one'), name: 'one' })
        .branch(always, { into: (stream) => stream.mapValues((value) => value + value), name: 'two' })
        .defaultBranch({ into: (stream) => stream.filter(always).to('rest') });
      two.to('two');
    });
    check('two streams merged', (b) => read(b, 'in1').merge(read(b, 'in2')).to('out'));
    check('three streams merged with names', (b) =>
      read(b, 'in1').merge(read(b, 'in2'), { name: 'both' }).merge(read(b, 'in3'), { name: 'all' }).peek(nothing),
    );
    check('a stream merged with itself', (b) => {
      const stream = read(b);
      stream.merge(stream).peek(nothing);
    });
    check('branches merged again', (b) => {
      const { odd, even } = read(b)
        .split({ name: 'parity-' })
        .branch(always, { name: 'odd' })
        .defaultBranch({ name: 'even' });
      odd.mapValues(same).merge(even).to('out');
    });
  });

  it('should describe repartitions alike', () => {
    check('repartition', (b) => read(b).repartition().to('out'));
    check('repartition with name and partitions', (b) =>
      read(b).repartition({ name: 'by-user', partitions: 7 }).peek(nothing),
    );
    check('repartition with a name that ends in the suffix', (b) =>
      read(b).repartition({ name: 'by-user-repartition' }).peek(nothing),
    );
    check('repartition of a merge, twice', (b) =>
      read(b, 'in1').merge(read(b, 'in2')).repartition().selectKey(keyOf).repartition({ name: 'again' }).to('out'),
    );
    check('two repartitions of one stream', (b) => {
      const stream = read(b);
      stream.repartition({ name: 'a' }).to('a');
      stream.repartition({ name: 'b' }).to('b');
    });
    check('a repartition topic joined into one subtopology with another topic', (b) =>
      read(b).selectKey(keyOf).repartition().merge(read(b, 'other')).peek(nothing),
    );
  });

  it('should repartition before keyed operators alike', () => {
    check('a keyed operator without key change', (b) => toTable(read(b).filter(always).mapValues(same)));
    check('a keyed operator after selectKey', (b) => toTable(read(b).selectKey(keyOf)));
    check('a named keyed operator after map', (b) => toTable(read(b).map(pair).mapValues(same), 'users'));
    check('keyed operators after every key change', (b) => {
      const stream = read(b);
      toTable(stream.map(pair));
      toTable(stream.flatMap(pairs));
      toTable(stream.process(ignore));
      toTable(stream.processValues(ignore));
      toTable(stream.selectKey(keyOf).repartition());
      toTable(stream.merge(stream.selectKey(keyOf)));
    });
    check('two keyed operators after one key change', (b) => {
      const stream = read(b).selectKey(keyOf);
      toTable(stream.filter(always));
      toTable(stream);
    });
  });

  it('should merge repartition topics alike', () => {
    const optimized = (title: string, declare: (builder: StreamsBuilder) => void) =>
      check(`optimized: ${title}`, declare, { optimize: ['merge.repartition.topics'] });
    optimized('two keyed operators after one key change', (b) => {
      const stream = read(b).selectKey(keyOf);
      toTable(stream.filter(always));
      toTable(stream);
      stream.peek(nothing);
    });
    optimized("the first topic's name stays", (b) => {
      const stream = read(b).selectKey(keyOf);
      toTable(stream.filter(always).peek(nothing), 'first');
      toTable(stream.filter(always), 'second');
    });
    optimized('a value change keeps topics apart', (b) => {
      const stream = read(b).selectKey(keyOf);
      toTable(stream.mapValues(same));
      toTable(stream.filter(always));
      toTable(stream.flatMapValues(list));
    });
    optimized('one topic after a merge of key changes', (b) => {
      const both = read(b, 'in1').selectKey(keyOf).merge(read(b, 'in2').selectKey(keyOf));
      toTable(both);
      toTable(both.filter(always));
    });
    optimized('two key changes, each with its topic', (b) => {
      const stream = read(b);
      const one = stream.selectKey(keyOf);
      const two = stream.map(pair);
      toTable(one);
      toTable(two);
      toTable(one);
      toTable(two);
    });
    optimized('explicit repartitions stay', (b) => {
      const stream = read(b).selectKey(keyOf);
      stream.repartition({ name: 'mine' }).peek(nothing);
      toTable(stream);
    });
  });

  it('should have been compared for every golden topology', () => {
    assert.deepEqual([...goldens.keys()].sort(), [...checked].sort());
    assert.ok(goldens.size >= 25);
  });
});
