import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { serdes } from '../../dist/serde/serdes.js';
import { Topology } from '../../dist/topology/topology.js';

/** The calls that build one topology, and what Kafka Streams' `describe()` says of it. See `java/README.md`. */
interface GoldenTopology {
  readonly calls: readonly (
    | readonly ['source', name: string, topics: readonly string[]]
    | readonly ['processor', name: string, parents: readonly string[]]
    | readonly ['sink', name: string, parents: readonly string[], topic: string]
  )[];
  readonly describe: string;
}

const goldens = readFileSync(new URL('../../test/topology/java/random-topologies.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as GoldenTopology);

function build(golden: GoldenTopology): Topology {
  const topology = new Topology();
  for (const call of golden.calls) {
    const [kind, name] = call;
    if (kind === 'source') {
      topology.addSource(name, { topics: call[2], keyDeserializer: serdes.bytes, valueDeserializer: serdes.bytes });
    } else if (kind === 'processor') {
      topology.addProcessor(name, { parents: call[2], supplier: () => ({ process: () => undefined }) });
    } else {
      const [, , parents, topic] = call;
      topology.addSink(name, { parents, topic, keySerializer: serdes.bytes, valueSerializer: serdes.bytes });
    }
  }
  return topology;
}

describe('Topology.describe', () => {
  it('should print 150 random topologies as Kafka Streams does, byte for byte', () => {
    assert.equal(goldens.length, 150);
    for (const golden of goldens) assert.equal(build(golden).describe(), golden.describe);
  });

  it('should number subtopologies as it prints them, with parents before children', () => {
    for (const golden of goldens) {
      const { subtopologies } = build(golden).plan();
      const ids = [...golden.describe.matchAll(/Sub-topology: (\d+)/g)].map((match) => Number(match[1]));
      assert.deepEqual(
        subtopologies.map((subtopology) => subtopology.id),
        ids,
      );
      const seen = new Set<string>();
      for (const node of subtopologies.flatMap((subtopology) => subtopology.nodes)) {
        if (node.kind !== 'source') assert.ok(node.parents.every((parent) => seen.has(parent)));
        seen.add(node.name);
      }
      assert.equal(seen.size, golden.calls.length);
    }
  });
});
