import type { Serde } from '../serde/serde.js';
import type { Topology } from '../topology/topology.js';
import type { TimestampExtractor } from '../topology/topology-nodes.js';
import { GraphBuilder } from './graph/graph-builder.js';
import { SourceGraphNode } from './graph/source-graph-node.js';
import { KStream } from './k-stream.js';
import type { Consumed } from './options.js';
import { type DefaultSerdes, resolveSerdes } from './stream-state.js';

/** Rewritings of the graph that change which internal topics exist; named as in Kafka Streams. */
export type Optimization = 'merge.repartition.topics';

export interface StreamsBuilderOptions {
  /** Serde of keys where none is given. */
  readonly keySerde?: Serde<unknown> | undefined;
  /** Serde of values where none is given. */
  readonly valueSerde?: Serde<unknown> | undefined;
  /** Makes it an error if an internal topic would get a generated name. @default false */
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
    this.#graph = new GraphBuilder({
      mergesRepartitionTopics:
        optimize === 'all' || (optimize !== 'none' && optimize.includes('merge.repartition.topics')),
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
   * The topology of everything declared so far. Further operators cannot be added.
   * @throws TopologyError what is wrong with the graph as a whole, e.g. `OVERLAPPING_SOURCES`, `DUPLICATE_NODE`,
   * `MISSING_NAME`
   */
  build(): Topology {
    return this.#graph.build();
  }
}
