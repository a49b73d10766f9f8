import type { Serde } from '../serde/serde.js';
import type { StoreBuilder } from '../state/stores/store-builder.js';
import type { Topology } from '../topology/topology.js';
import type { TimestampExtractor } from '../topology/topology-nodes.js';
import { GraphBuilder } from './graph/graph-builder.js';
import { SourceGraphNode } from './graph/source-graph-node.js';
import { StateStoreGraphNode } from './graph/state-store-graph-node.js';
import { GlobalTableGraphNode, TableSourceGraphNode } from './graph/table-source-graph-node.js';
import { GlobalKTable } from './global-k-table.js';
import { KStream, tableOf } from './k-stream.js';
import type { KTable } from './k-table.js';
import { Materialization, type Materialized } from './materialized.js';
import type { Consumed } from './options.js';
import { SourceOrigin } from './table-origin.js';
import { type DefaultSerdes, resolveSerdes } from './stream-state.js';

/** Rewritings of the graph that change which internal topics exist; named as in Kafka Streams. */
export type Optimization = 'merge.repartition.topics' | 'reuse.ktable.source.topics';

export interface StreamsBuilderOptions {
  /** Serde of keys where none is given. */
  readonly keySerde?: Serde<unknown> | undefined;
  /** Serde of values where none is given. */
  readonly valueSerde?: Serde<unknown> | undefined;
  /** Makes it an error if a store or an internal topic would get a generated name. @default false */
  readonly requireExplicitNames?: boolean | undefined;
  /**
   * Changing it changes the internal topics of an application: reset it first.
   * @default 'none'
   */
  readonly optimize?: 'none' | 'all' | readonly Optimization[] | undefined;
}

/**
 * Start of every topology of the DSL.
 *
 * @example
 * const builder = new StreamsBuilder();
 * builder
 *   .stream('orders', { keySerde: stringSerde, valueSerde: jsonSerde<Order>() })
 *   .filter((order) => order.amount > 0)
 *   .to('valid-orders');
 * const topology = builder.build();
 */
export class StreamsBuilder {
  readonly #graph: GraphBuilder;
  readonly #defaults: DefaultSerdes;

  constructor(options: StreamsBuilderOptions = {}) {
    const { keySerde, valueSerde, requireExplicitNames = false, optimize = 'none' } = options;
    this.#defaults = { keySerde, valueSerde };
    const optimizes = (rewriting: Optimization): boolean =>
      optimize === 'all' || (optimize !== 'none' && optimize.includes(rewriting));
    this.#graph = new GraphBuilder({
      mergesRepartitionTopics: optimizes('merge.repartition.topics'),
      reusesSourceTopics: optimizes('reuse.ktable.source.topics'),
      requiresExplicitNames: requireExplicitNames,
    });
  }

  /**
   * A stream of the records of one topic, several, or all whose names match a pattern as a whole. Records without a key or
   * value come with `null` in its place.
   *
   * @throws TopologyError `MISSING_SERDE`, `INVALID_NAME`
   */
  stream<K = unknown, V = unknown>(
    topics: string | readonly string[] | RegExp,
    consumed: Consumed<K, V> = {},
  ): KStream<K, V> {
    const name = this.#graph.names.nameOr(consumed.name, 'KSTREAM-SOURCE-');
    const what = `stream(${topics instanceof RegExp ? String(topics) : `'${[topics].flat().join("', '")}'`})`;
    const { keySerde, valueSerde } = resolveSerdes<K, V>({ what, node: name }, consumed, {}, this.#defaults);
    const node = new SourceGraphNode(name, {
      topics,
      keyDeserializer: keySerde,
      valueDeserializer: valueSerde,
      timestampExtractor: consumed.timestampExtractor as TimestampExtractor | undefined,
      offsetReset: consumed.offsetReset,
    });
    this.#graph.add([this.#graph.root], node);
    return new KStream<K, V>({
      graph: this.#graph,
      defaults: this.#defaults,
      node,
      keySerde,
      valueSerde,
      sources: new Set([name]),
      isRepartitionRequired: false,
    });
  }

  /**
   * A table of the latest record of each key of a topic. Records without a key are skipped and counted as dropped. The
   * topic must be partitioned by key; it should be compacted.
   *
   * The table is kept in a store if `materialized` has a name or an operator needs it. The store has a changelog; with
   * `optimize: ['reuse.ktable.source.topics']` the topic itself takes its place.
   *
   * @throws TopologyError `MISSING_SERDE`, `INVALID_NAME`
   */
  table<K = unknown, V = unknown>(
    topic: string,
    consumed: Consumed<K, V> = {},
    materialized: Materialized<K, V> = {},
  ): KTable<K, V> {
    const { store, source, serdes, sourceName, name } = this.#tableSource('table', topic, consumed, materialized);
    const origin = new SourceOrigin<K, V>(store);
    const node = new TableSourceGraphNode(name, sourceName, source, origin);
    this.#graph.add([this.#graph.root], node);
    const sources = new Set([sourceName]);
    return tableOf<K, V>({ graph: this.#graph, defaults: this.#defaults, node, origin, sources, ...serdes });
  }

  /**
   * A table of which every process holds all rows, read from all partitions of a topic.
   * @throws TopologyError `MISSING_SERDE`, `INVALID_NAME`
   */
  globalTable<K = unknown, V = unknown>(
    topic: string,
    consumed: Consumed<K, V> = {},
    materialized: Materialized<K, V> = {},
  ): GlobalKTable<K, V> {
    // The topic is all that is needed to rebuild the store, and nothing follows it.
    const local = { ...materialized, caching: false, changelog: { enabled: false } };
    const { store, source, sourceName, name } = this.#tableSource('globalTable', topic, consumed, local);
    this.#graph.add([this.#graph.root], new GlobalTableGraphNode(name, sourceName, source, store));
    return new GlobalKTable<K, V>(store.name);
  }

  /** Adds a store, to be used by processors that name it: `process(supplier, { stores: ['name'] })`. */
  addStateStore(builder: StoreBuilder): this {
    this.#graph.add([this.#graph.root], new StateStoreGraphNode(builder));
    return this;
  }

  #tableSource<K, V>(method: string, topic: string, consumed: Consumed<K, V>, materialized: Materialized<K, V>) {
    const { names } = this.#graph;
    const what = `${method}('${topic}')`;
    const { keySerde, valueSerde } = resolveSerdes<K, V>({ what, node: topic }, consumed, materialized, this.#defaults);
    const serdes = { keySerde, valueSerde };
    // The serdes that read the topic are those of the store: the topic may become its changelog.
    const store = new Materialization<K, V>(
      { ...materialized, ...serdes },
      { names, prefix: `${topic}-`, ...serdes, defaults: this.#defaults, what },
    );
    const sourceName = names.suffixedOr(consumed.name, '-source', 'KSTREAM-SOURCE-');
    const name = names.nameOr(consumed.name, 'KTABLE-SOURCE-');
    const source = {
      topics: topic,
      topic,
      keyDeserializer: keySerde,
      valueDeserializer: valueSerde,
      timestampExtractor: consumed.timestampExtractor as TimestampExtractor | undefined,
      offsetReset: consumed.offsetReset,
    };
    return { store, source, serdes, sourceName, name };
  }

  /**
   * The topology of everything declared so far. Further operators cannot be added.
   * @throws TopologyError what is wrong with the graph as a whole, e.g. `OVERLAPPING_SOURCES`, `DUPLICATE_NODE`,
   * `MISSING_NAME`
   */
  build(): Topology {
    return this.#graph.build();
  }
}
