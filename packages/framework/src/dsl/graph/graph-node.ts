import type { Topology } from '../../topology/topology.js';

/**
 * One operation of the logical graph. It knows its parents and children and has one job: to write itself to the topology.
 * Between building and writing, the optimiser may move nodes about.
 */
export abstract class GraphNode {
  readonly #parents = new Set<GraphNode>();
  readonly #children = new Set<GraphNode>();
  /** Position in the order of writing; set when the node is added to the graph. */
  buildPriority = 0;

  constructor(
    readonly name: string,
    readonly traits: GraphNodeTraits = {},
  ) {}

  get parents(): readonly GraphNode[] {
    return [...this.#parents];
  }

  get children(): readonly GraphNode[] {
    return [...this.#children];
  }

  addChild(child: GraphNode): void {
    this.#children.add(child);
    child.#parents.add(this);
  }

  removeChild(child: GraphNode): void {
    this.#children.delete(child);
    child.#parents.delete(this);
  }

  removeAllChildren(): void {
    for (const child of this.#children) this.removeChild(child);
  }

  /** Adds this operation's nodes. All parents have been written before. */
  abstract writeTo(topology: Topology): void;

  protected get parentNames(): readonly string[] {
    return this.parents.map((parent) => parent.name);
  }
}

/** What the optimiser wants to know of an operation. */
export interface GraphNodeTraits {
  /** Records may leave it with another key. */
  readonly changesKey?: boolean;
  /** Records may leave it with another value. */
  readonly changesValue?: boolean;
  /** Several streams meet in it. */
  readonly merges?: boolean;
}

/** The node above all sources; it writes nothing. */
export class RootGraphNode extends GraphNode {
  constructor() {
    super('root');
  }

  override writeTo(): void {}
}

/**
 * All nodes, parents first, else by their priority: that of a node which was added more than once is its last one. The
 * walk of Kafka Streams' `InternalStreamsBuilder.buildAndOptimizeTopology`, which subtopology numbers depend on.
 */
export function nodesInBuildOrder(root: GraphNode): GraphNode[] {
  const written = new Set<GraphNode>();
  const queue = [root];
  while (queue.length > 0) {
    const at = queue.reduce(
      (best, node, index) => (node.buildPriority < (queue[best]?.buildPriority ?? Infinity) ? index : best),
      0,
    );
    const [node] = queue.splice(at, 1);
    // A node with parents yet to come is met again below the last of them.
    if (node === undefined || written.has(node) || !node.parents.every((parent) => written.has(parent))) continue;
    written.add(node);
    queue.push(...node.children);
  }
  return [...written];
}
