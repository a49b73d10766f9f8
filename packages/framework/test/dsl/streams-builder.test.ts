import assert from 'node:assert/strict';
import { type KStream, serdes, StreamsBuilder, TopologyError, type TopologyPlan } from '../../dist/index.js';

const { string, json } = serdes;

function refuses(code: string, ...parts: readonly string[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof TopologyError, String(error));
    assert.equal(error.code, code);
    for (const part of parts) assert.ok(error.message.includes(part), error.message);
    return true;
  };
}

function textBuilder(): StreamsBuilder {
  return new StreamsBuilder({ keySerde: string, valueSerde: string });
}

function copartitionGroups(plan: TopologyPlan): readonly (readonly string[])[] {
  return plan.subtopologies.flatMap((subtopology) => subtopology.copartitionGroups);
}

const same = (value: string) => value;
const ignore = () => ({ process: () => undefined });

describe('StreamsBuilder', () => {
  it('should let types flow from serdes through operators, promises unwrapped', () => {
    const builder = new StreamsBuilder();
    const stream: KStream<string, { n: number }> = builder.stream('in', {
      keySerde: string,
      valueSerde: json<{ n: number }>(),
      timestampExtractor: (record) => record.value.n,
    });
    const numbers: KStream<string, number> = stream.mapValues((value) => value.n);
    const awaited: KStream<string, number> = stream.mapValues(async (value) => value.n);
    const concurrent: KStream<string, number> = stream.mapValuesAsync(async (value) => value.n);
    const swapped: KStream<number, string> = stream.map((value, key) => [value.n, key]);
    const swappedLater: KStream<number, string> = stream.map(async (value, key) => [value.n, key] as const);
    const keyed: KStream<number, { n: number }> = stream.selectKey((value) => value.n);
    const flat: KStream<string, string> = stream.flatMapValues((value) => Array.from({ length: value.n }, String));
    const pairs: KStream<number, string> = stream.flatMap((value, key) => [[value.n, key]]);
    const either: KStream<string, number | { n: number }> = numbers.merge(stream);
    assert.ok(awaited && concurrent && swapped && swappedLater && keyed && flat && pairs && either);
  });

  it('should use the serdes given, else those of the stream, else the defaults', () => {
    const upper = { ...string, name: 'upper' };
    const builder = new StreamsBuilder({ keySerde: string, valueSerde: json() });
    const stream = builder.stream<string, string>('in', { keySerde: upper, valueSerde: upper });
    stream.to('inherited');
    stream.mapValues((value) => value.length).to('default');
    stream.selectKey(same).to('new-key');
    stream.to('given', { keySerde: string });
    const found = builder
      .build()
      .plan()
      .subtopologies.flatMap(({ nodes }) => nodes)
      .flatMap((node) => (node.kind === 'sink' ? [[node.topic, node.keySerializer, node.valueSerializer]] : []));
    const defaultJson = found[1]?.[2];
    assert.deepEqual(
      found.map(([topic, key, value]) => [topic, key === upper, value === upper, value === defaultJson]),
      [
        ['inherited', true, true, false],
        ['default', true, false, true],
        ['new-key', false, true, false],
        ['given', false, true, false],
      ],
    );
  });

  it('should say where a serde is missing', () => {
    const builder = new StreamsBuilder({ keySerde: string });
    assert.throws(() => builder.stream(['a', 'b']), refuses('MISSING_SERDE', 'valueSerde', "stream('a', 'b')"));
    assert.throws(() => builder.stream(/a.*/), refuses('MISSING_SERDE', 'stream(/a.*/)'));
    const stream = builder.stream('in', { name: 'read', valueSerde: string });
    const lengths = stream.mapValues((value) => value.length, { name: 'length' });
    assert.throws(() => lengths.to('out'), refuses('MISSING_SERDE', 'valueSerde', "to('out') after 'length'"));
    assert.throws(() => lengths.repartition({ name: 'r' }), refuses('MISSING_SERDE', "repartition('r')"));
    assert.throws(
      () => lengths.selectKey(() => 1).process(ignore, { name: 'p', keyed: true }),
      refuses('MISSING_SERDE', "process('p', { keyed: true })", 'key may have changed'),
    );
    // Without a key change there is no topic, so no serde is needed.
    lengths.process(ignore, { keyed: true });
  });

  it('should refuse names that cannot be used', () => {
    const stream = textBuilder().stream<string, string>('in');
    assert.throws(() => stream.filter(() => true, { name: 'a b' }), refuses('INVALID_NAME', "'a b'"));
    assert.throws(() => stream.process(ignore, { name: '' }), refuses('INVALID_NAME'));
    const builder = textBuilder();
    builder
      .stream<string, string>('in')
      .filter(() => true, { name: 'twice' })
      .peek(() => undefined, { name: 'twice' });
    assert.throws(() => builder.build(), refuses('DUPLICATE_NODE', "'twice'"));
  });

  it('should refuse sources that share some topics, or differ in where they start', () => {
    const overlapping = textBuilder();
    overlapping.stream(['a', 'b']);
    overlapping.stream(['b', 'c']);
    assert.throws(() => overlapping.build(), refuses('OVERLAPPING_SOURCES', 'KSTREAM-SOURCE-0000000001'));
    const differing = textBuilder();
    differing.stream('a', { offsetReset: 'latest' });
    differing.stream('a');
    assert.throws(() => differing.build(), refuses('OFFSET_RESET_CONFLICT', 'latest, not set'));
  });

  it('should give the same topology again, and refuse operators after build()', () => {
    const builder = textBuilder();
    const stream = builder.stream<string, string>('in').selectKey(same);
    stream.process(ignore, { keyed: true });
    stream.process(ignore, { keyed: true });
    const first = builder.build();
    assert.notEqual(builder.build(), first);
    assert.equal(builder.build().describe(), first.describe());
    assert.throws(() => stream.to('out'), { code: 'ILLEGAL_STATE', message: /after build\(\)/ });
    assert.throws(() => builder.stream('late'), { code: 'ILLEGAL_STATE' });
  });
});

describe('Keyed operators', () => {
  it('should repartition only if the key may have changed', () => {
    const topicsAfter = (change: (stream: KStream<string, string>) => KStream<string, string>) => {
      const builder = textBuilder();
      change(builder.stream<string, string>('in')).process(ignore, { keyed: true, name: 'count' });
      const { repartitionTopics } = builder.build().plan();
      return repartitionTopics.map(({ name }) => name);
    };
    const repartitioned = ['count-repartition'];
    assert.deepEqual(
      topicsAfter((stream) => stream),
      [],
    );
    assert.deepEqual(
      topicsAfter((stream) =>
        stream
          .filter(() => true)
          .mapValues(same)
          .peek(same),
      ),
      [],
    );
    assert.deepEqual(
      topicsAfter((stream) => stream.processValues<string>(ignore)),
      [],
    );
    assert.deepEqual(
      topicsAfter((stream) => stream.mapValuesAsync(same).flatMapValues((value) => [value])),
      [],
    );
    assert.deepEqual(
      topicsAfter((stream) => stream.selectKey(same)),
      repartitioned,
    );
    assert.deepEqual(
      topicsAfter((stream) => stream.selectKey(same).mapValues(same)),
      repartitioned,
    );
    assert.deepEqual(
      topicsAfter((stream) => stream.map((value, key) => [key, value])),
      repartitioned,
    );
    assert.deepEqual(
      topicsAfter((stream) => stream.flatMap((value, key) => [[key, value]])),
      repartitioned,
    );
    assert.deepEqual(
      topicsAfter((stream) => stream.process<string, string>(ignore)),
      repartitioned,
    );
    assert.deepEqual(
      topicsAfter((stream) => stream.merge(stream.selectKey(same))),
      repartitioned,
    );
    const branched = (stream: KStream<string, string>) =>
      stream.selectKey(same).split().defaultBranch({ name: 'all' }).all;
    assert.deepEqual(topicsAfter(branched), repartitioned);
    assert.deepEqual(
      topicsAfter((stream) => stream.selectKey(same).repartition({ name: 'mine' })),
      ['mine-repartition'],
    );
  });

  it('should start the subtopology behind the repartition topic with the keyed operator', () => {
    const builder = textBuilder();
    builder.stream<string, string>('in').selectKey(same).processValues<string>(ignore, { keyed: true }).to('out');
    assert.equal(
      builder.build().describe(),
      [
        'Topologies:',
        '   Sub-topology: 0',
        '    Source: KSTREAM-SOURCE-0000000000 (topics: [in])',
        '      --> KSTREAM-KEY-SELECT-0000000001',
        '    Processor: KSTREAM-KEY-SELECT-0000000001 (stores: [])',
        '      --> KSTREAM-FILTER-0000000004',
        '      <-- KSTREAM-SOURCE-0000000000',
        '    Processor: KSTREAM-FILTER-0000000004 (stores: [])',
        '      --> KSTREAM-SINK-0000000003',
        '      <-- KSTREAM-KEY-SELECT-0000000001',
        '    Sink: KSTREAM-SINK-0000000003 (topic: KSTREAM-PROCESSVALUES-0000000002-repartition)',
        '      <-- KSTREAM-FILTER-0000000004',
        '',
        '  Sub-topology: 1',
        '    Source: KSTREAM-SOURCE-0000000005 (topics: [KSTREAM-PROCESSVALUES-0000000002-repartition])',
        '      --> KSTREAM-PROCESSVALUES-0000000002',
        '    Processor: KSTREAM-PROCESSVALUES-0000000002 (stores: [])',
        '      --> KSTREAM-SINK-0000000006',
        '      <-- KSTREAM-SOURCE-0000000005',
        '    Sink: KSTREAM-SINK-0000000006 (topic: out)',
        '      <-- KSTREAM-PROCESSVALUES-0000000002',
        '',
        '',
      ].join('\n'),
    );
  });

  it('should demand equal partition counts of all topics of a stream whose key is unchanged', () => {
    const builder = textBuilder();
    const left = builder.stream<string, string>(['a', 'b']);
    // The second stream of topic c has its source merged into the first one's.
    builder.stream<string, string>('c').to('out');
    left.merge(builder.stream<string, string>('c')).process(ignore, { keyed: true });
    assert.deepEqual(copartitionGroups(builder.build().plan()), [['a', 'b', 'c']]);
  });

  it('should demand nothing of topics that are only merged', () => {
    const builder = textBuilder();
    builder.stream<string, string>('a').merge(builder.stream<string, string>('b')).process(ignore);
    assert.deepEqual(copartitionGroups(builder.build().plan()), []);
  });

  it('should co-partition a repartition topic with the topic it is merged with, also when it was optimised', () => {
    for (const optimize of ['none', 'all'] as const) {
      const builder = new StreamsBuilder({ keySerde: string, valueSerde: string, optimize });
      const changed = builder.stream<string, string>('a').selectKey(same);
      const behind = changed.repartition({ name: 'by-key' });
      behind.merge(builder.stream<string, string>('b')).process(ignore, { keyed: true });
      assert.deepEqual(copartitionGroups(builder.build().plan()), [['b', 'by-key-repartition']], optimize);
    }
  });

  it('should refuse repartition topics of different fixed counts that are read together by key', () => {
    const builder = textBuilder();
    const stream = builder.stream<string, string>('in');
    stream
      .repartition({ name: 'x', partitions: 2 })
      .merge(stream.repartition({ name: 'y', partitions: 3 }))
      .process(ignore, { keyed: true });
    assert.throws(() => builder.build(), refuses('COPARTITION_MISMATCH', 'x-repartition: 2', 'y-repartition: 3'));
  });

  it('should refuse generated topic names if explicit ones are required', () => {
    const build = (declare: (stream: KStream<string, string>) => unknown) => () => {
      const builder = new StreamsBuilder({ keySerde: string, valueSerde: string, requireExplicitNames: true });
      declare(builder.stream<string, string>('in').selectKey(same));
      builder.build();
    };
    assert.throws(
      build((stream) => [stream.repartition(), stream.process(ignore, { keyed: true })]),
      refuses('MISSING_NAME', 'KSTREAM-REPARTITION-0000000002-repartition, KSTREAM-PROCESSOR-0000000006-repartition'),
    );
    build((stream) => [stream.repartition({ name: 'a' }), stream.process(ignore, { keyed: true, name: 'b' })])();
  });
});
