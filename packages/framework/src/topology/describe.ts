import type { GlobalStore, SinkNode, SourceNode, Subtopology, TopologyNode, TopologyPlan } from './topology-nodes.js';
import { JavaTreeSet, javaHashOrder } from './java-collections.js';

/** A node while it is being described. `size` counts the nodes below it (by every path) and itself. */
interface DescribedNode {
  readonly node: TopologyNode;
  size: number;
  readonly predecessors: JavaTreeSet<DescribedNode>;
  readonly successors: JavaTreeSet<DescribedNode>;
}

/** Larger subtrees first, then by name. */
function compareNodes(a: DescribedNode, b: DescribedNode): number {
  if (a.node.name === b.node.name) return 0;
  if (a.size !== b.size) return b.size - a.size;
  return a.node.name < b.node.name ? -1 : 1;
}

/**
 * The text of Kafka Streams' `TopologyDescription.toString()` (InternalTopologyBuilder, Kafka 4.1), byte for byte:
 * existing topology viewers read it.
 */
export function describeTopology(plan: TopologyPlan): string {
  let text = 'Topologies:\n ';
  const parts = [
    ...plan.subtopologies.map((subtopology) => ({ id: subtopology.id, text: () => subtopologyText(subtopology) })),
    ...plan.globalStores.map((store) => ({ id: store.id, text: () => globalStoreText(store) })),
  ];
  for (const part of parts.sort((a, b) => a.id - b.id)) text += part.text();
  return text;
}

function subtopologyText({ id, nodes }: Subtopology): string {
  const lines = [...describeNodes(nodes)].map((described) => `    ${nodeText(described)}\n`);
  return `  Sub-topology: ${id}\n${lines.join('')}\n`;
}

function globalStoreText({ id, source, processor }: GlobalStore): string {
  return (
    `  Sub-topology: ${id} for global store (will not generate tasks)\n` +
    `    Source: ${source.name} (topics: ${topicsText(source)})\n      --> ${processor.name}\n` +
    `    Processor: ${processor.name} (stores: [${processor.stores.join(', ')}])\n      --> none\n      <-- ${source.name}\n`
  );
}

function describeNodes(nodes: readonly TopologyNode[]): JavaTreeSet<DescribedNode> {
  const byName = new Map<string, DescribedNode>();
  for (const node of nodes) {
    byName.set(node.name, {
      node,
      size: 1,
      predecessors: new JavaTreeSet(compareNodes),
      successors: new JavaTreeSet(compareNodes),
    });
  }
  // Kafka Streams keeps the names in a hash set, copies that to a hash map, and walks the map.
  for (const name of javaHashOrder(javaHashOrder(byName.keys()))) {
    const described = byName.get(name);
    if (described === undefined || described.node.kind === 'source') continue;
    for (const parentName of described.node.parents) {
      const parent = byName.get(parentName);
      if (parent === undefined) continue;
      described.predecessors.add(parent);
      parent.successors.add(described);
      grow(parent, described.size);
    }
  }
  const sorted = new JavaTreeSet(compareNodes);
  for (const described of byName.values()) sorted.add(described);
  return sorted;
}

function grow(described: DescribedNode, delta: number): void {
  described.size += delta;
  for (const predecessor of described.predecessors) grow(predecessor, delta);
}

function nodeText(described: DescribedNode): string {
  const { node } = described;
  switch (node.kind) {
    case 'source':
      return `Source: ${node.name} (topics: ${topicsText(node)})\n      --> ${namesText(described.successors)}`;
    case 'processor': {
      const stores = javaHashOrder(node.stores).join(', ');
      return (
        `Processor: ${node.name} (stores: [${stores}])\n      --> ${namesText(described.successors)}` +
        `\n      <-- ${namesText(described.predecessors)}`
      );
    }
    case 'sink':
      return `Sink: ${node.name} (${sinkTopicText(node)})\n      <-- ${namesText(described.predecessors)}`;
  }
}

function topicsText(node: SourceNode): string {
  if (node.topics instanceof RegExp) return node.topics.source;
  return `[${javaHashOrder(node.topics, node.topics.length).join(', ')}]`;
}

/** Java prints the extractor object; a function's name is what comes closest. */
function sinkTopicText(node: SinkNode): string {
  if (typeof node.topic === 'string') return `topic: ${node.topic}`;
  return `extractor class: ${node.topic.name === '' ? 'anonymous' : node.topic.name}`;
}

function namesText(nodes: Iterable<DescribedNode>): string {
  const names = [...nodes].map((described) => described.node.name);
  return names.length === 0 ? 'none' : names.join(', ');
}
