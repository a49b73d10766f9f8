import { StreamAggregateProcessor } from '../operators/stream-aggregate.js';
import type { Aggregator, Initializer, Reducer } from '../operators/table-functions.js';
import { serdes as builtIn } from '../serde/serdes.js';
import type { Serde } from '../serde/serde.js';
import { RepartitionGraphNode } from './graph/repartition-graph-node.js';
import { TableGraphNode } from './graph/table-graph-node.js';
import type { KTable } from './k-table.js';
import { Materialization, type Materialized, type StoreName } from './materialized.js';
import type { Grouped, Named } from './options.js';
import { partitionedByKey, type StreamState } from './stream-state.js';
import { AggregateOrigin } from './table-origin.js';
import type { TableState } from './table-state.js';

interface AggregateRequest<K, V, A> {
  readonly what: string;
  readonly prefix: string;
  readonly materialized: Materialized<K, A>;
  readonly named: Named;
  readonly valueSerde: Serde<A> | undefined;
  /** Undefined in a reduction. */
  readonly initializer: Initializer<A> | undefined;
  readonly aggregator: Aggregator<K, V, A>;
}

/**
 * The records of a stream, grouped by key. If the key may have changed since the topic was read, each aggregate puts a
 * repartition topic before itself; aggregates share it if the user named it.
 *
 * Records without a key or without a value are skipped and counted as dropped.
 */
export class KGroupedStream<K, V> {
  readonly #state: StreamState<K, V>;
  readonly #grouped: Grouped<K, V>;
  readonly #createTable: <A>(state: Omit<TableState<K, A>, 'createStream'>) => KTable<K, A>;
  #repartition: RepartitionGraphNode | undefined;

  /** Made by `KStream.groupByKey()` and `KStream.groupBy()`. @internal */
  constructor(
    state: StreamState<K, V>,
    grouped: Grouped<K, V>,
    createTable: <A>(state: Omit<TableState<K, A>, 'createStream'>) => KTable<K, A>,
  ) {
    const { keySerde = state.keySerde, valueSerde = state.valueSerde } = grouped;
    this.#state = { ...state, keySerde, valueSerde };
    this.#grouped = grouped;
    this.#createTable = createTable;
  }

  /** The number of records of each key. */
  count(materialized?: Materialized<K, number>, named: Named = {}): KTable<K, number> {
    const prefix = 'KSTREAM-AGGREGATE-';
    // Kafka Streams uses up one number more here (KGroupedStreamImpl.count).
    if (materialized !== undefined && materialized.name === undefined) this.#state.graph.names.nextStore(prefix);
    return this.#aggregate<number>({
      ...{ what: 'count()', prefix, materialized: materialized ?? {}, named, valueSerde: builtIn.int64 },
      initializer: () => 0,
      aggregator: (count) => count + 1,
    });
  }

  /** The values of each key as one: the first as it is, each further one by the reducer. */
  reduce(reducer: Reducer<K, V>, materialized: Materialized<K, V> = {}, named: Named = {}): KTable<K, V> {
    const { valueSerde } = this.#state;
    const aggregation = { initializer: undefined, aggregator: reducer };
    return this.#aggregate<V>({
      ...{ what: 'reduce()', prefix: 'KSTREAM-REDUCE-', materialized, named, valueSerde },
      ...aggregation,
    });
  }

  /**
   * An aggregate of each key, of a type of its own: starts with what the initializer returns, and takes in each record by
   * the aggregator. An aggregator that returns null deletes the aggregate.
   *
   * @throws TopologyError `MISSING_SERDE` if neither `materialized.valueSerde` nor a default is there
   */
  aggregate<A>(
    initializer: Initializer<A>,
    aggregator: Aggregator<K, V, A>,
    materialized: Materialized<K, A> = {},
    named: Named = {},
  ): KTable<K, A> {
    return this.#aggregate<A>({
      ...{ what: 'aggregate()', prefix: 'KSTREAM-AGGREGATE-', materialized, named, valueSerde: undefined },
      initializer,
      aggregator,
    });
  }

  #aggregate<A>(request: AggregateRequest<K, V, A>): KTable<K, A> {
    const { graph, defaults, keySerde } = this.#state;
    const { what, prefix, materialized, named, valueSerde, initializer, aggregator } = request;
    const { names } = graph;
    const store = new Materialization<K, A>(materialized, { names, prefix, keySerde, valueSerde, defaults, what });
    const name = names.nameOr(named.name, prefix);
    const serdes = store.serdes;
    const input = this.#partitioned(what, store);
    const origin = new AggregateOrigin(store);
    const create = () => new StreamAggregateProcessor(initializer, aggregator, origin);
    const node = new TableGraphNode(name, create, origin);
    graph.add([input.node], node);
    return this.#createTable<A>({ graph, defaults, node, origin, sources: input.sources, ...serdes });
  }

  #partitioned(what: string, store: StoreName): StreamState<K, V> {
    const { keySerde, valueSerde, name } = this.#grouped;
    const state = partitionedByKey(this.#state, {
      what: `${what} in '${store.name}', which needs a repartition topic because the key may have changed`,
      topicPrefix: name ?? store.name,
      isNamedByUser: name !== undefined || store.isNamedByUser,
      dropsNullKeys: true,
      reuse: name === undefined ? undefined : this.#repartition,
      keySerde,
      valueSerde,
    });
    if (state.node instanceof RepartitionGraphNode && state.node !== this.#state.node) this.#repartition = state.node;
    return state;
  }
}
