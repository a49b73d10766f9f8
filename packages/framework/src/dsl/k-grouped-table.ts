import { ChangeSerde } from '../operators/change-serde.js';
import { TableAggregateProcessor, type TableAggregation } from '../operators/table-aggregate.js';
import type { Initializer, TableAggregator, TableKeyValueMapper, TableReducer } from '../operators/table-functions.js';
import { TableRegroupProcessor } from '../operators/table-regroup.js';
import { serdes as builtIn } from '../serde/serdes.js';
import type { Serde } from '../serde/serde.js';
import { ProcessorGraphNode } from './graph/processor-graph-node.js';
import { TableGraphNode } from './graph/table-graph-node.js';
import { TableRepartitionGraphNode } from './graph/table-repartition-graph-node.js';
import type { KTable } from './k-table.js';
import { Materialization, type Materialized, type StoreName } from './materialized.js';
import type { Grouped, Named } from './options.js';
import { resolveSerdes } from './stream-state.js';
import { AggregateOrigin } from './table-origin.js';
import type { TableState } from './table-state.js';

type Parent = Pick<TableState<unknown, unknown>, 'graph' | 'defaults' | 'node' | 'createStream'>;

interface AggregateRequest<K, A> {
  readonly what: string;
  readonly prefix: string;
  readonly materialized: Materialized<K, A>;
  readonly named: Named;
  readonly valueSerde: Serde<A> | undefined;
}

/**
 * The rows of a table, grouped by another key. Its aggregates follow the table: the old value of a row is subtracted, then
 * its new one is added.
 */
export class KGroupedTable<K, V> {
  readonly #state: Parent;
  readonly #node: ProcessorGraphNode;
  readonly #grouped: Grouped<K, V>;
  readonly #serdes: { readonly keySerde: Serde<K>; readonly valueSerde: Serde<V> };
  readonly #createTable: <A>(state: TableState<K, A>) => KTable<K, A>;
  #repartition: TableRepartitionGraphNode | undefined;

  /** Made by `KTable.groupBy()`. @internal */
  constructor(
    parent: Parent,
    selector: TableKeyValueMapper<never, never, K, V>,
    grouped: Grouped<K, V>,
    createTable: <A>(state: TableState<K, A>) => KTable<K, A>,
  ) {
    const { graph, defaults } = parent;
    const name = graph.names.nameOr(grouped.name, 'KTABLE-SELECT-');
    this.#serdes = resolveSerdes({ what: `groupBy('${name}') of a table`, node: name }, grouped, {}, defaults);
    this.#state = parent;
    this.#grouped = grouped;
    this.#createTable = createTable;
    const isSameGroup = (a: K, b: K): boolean => this.#isSameGroup(a, b);
    this.#node = new ProcessorGraphNode(name, () => new TableRegroupProcessor(selector, isSameGroup));
    graph.add([parent.node], this.#node);
  }

  /** The number of rows of each group. */
  count(materialized: Materialized<K, number> = {}, named: Named = {}): KTable<K, number> {
    return this.#aggregate<number>(
      { what: 'count()', prefix: 'KTABLE-AGGREGATE-', materialized, named, valueSerde: builtIn.int64 },
      { initializer: () => 0, adder: (count) => count + 1, subtractor: (count) => count - 1 },
    );
  }

  /**
   * The values of each group as one: the first as it is, each further one by the adder; values that change or go by the
   * subtractor.
   */
  reduce(
    adder: TableReducer<K, V>,
    subtractor: TableReducer<K, V>,
    materialized: Materialized<K, V> = {},
    named: Named = {},
  ): KTable<K, V> {
    const { valueSerde } = this.#serdes;
    return this.#aggregate<V>(
      { what: 'reduce()', prefix: 'KTABLE-REDUCE-', materialized, named, valueSerde },
      { initializer: undefined, adder, subtractor },
    );
  }

  /** As {@link reduce}, to an aggregate of another type. An adder or subtractor that returns null deletes the aggregate. */
  aggregate<A>(
    initializer: Initializer<A>,
    adder: TableAggregator<K, V, A>,
    subtractor: TableAggregator<K, V, A>,
    materialized: Materialized<K, A> = {},
    named: Named = {},
  ): KTable<K, A> {
    return this.#aggregate<A>(
      { what: 'aggregate()', prefix: 'KTABLE-AGGREGATE-', materialized, named, valueSerde: undefined },
      { initializer, adder, subtractor },
    );
  }

  #aggregate<A>(request: AggregateRequest<K, A>, aggregation: TableAggregation<K, V, A>): KTable<K, A> {
    const { graph, defaults, createStream } = this.#state;
    const { what, materialized, named, valueSerde } = request;
    const { names } = graph;
    const { keySerde } = this.#serdes;
    // Stores of reductions are named as those of aggregates, too (KGroupedTableImpl.reduce).
    const prefix = 'KTABLE-AGGREGATE-';
    const store = new Materialization<K, A>(materialized, { names, prefix, keySerde, valueSerde, defaults, what });
    const serdes = store.serdes;
    const sinkName = names.suffixedOr(named.name, '-sink', 'KSTREAM-SINK-');
    const sourceName = names.suffixedOr(named.name, '-source', 'KSTREAM-SOURCE-');
    const name = names.nameOr(named.name, request.prefix);
    const repartition = this.#repartitioned(store, sinkName, sourceName);
    graph.add([this.#node], repartition);
    const origin = new AggregateOrigin(store);
    const node = new TableGraphNode(name, () => new TableAggregateProcessor(aggregation, origin), origin);
    graph.add([repartition], node);
    return this.#createTable<A>({
      ...{ graph, defaults, node, origin, createStream, ...serdes },
      sources: new Set([repartition.options.sourceName]),
    });
  }

  /** Aggregates share a repartition topic that the user named; else each has its own. */
  #repartitioned(store: StoreName, sinkName: string, sourceName: string): TableRepartitionGraphNode {
    const { name } = this.#grouped;
    if (name !== undefined && this.#repartition !== undefined) return this.#repartition;
    const topic = `${name ?? store.name}-repartition`;
    if (name === undefined && !store.isNamedByUser) this.#state.graph.names.noteGeneratedTopic(topic);
    const { keySerde, valueSerde } = this.#serdes;
    const options = { sinkName, sourceName, topic, keySerde, valueSerde: new ChangeSerde(valueSerde) };
    this.#repartition = new TableRepartitionGraphNode(options);
    return this.#repartition;
  }

  /** Keys are the same if their bytes are: those decide on the partition and on the entry in the store. */
  #isSameGroup(a: K, b: K): boolean {
    if (Object.is(a, b)) return true;
    if (typeof a !== 'object' || typeof b !== 'object') return false;
    const topic = this.#repartition?.options.topic ?? this.#node.name;
    const { keySerde } = this.#serdes;
    return keySerde.serialize(topic, a).equals(keySerde.serialize(topic, b));
  }
}
