import assert from 'node:assert/strict';
import { TopologyError, serdes } from '../../dist/index.js';
import { Topology, type SinkOptions, type SourceOptions } from '../../dist/topology/topology.js';

const { string } = serdes;
const source = (topics: SourceOptions['topics']): SourceOptions<string, string> => ({
  topics,
  keyDeserializer: string,
  valueDeserializer: string,
});
const sink = (parents: string | readonly string[], topic = 'out'): SinkOptions<string, string> => ({
  parents,
  topic,
  keySerializer: string,
  valueSerializer: string,
});
const supplier = () => ({ process: () => undefined });

function refuses(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof TopologyError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  };
}

describe('Topology', () => {
  it('should refuse illegal and repeated names', () => {
    const topology = new Topology().addSource('a', source('in'));
    for (const name of ['', '.', '..', 'a b', 'ä', 'x'.repeat(250)]) {
      assert.throws(
        () => topology.addProcessor(name, { parents: 'a', supplier }),
        refuses('INVALID_NAME', /node name/),
      );
    }
    assert.throws(() => topology.addSource('b', source('in/2')), refuses('INVALID_NAME', /topic name 'in\/2'/));
    assert.throws(() => topology.addSink('b', sink('a', '')), refuses('INVALID_NAME', /topic name ''/));
    for (const add of [
      () => topology.addSource('a', source('other')),
      () => topology.addProcessor('a', { parents: 'a', supplier }),
      () => topology.addSink('a', sink('a')),
    ]) {
      assert.throws(add, refuses('DUPLICATE_NODE', /'a' was added before/));
    }
  });

  it('should refuse parents that are missing, unknown, itself or a sink', () => {
    const topology = new Topology().addSource('a', source('in')).addSink('s', sink('a'));
    assert.throws(() => topology.addProcessor('p', { parents: [], supplier }), refuses('NO_PARENTS', /'p'/));
    assert.throws(() => topology.addSink('p', sink(['a', 'x'])), refuses('UNKNOWN_PARENT', /unknown parent 'x'/));
    assert.throws(
      () => topology.addProcessor('p', { parents: 'p', supplier }),
      refuses('UNKNOWN_PARENT', /cannot be its own parent/),
    );
    assert.throws(() => topology.addProcessor('p', { parents: 's', supplier }), refuses('SINK_AS_PARENT', /sink 's'/));
  });

  it('should refuse a topic that is read twice, by name or by pattern', () => {
    const topology = new Topology().addSource('a', source(['in1', 'in2'])).addSource('p', source(/flights-.*/));
    const code = 'TOPIC_ALREADY_REGISTERED';
    assert.throws(() => topology.addSource('b', source('in2')), refuses(code, /topic 'in2' that source 'a' reads/));
    assert.throws(() => topology.addSource('b', source(/in\d/)), refuses(code, /matches topic 'in1'.*source 'a'/));
    assert.throws(() => topology.addSource('b', source('flights-1')), refuses(code, /source 'p'/));
    assert.throws(() => topology.addSource('b', source(['x', 'x'])), refuses(code, /topic 'x'/));
    assert.throws(() => topology.addSource('c', source([])), refuses('NO_TOPICS', /'c'/));
  });

  it('should match patterns against whole names', () => {
    new Topology().addSource('a', source('my-flights')).addSource('p', source(/flights|in/g));
    new Topology().addSource('p', source(/in|flights/)).addSource('a', source('in1'));
  });

  it('should keep no trace of a source that was refused', () => {
    const topology = new Topology().addSource('a', source('in'));
    assert.throws(() => topology.addSource('b', source(['fresh', 'in'])), refuses('TOPIC_ALREADY_REGISTERED', /'in'/));
    topology.addSource('b', source('fresh'));
  });

  it('should refuse a supplier that hands out one processor twice', () => {
    const one = supplier();
    assert.throws(
      () => new Topology().addSource('a', source('in')).addProcessor('p', { parents: 'a', supplier: () => one }),
      refuses('SHARED_PROCESSOR', /'p'/),
    );
  });

  it('should plan subtopologies, with what the runtime needs of each node', () => {
    const timestampExtractor = () => 1;
    const partitioner = () => 0;
    const plan = new Topology()
      .addSource('a', { ...source('in'), timestampExtractor, offsetReset: 'latest' })
      .addRepartitionTopic({ name: 'by-key-repartition', partitions: 4 })
      .addSink('out', { ...sink('a', 'by-key-repartition'), partitioner })
      .addSource('b', source('by-key-repartition'))
      .addProcessor('p', { parents: 'b', supplier })
      .plan();
    assert.deepEqual(plan.repartitionTopics, [{ name: 'by-key-repartition', partitions: 4 }]);
    const io = { keyDeserializer: string, valueDeserializer: string };
    const [first, second] = plan.subtopologies;
    assert.deepEqual(first, {
      id: 0,
      nodes: [
        { kind: 'source', name: 'a', topics: ['in'], ...io, timestampExtractor, offsetReset: 'latest' },
        {
          kind: 'sink',
          name: 'out',
          parents: ['a'],
          topic: 'by-key-repartition',
          keySerializer: string,
          valueSerializer: string,
          partitioner,
        },
      ],
      copartitionGroups: [],
      stores: [],
    });
    assert.deepEqual(second?.nodes, [
      { kind: 'source', name: 'b', topics: ['by-key-repartition'], ...io },
      { kind: 'processor', name: 'p', parents: ['b'], supplier, stores: [] },
    ]);
  });

  it('should join co-partition groups that share a topic', () => {
    const plan = new Topology()
      .addSource('a', source('a'))
      .addSource('b', source(['b', 'b2']))
      .addSource('c', source('c'))
      .addSource('d', source('d'))
      .addProcessor('abc', { parents: ['a', 'b', 'c'], supplier })
      .copartition(['a', 'b'])
      .copartition(['d'])
      .copartition(['c', 'a'])
      .plan();
    assert.deepEqual(
      plan.subtopologies.map(({ copartitionGroups }) => copartitionGroups),
      [[['a', 'b', 'b2', 'c']], []],
    );
  });

  it('should refuse to co-partition what is no source, and repartition topics of different fixed counts', () => {
    const topology = new Topology()
      .addRepartitionTopic({ name: 'x', partitions: 2 })
      .addRepartitionTopic({ name: 'y', partitions: 3 })
      .addSource('x', source('x'))
      .addSource('y', source('y'))
      .addProcessor('p', { parents: ['x', 'y'], supplier });
    assert.throws(() => topology.copartition(['x', 'p']), refuses('NOT_A_SOURCE', /'p'/));
    assert.throws(() => topology.copartition(['x', 'y']).plan(), refuses('COPARTITION_MISMATCH', /x: 2, y: 3/));
    for (const partitions of [0, -1, 1.5]) {
      assert.throws(
        () => topology.addRepartitionTopic({ name: 'z', partitions }),
        refuses('INVALID_PARTITIONS', /'z' cannot have/),
      );
    }
  });

  it('should describe an empty topology, patterns and chosen topics', () => {
    assert.equal(new Topology().describe(), 'Topologies:\n ');
    const unnamed = [() => 'out'];
    const topology = new Topology()
      .addSource('a', source(/in-\d+/))
      .addSink('s', { ...sink('a'), topic: () => 'out' })
      .addSink('t', { ...sink('a'), topic: unnamed[0] ?? 'out' });
    assert.match(topology.describe(), /Source: a \(topics: in-\\d\+\)/);
    assert.match(topology.describe(), /Sink: s \(extractor class: topic\)/);
    assert.match(topology.describe(), /Sink: t \(extractor class: anonymous\)/);
  });
});
