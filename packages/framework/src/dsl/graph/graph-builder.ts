import { IllegalStateError, TopologyError } from '../../errors/errors.js';
import { Topology } from '../../topology/topology.js';
import { type GraphNode, nodesInBuildOrder, RootGraphNode } from './graph-node.js';
import { NameProvider } from './name-provider.js';
import { reuseSourceTopics } from './table-source-graph-node.js';
import { mergeDuplicateSources } from './merge-sources.js';
import { mergeRepartitionTopics } from './merge-repartitions.js';

export interface GraphBuilderOptions {
  readonly mergesRepartitionTopics: boolean;
  readonly reusesSourceTopics: boolean;
  readonly requiresExplicitNames: boolean;
}

/** The logical graph of one `StreamsBuilder`, and the way from it to a topology. */
export class GraphBuilder {
  readonly root: GraphNode = new RootGraphNode();
  readonly names = new NameProvider();
  readonly #options: GraphBuilderOptions;
  readonly #copartitionedSources: Set<string>[] = [];
  #nextPriority = 0;
  #isOptimized = false;

  constructor(options: GraphBuilderOptions) {
    this.#options = options;
  }

  /**
   * Adds a node below its parents, all of which were added before.
   * @throws IllegalStateError after `build()`
   */
  add(parents: readonly GraphNode[], child: GraphNode): void {
    if (this.#isOptimized) {
      throw new IllegalStateError(
        `Operator '${child.name}' was added after build(). Add all operators before, or start with a new StreamsBuilder.`,
        { node: child.name },
      );
    }
    for (const parent of parents) parent.addChild(child);
    child.buildPriority = this.#nextPriority++;
  }

  /** Demands equal partition counts of all topics that these sources read. */
  copartition(sources: Iterable<string>): void {
    this.#copartitionedSources.push(new Set(sources));
  }

  /** Optimises the graph, checks it, and writes it to a new topology. Nothing can be added afterwards. */
  build(): Topology {
    if (!this.#isOptimized) this.#optimize();
    const topology = new Topology();
    for (const node of nodesInBuildOrder(this.root)) node.writeTo(topology);
    this.#checkNames();
    for (const sources of this.#copartitionedSources) topology.copartition(sources);
    topology.plan();
    return topology;
  }

  #optimize(): void {
    this.#isOptimized = true;
    this.#renameSources(mergeDuplicateSources(this.root));
    if (this.#options.reusesSourceTopics) reuseSourceTopics(this.root);
    if (this.#options.mergesRepartitionTopics) this.#renameSources(mergeRepartitionTopics(this.root, this.names));
  }

  /** Sources that were merged away keep their place in co-partition groups under their successor's name. */
  #renameSources(renamed: ReadonlyMap<string, string>): void {
    for (const sources of this.#copartitionedSources) {
      for (const name of [...sources]) {
        const successor = renamed.get(name);
        if (successor === undefined) continue;
        sources.delete(name);
        sources.add(successor);
      }
    }
  }

  #checkNames(): void {
    if (!this.#options.requiresExplicitNames) return;
    const { generatedTopics, generatedStores } = this.names;
    if (generatedTopics.length === 0 && generatedStores.length === 0) return;
    const lists = [
      ...(generatedStores.length > 0 ? [`stores (and their changelogs): ${generatedStores.join(', ')}`] : []),
      ...(generatedTopics.length > 0 ? [`repartition topics: ${generatedTopics.join(', ')}`] : []),
    ];
    throw new TopologyError(
      'MISSING_NAME',
      `'requireExplicitNames' is set, but names of these were generated: ${lists.join('; ')}. Name the operators that ` +
        `need the topics (groupBy, groupByKey, toTable, process), or the repartition() before them, and the stores ` +
        `with their 'name' in Materialized.`,
    );
  }
}
