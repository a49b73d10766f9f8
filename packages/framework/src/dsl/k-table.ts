import { TableDeriveProcessor, type RowFunction } from '../operators/table-derive.js';
import {
  storable,
  type TableKeyValueMapper,
  type TablePredicate,
  type TableValueMapper,
} from '../operators/table-functions.js';
import { TableToStreamProcessor } from '../operators/table-to-stream.js';
import type { Serde } from '../serde/serde.js';
import { ProcessorGraphNode } from './graph/processor-graph-node.js';
import { TableGraphNode } from './graph/table-graph-node.js';
import { KGroupedTable } from './k-grouped-table.js';
import type { KStream } from './k-stream.js';
import { Materialization, type Materialized } from './materialized.js';
import type { Grouped, Named } from './options.js';
import { DerivedOrigin } from './table-origin.js';
import type { TableState } from './table-state.js';

/** One derived table, as its operator declares it. */
interface Derivation<K, V, VOut> {
  readonly what: string;
  readonly prefix: string;
  readonly named: Named;
  readonly materialized: Materialized<K, VOut> | undefined;
  /** Of the new values, if the operator keeps their type. */
  readonly valueSerde: Serde<VOut> | undefined;
  /** @param nodeName for messages */
  readonly derive: (nodeName: string) => RowFunction<K, V, VOut>;
  readonly isFilter: boolean;
}

/**
 * A table: the latest value of each key. Each record of its topic (or of the stream it was made from) replaces the row
 * of its key; a null value deletes it. Operators compute new tables, row by row, that follow every change.
 *
 * A table is kept in a store only where it has to be: aggregates always are, others if their `Materialized` has a name or
 * an operator below needs it.
 *
 * @typeParam K type of the keys
 * @typeParam V type of the values
 */
export class KTable<K, V> {
  /** For other parts of the DSL. @internal */
  readonly state: TableState<K, V>;

  /** Made by `StreamsBuilder.table()`, `KStream.toTable()` and by operators. @internal */
  constructor(state: TableState<K, V>) {
    this.state = state;
  }

  /** Name under which the table's store can be queried; undefined if it has none, or one with a generated name. */
  get queryableStoreName(): string | undefined {
    return this.state.origin.queryableStoreName;
  }

  /** The rows for which the predicate is true. */
  filter(predicate: TablePredicate<K, V>, named: Named = {}, materialized?: Materialized<K, V>): KTable<K, V> {
    return this.#filter('filter()', (value, key) => predicate(value, key), named, materialized);
  }

  /** The rows for which the predicate is not true. */
  filterNot(predicate: TablePredicate<K, V>, named: Named = {}, materialized?: Materialized<K, V>): KTable<K, V> {
    return this.#filter('filterNot()', (value, key) => !predicate(value, key), named, materialized);
  }

  /** A new value for each row. The mapper may be called again for a row whose value it has mapped before. */
  mapValues<VOut>(
    mapper: TableValueMapper<K, V, VOut>,
    named: Named = {},
    materialized?: Materialized<K, VOut>,
  ): KTable<K, VOut> {
    return this.#derive<VOut>({
      what: 'mapValues()',
      prefix: 'KTABLE-MAPVALUES-',
      named,
      materialized,
      valueSerde: undefined,
      derive: (nodeName) => (value, key) => storable(mapper(value, key), nodeName),
      isFilter: false,
    });
  }

  /** The changes of the table as a stream: each new value, and null where a row was deleted. */
  toStream(named: Named = {}): KStream<K, V> {
    const { graph, defaults, node, sources, keySerde, valueSerde, createStream } = this.state;
    const name = graph.names.nameOr(named.name, 'KTABLE-TOSTREAM-');
    const child = new ProcessorGraphNode(name, () => new TableToStreamProcessor());
    graph.add([node], child);
    return createStream({ graph, defaults, node: child, sources, keySerde, valueSerde, isRepartitionRequired: false });
  }

  /**
   * Groups the rows by another key, for aggregates that follow every change: a row that changes or goes is taken out of
   * its group's aggregate again. The selector returns `[group, value]`; a row with null for either is in no group. The
   * rows go through a repartition topic.
   *
   * @throws TopologyError `MISSING_SERDE`
   */
  groupBy<KOut, VOut>(
    selector: TableKeyValueMapper<K, V, KOut, VOut>,
    grouped: Grouped<KOut, VOut> = {},
  ): KGroupedTable<KOut, VOut> {
    this.state.origin.enableSendingOldValues(true);
    return new KGroupedTable(this.state, selector, grouped, (state) => new KTable(state));
  }

  #filter(
    what: string,
    keeps: TablePredicate<K, V>,
    named: Named,
    materialized: Materialized<K, V> | undefined,
  ): KTable<K, V> {
    const { valueSerde } = this.state;
    const derive = (): RowFunction<K, V, V> => (value, key) => (keeps(value, key) ? value : null);
    const prefix = 'KTABLE-FILTER-';
    return this.#derive<V>({ what, prefix, named, materialized, valueSerde, derive, isFilter: true });
  }

  #derive<VOut>(derivation: Derivation<K, V, VOut>): KTable<K, VOut> {
    const { state } = this;
    const { graph, defaults } = state;
    const { prefix, named, materialized, isFilter } = derivation;
    // A number is used up for the store, though without a name there is none (as in KTableImpl).
    if (materialized !== undefined && materialized.name === undefined) graph.names.nextStore(prefix);
    const keySerde = materialized?.keySerde ?? state.keySerde;
    const valueSerde = materialized?.valueSerde ?? derivation.valueSerde;
    const { what } = derivation;
    const deps = { names: graph.names, prefix, keySerde, valueSerde, defaults, what };
    const store = materialized?.name === undefined ? undefined : new Materialization(materialized, deps);
    const name = graph.names.nameOr(named.name, prefix);
    const derive = derivation.derive(name);
    const origin = new DerivedOrigin(state.origin, derive, store);
    if (isFilter) origin.useOldValuesIfThereAre();
    const node = new TableGraphNode(name, () => new TableDeriveProcessor(derive, origin, isFilter), origin);
    graph.add([state.node], node);
    return new KTable<K, VOut>({ ...state, node, keySerde, valueSerde, origin });
  }
}
