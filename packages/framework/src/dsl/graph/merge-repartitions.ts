import { type GraphNode, nodesInBuildOrder } from './graph-node.js';
import type { NameProvider } from './name-provider.js';
import { RepartitionGraphNode } from './repartition-graph-node.js';

/**
 * Where several keyed operators follow one key change, repartitions once, right after the key change, instead of once
 * before each operator. Kafka Streams' optimisation `merge.repartition.topics`
 * (InternalStreamsBuilder.mergeRepartitionTopics, KIP-295); the topic of the first stays.
 *
 * @returns the source names of the repartition nodes that went away, with that of the node in their place
 */
export function mergeRepartitionTopics(root: GraphNode, names: NameProvider): Map<string, string> {
  const renamed = new Map<string, string>();
  for (const [keyChanger, repartitions] of repartitionsByKeyChanger(root)) {
    const [first] = repartitions;
    if (first === undefined) continue;
    const merged = RepartitionGraphNode.create(names, {
      ...first.settings,
      topicPrefix: first.topic,
      isNamedByUser: true,
      dropsNullKeys: [...repartitions].every(({ settings }) => settings.dropsNullKeys),
    });
    merged.buildPriority = keyChanger.buildPriority;
    for (const repartition of repartitions) {
      const branch = ancestorOrSelf(repartition, (node) => node.parents.includes(keyChanger));
      if (branch === undefined) continue;
      merged.addChild(branch);
      keyChanger.removeChild(branch);
      bypass(repartition);
      renamed.set(repartition.name, merged.name);
    }
    keyChanger.addChild(merged);
  }
  return renamed;
}

/** Gives a node's children to its parents, and takes it out. */
function bypass(node: GraphNode): void {
  for (const parent of node.parents) {
    for (const child of node.children) parent.addChild(child);
    parent.removeChild(node);
  }
  node.removeAllChildren();
}

/** For each operation that changes keys, the repartitions below it that one topic can replace. */
function repartitionsByKeyChanger(root: GraphNode): Map<GraphNode, Set<RepartitionGraphNode>> {
  const nodes = nodesInBuildOrder(root);
  const found = new Map<GraphNode, Set<RepartitionGraphNode>>();
  for (const node of nodes) {
    if (node.traits.changesKey === true) found.set(node, new Set());
    else if (node instanceof RepartitionGraphNode && node.settings.isOptimizable) {
      const keyChanger = keyChangerOf(node);
      if (keyChanger !== undefined) found.get(keyChanger)?.add(node);
    }
  }
  moveToMerges(
    nodes.filter((node) => node.traits.merges === true),
    found,
  );
  return found;
}

/** The key change above, unless the value changes after it: then the topic's values would have another type. */
function keyChangerOf(repartition: GraphNode): GraphNode | undefined {
  const changer = ancestorOrSelf(
    repartition,
    ({ traits }) => traits.changesKey === true || traits.changesValue === true,
  );
  const keyChanger = ancestorOrSelf(repartition, ({ traits }) => traits.changesKey === true);
  return changer === keyChanger ? keyChanger : undefined;
}

/** Streams that change keys and then meet in a merge are repartitioned after the merge. */
function moveToMerges(merges: readonly GraphNode[], found: Map<GraphNode, Set<RepartitionGraphNode>>): void {
  const moves = merges.map((merge) => ({
    merge,
    keyChangers: [...found].filter(
      ([keyChanger, repartitions]) =>
        [...repartitions].every((node) => isBelow(node, merge)) && isBelow(merge, keyChanger),
    ),
  }));
  for (const { merge, keyChangers } of moves) {
    for (const [keyChanger] of keyChangers) found.delete(keyChanger);
    found.set(merge, new Set(keyChangers.flatMap(([, repartitions]) => [...repartitions])));
  }
}

function isBelow(node: GraphNode, above: GraphNode): boolean {
  return ancestorOrSelf(node, (candidate) => candidate.parents.includes(above)) !== undefined;
}

/**
 * The nearest matching node upwards, starting with the node itself. Where several streams meet, the last parent's answer
 * counts unless a direct parent matches, as in Kafka Streams' `findParentNodeMatching`.
 */
function ancestorOrSelf(start: GraphNode, matches: (node: GraphNode) => boolean): GraphNode | undefined {
  if (matches(start)) return start;
  let found: GraphNode | undefined;
  for (const parent of start.parents) {
    if (matches(parent)) return parent;
    found = ancestorOrSelf(parent, matches);
  }
  return found;
}
