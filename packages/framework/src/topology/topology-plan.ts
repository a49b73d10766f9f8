import { TopologyError } from '../errors/errors.js';
import type { StoreBuilder } from '../state/stores/store-builder.js';
import type {
  GlobalStore,
  RepartitionTopic,
  SourceNode,
  Subtopology,
  TopologyNode,
  TopologyPlan,
} from './topology-nodes.js';
import type { UnionFind } from './union-find.js';

/** A global store, with how many nodes were added before it. */
export interface RecordedGlobalStore extends Omit<GlobalStore, 'id'> {
  readonly nodesBefore: number;
}

/** What a {@link Topology} has recorded. */
export interface RecordedTopology {
  /** In the order of adding, which puts parents before children. */
  readonly nodes: ReadonlyMap<string, TopologyNode>;
  readonly connections: UnionFind;
  readonly repartitionTopics: ReadonlyMap<string, RepartitionTopic>;
  /** Names of sources whose topics need equal partition counts. */
  readonly copartitionedSources: readonly (readonly string[])[];
  /** By name. */
  readonly stores: ReadonlyMap<string, StoreBuilder>;
  readonly globalStores: readonly RecordedGlobalStore[];
  readonly sourceChangelogs: ReadonlyMap<string, string>;
}

/**
 * Groups connected nodes into subtopologies. They are numbered by the node that was added first, as in Kafka Streams
 * (InternalTopologyBuilder.makeNodeGroups): a subtopology comes after those that it reads from, and numbers are stable as
 * long as nodes are added in the same order. Task ids depend on that.
 *
 * @throws TopologyError `COPARTITION_MISMATCH` if repartition topics that must have equal partition counts were given
 * different ones
 */
export function planTopology(recorded: RecordedTopology): TopologyPlan {
  const { groups, globalStores } = numbered(recorded);
  const copartitionGroups = copartitionedTopics(recorded);
  for (const group of copartitionGroups) checkFixedCounts(group, recorded.repartitionTopics);
  const subtopologies = groups.map(({ id, nodes }): Subtopology => {
    const topics = new Set(nodes.flatMap((node) => (node.kind === 'source' ? topicNames(node) : [])));
    return {
      id,
      nodes,
      copartitionGroups: copartitionGroups.filter((group) => group.some((topic) => topics.has(topic))),
      stores: storesOf(nodes, recorded.stores),
    };
  });
  const { sourceChangelogs } = recorded;
  return { subtopologies, repartitionTopics: [...recorded.repartitionTopics.values()], globalStores, sourceChangelogs };
}

/** Groups of connected nodes and global stores, numbered in the order in which their first nodes were added. */
function numbered(recorded: RecordedTopology) {
  const groups = new Map<string, { readonly id: number; readonly nodes: TopologyNode[] }>();
  const waiting = [...recorded.globalStores];
  const globalStores: GlobalStore[] = [];
  const takeGlobalStores = (nodesBefore: number): void => {
    while (waiting[0] !== undefined && waiting[0].nodesBefore <= nodesBefore) {
      const { builder, source, processor } = waiting[0];
      globalStores.push({ id: groups.size + globalStores.length, builder, source, processor });
      waiting.shift();
    }
  };
  for (const [index, node] of [...recorded.nodes.values()].entries()) {
    takeGlobalStores(index);
    const root = recorded.connections.root(node.name);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, { id: groups.size + globalStores.length, nodes: [node] });
    else group.nodes.push(node);
  }
  takeGlobalStores(Infinity);
  return { groups: [...groups.values()], globalStores };
}

/** Stores of these nodes in the order of the first processor that uses them. */
function storesOf(nodes: readonly TopologyNode[], stores: ReadonlyMap<string, StoreBuilder>): StoreBuilder[] {
  const names = new Set(nodes.flatMap((node) => (node.kind === 'processor' ? node.stores : [])));
  return [...names].flatMap((name) => stores.get(name) ?? []);
}

function topicNames(source: SourceNode): readonly string[] {
  return source.topics instanceof RegExp ? [] : source.topics;
}

/** Groups that share a topic become one: equal counts are transitive. */
function copartitionedTopics(recorded: RecordedTopology): string[][] {
  let groups: Set<string>[] = [];
  for (const sources of recorded.copartitionedSources) {
    const topics = sources.flatMap((name) => {
      const node = recorded.nodes.get(name);
      return node?.kind === 'source' ? topicNames(node) : [];
    });
    const merged = new Set(topics);
    const untouched: Set<string>[] = [];
    for (const group of groups) {
      if (topics.some((topic) => group.has(topic))) group.forEach((topic) => merged.add(topic));
      else untouched.push(group);
    }
    groups = [...untouched, merged];
  }
  return groups.filter((group) => group.size > 1).map((group) => [...group].sort());
}

function checkFixedCounts(group: readonly string[], repartitionTopics: ReadonlyMap<string, RepartitionTopic>): void {
  const fixed = group.flatMap((topic) => {
    const partitions = repartitionTopics.get(topic)?.partitions;
    return partitions === undefined ? [] : [{ topic, partitions }];
  });
  if (new Set(fixed.map((entry) => entry.partitions)).size > 1) {
    const list = fixed.map((entry) => `${entry.topic}: ${entry.partitions}`).join(', ');
    throw new TopologyError(
      'COPARTITION_MISMATCH',
      `These repartition topics are read together by key and must have equal partition counts, but were given different ` +
        `ones: ${list}. Give all of them the same 'partitions', or leave it out.`,
    );
  }
}
