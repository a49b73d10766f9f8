import { ConfigError } from '../errors/errors.js';
import { FilterProcessor } from '../operators/filter.js';
import { FixedKeyAdapter } from '../operators/fixed-key-adapter.js';
import { FlatMapProcessor, FlatMapValuesProcessor } from '../operators/flat-map.js';
import type {
  FlatMapper,
  FlatValueMapper,
  KeySelector,
  KeyValueMapper,
  Predicate,
  RecordAction,
  ValueGuard,
  ValueMapper,
} from '../operators/functions.js';
import { MapProcessor, SelectKeyProcessor } from '../operators/map.js';
import { MapValuesAsyncProcessor } from '../operators/map-values-async.js';
import { MapValuesProcessor } from '../operators/map-values.js';
import { PassThroughProcessor } from '../operators/pass-through.js';
import { PeekProcessor } from '../operators/peek.js';
import { PrintProcessor } from '../operators/print.js';
import { TableSourceProcessor } from '../operators/table-source.js';
import type { FixedKeyProcessorSupplier } from '../processor/fixed-key.js';
import type { ProcessorSupplier } from '../processor/processor.js';
import type { StreamPartitioner, TopicNameExtractor } from '../topology/topology-nodes.js';
import { BranchedKStream } from './branched-k-stream.js';
import type { GraphNodeTraits } from './graph/graph-node.js';
import { ProcessorGraphNode } from './graph/processor-graph-node.js';
import { SinkGraphNode } from './graph/sink-graph-node.js';
import { TableGraphNode } from './graph/table-graph-node.js';
import { KGroupedStream } from './k-grouped-stream.js';
import { KTable } from './k-table.js';
import { Materialization, type Materialized } from './materialized.js';
import type {
  Grouped,
  MapValuesAsyncOptions,
  Named,
  Printed,
  ProcessOptions,
  Produced,
  Repartitioned,
} from './options.js';
import { partitionedByKey, repartitioned, resolveSerdes, type StreamState } from './stream-state.js';
import { SourceOrigin } from './table-origin.js';
import type { TableState } from './table-state.js';

const DEFAULT_MAX_IN_FLIGHT = 16;

/** What the next stream has in place of this one's. A serde that is not named here is lost. */
type Derived<K, V> = Partial<Pick<StreamState<K, V>, 'keySerde' | 'valueSerde' | 'isRepartitionRequired'>>;

/**
 * An unbounded stream of records. Each operator returns a new stream and leaves this one as it is: a stream may have any
 * number of operators, and each gets every record, in the order in which they were declared.
 *
 * Functions get `(value, key, record)` and may return a promise, for which the task waits. `null` values (tombstones) and
 * `null` keys reach them.
 *
 * @typeParam K type of the keys
 * @typeParam V type of the values
 */
export class KStream<K, V> {
  /** For other parts of the DSL. @internal */
  readonly state: StreamState<K, V>;

  /** Made by `StreamsBuilder.stream()` and by operators. @internal */
  constructor(state: StreamState<K, V>) {
    this.state = state;
  }

  /** Keeps the records for which the predicate is true. A type guard narrows the type of the values. */
  filter<VOut extends V>(predicate: ValueGuard<K, V, VOut>, options?: Named): KStream<K, VOut>;
  filter(predicate: Predicate<K, V>, options?: Named): KStream<K, V>;
  filter(predicate: Predicate<K, V>, options: Named = {}): KStream<K, V> {
    const name = this.#nameOr(options, 'KSTREAM-FILTER-');
    return this.#append(name, () => new FilterProcessor(predicate, true), {}, this.state);
  }

  /** Drops the records for which the predicate is true. */
  filterNot(predicate: Predicate<K, V>, options: Named = {}): KStream<K, V> {
    const name = this.#nameOr(options, 'KSTREAM-FILTER-');
    return this.#append(name, () => new FilterProcessor(predicate, false), {}, this.state);
  }

  /** A new key and value for each record: the mapper returns `[key, value]`. Keyed operators behind it repartition. */
  map<KOut, VOut>(mapper: KeyValueMapper<K, V, KOut, VOut>, options: Named = {}): KStream<KOut, VOut> {
    const name = this.#nameOr(options, 'KSTREAM-MAP-');
    return this.#append(name, () => new MapProcessor(mapper), { changesKey: true });
  }

  /** A new value for each record. */
  mapValues<VOut>(mapper: ValueMapper<K, V, VOut>, options: Named = {}): KStream<K, VOut> {
    const name = this.#nameOr(options, 'KSTREAM-MAPVALUES-');
    return this.#append(name, () => new MapValuesProcessor(mapper), { changesValue: true }, this.#keepingKey());
  }

  /**
   * A new value for each record, from a promise; up to `maxInFlight` are under way in a task, and the results keep the
   * order of the records. (`mapValues` takes an async function too, but waits for each before it takes the next.) All are
   * finished before each commit. A rejection fails its record as a throwing `mapValues` would, in its turn.
   */
  mapValuesAsync<VOut>(mapper: ValueMapper<K, V, VOut>, options: MapValuesAsyncOptions = {}): KStream<K, VOut> {
    const { maxInFlight = DEFAULT_MAX_IN_FLIGHT } = options;
    if (!Number.isSafeInteger(maxInFlight) || maxInFlight < 1) {
      throw new ConfigError('INVALID_OPTION', `maxInFlight of mapValuesAsync() must be a whole number of at least 1.`);
    }
    const name = this.#nameOr(options, 'KSTREAM-MAPVALUESASYNC-');
    const supplier = () => new MapValuesAsyncProcessor(mapper, maxInFlight);
    return this.#append(name, supplier, { changesValue: true }, this.#keepingKey());
  }

  /** Any number of `[key, value]` for each record. Keyed operators behind it repartition. */
  flatMap<KOut, VOut>(mapper: FlatMapper<K, V, KOut, VOut>, options: Named = {}): KStream<KOut, VOut> {
    const name = this.#nameOr(options, 'KSTREAM-FLATMAP-');
    return this.#append(name, () => new FlatMapProcessor(mapper), { changesKey: true });
  }

  /** Any number of values for each record. */
  flatMapValues<VOut>(mapper: FlatValueMapper<K, V, VOut>, options: Named = {}): KStream<K, VOut> {
    const name = this.#nameOr(options, 'KSTREAM-FLATMAPVALUES-');
    return this.#append(name, () => new FlatMapValuesProcessor(mapper), { changesValue: true }, this.#keepingKey());
  }

  /** A new key for each record. Keyed operators behind it repartition. */
  selectKey<KOut>(selector: KeySelector<K, V, KOut>, options: Named = {}): KStream<KOut, V> {
    const name = this.#nameOr(options, 'KSTREAM-KEY-SELECT-');
    const { valueSerde } = this.state;
    return this.#append(name, () => new SelectKeyProcessor(selector), { changesKey: true }, { valueSerde });
  }

  /** Calls an action for each record and passes it on. May happen more than once for a record: after a failure. */
  peek(action: RecordAction<K, V>, options: Named = {}): KStream<K, V> {
    const name = this.#nameOr(options, 'KSTREAM-PEEK-');
    return this.#append(name, () => new PeekProcessor(action, true), {}, this.state);
  }

  /** Calls an action for each record; the stream ends here. May happen more than once for a record: after a failure. */
  foreach(action: RecordAction<K, V>, options: Named = {}): void {
    this.#append(this.#nameOr(options, 'KSTREAM-FOREACH-'), () => new PeekProcessor(action, false));
  }

  /** Writes a line `[label]: key, value` for each record; the stream ends here. For debugging. */
  print(options: Printed<K, V> = {}): void {
    const { label = this.state.node.name, writer = process.stdout, format } = options;
    const name = this.#nameOr(options, 'KSTREAM-PRINTER-');
    this.#append(name, () => new PrintProcessor(label, writer, format));
  }

  /** Starts to split the stream: each record goes to the first branch whose predicate is true. */
  split(options: Named = {}): BranchedKStream<K, V> {
    const name = this.#nameOr(options, 'KSTREAM-BRANCH-');
    return new BranchedKStream(this.state, name, (state) => new KStream(state));
  }

  /** Both streams as one. Records of each keep their order; there is no order between them. */
  merge<VOther>(other: KStream<K, VOther>, options: Named = {}): KStream<K, V | VOther> {
    const { graph, defaults, node, sources, isRepartitionRequired } = this.state;
    const name = this.#nameOr(options, 'KSTREAM-MERGE-');
    const mergeNode = new ProcessorGraphNode(name, () => new PassThroughProcessor(), { merges: true });
    graph.add([node, other.state.node], mergeNode);
    return new KStream<K, V | VOther>({
      graph,
      defaults,
      node: mergeNode,
      // Neither stream's serdes are known to fit the other's records.
      keySerde: undefined,
      valueSerde: undefined,
      sources: new Set([...sources, ...other.state.sources]),
      isRepartitionRequired: isRepartitionRequired || other.state.isRepartitionRequired,
    });
  }

  /**
   * Sends the stream through an internal topic that Millrace creates and purges: with another partition count, by another
   * partitioner, or because the key has changed.
   */
  repartition(options: Repartitioned<K, V> = {}): KStream<K, V> {
    const { name, partitions, partitioner, keySerde, valueSerde } = options;
    const topicPrefix = this.state.graph.names.nameOrNext(name, 'KSTREAM-REPARTITION-');
    return new KStream(
      repartitioned(this.state, {
        what: `repartition('${topicPrefix}')`,
        topicPrefix,
        isNamedByUser: name !== undefined,
        isOptimizable: false,
        dropsNullKeys: false,
        partitions,
        partitioner: partitioner as StreamPartitioner | undefined,
        keySerde,
        valueSerde,
      }),
    );
  }

  /**
   * Hands each record to a processor of your own, which forwards what it likes. Keyed operators behind it repartition,
   * because it may have changed keys.
   */
  process<KOut, VOut>(
    supplier: ProcessorSupplier<K, V, KOut, VOut>,
    options: ProcessOptions<K, V> = {},
  ): KStream<KOut, VOut> {
    const name = this.state.graph.names.nameOrNext(options.name, 'KSTREAM-PROCESSOR-');
    const traits = { changesKey: true, changesValue: true };
    return this.#keyedIf(options, name).#append(name, supplier, traits, {}, options.stores);
  }

  /** As {@link process}, by a processor that leaves keys as they are: nothing repartitions because of it. */
  processValues<VOut>(
    supplier: FixedKeyProcessorSupplier<K, V, VOut>,
    options: ProcessOptions<K, V> = {},
  ): KStream<K, VOut> {
    const name = this.state.graph.names.nameOrNext(options.name, 'KSTREAM-PROCESSVALUES-');
    const stream = this.#keyedIf(options, name);
    const traits = { changesValue: true };
    const adapted = Object.assign(() => new FixedKeyAdapter(supplier()), { stores: supplier.stores });
    return stream.#append(name, adapted, traits, stream.#keepingKey(), options.stores);
  }

  /**
   * Writes the stream to a topic, or to the one that a function chooses per record. The topics must exist.
   * @throws TopologyError `MISSING_SERDE`
   */
  to(topic: string | TopicNameExtractor<K, V>, options: Produced<K, V> = {}): void {
    const { graph, defaults, node } = this.state;
    const name = this.#nameOr(options, 'KSTREAM-SINK-');
    const what = `to(${typeof topic === 'string' ? `'${topic}'` : 'a topic chosen per record'}) after '${node.name}'`;
    const { keySerde, valueSerde } = resolveSerdes({ what, node: name }, options, this.state, defaults);
    const sink = new SinkGraphNode(name, {
      topic: topic as string | TopicNameExtractor,
      keySerializer: keySerde,
      valueSerializer: valueSerde,
      partitioner: options.partitioner as StreamPartitioner | undefined,
    });
    graph.add([node], sink);
  }

  /** Groups the records by their key, for aggregates. */
  groupByKey(grouped: Grouped<K, V> = {}): KGroupedStream<K, V> {
    return new KGroupedStream<K, V>(this.state, grouped, tableOf);
  }

  /** Groups the records by another key. Aggregates repartition. */
  groupBy<KOut>(selector: KeySelector<K, V, KOut>, grouped: Grouped<KOut, V> = {}): KGroupedStream<KOut, V> {
    const selected = this.selectKey(selector, { name: grouped.name });
    return new KGroupedStream<KOut, V>(selected.state, grouped, tableOf);
  }

  /**
   * The latest value of each key as a table; a null value deletes the row. Records without a key are skipped and counted
   * as dropped. If the key may have changed since the topic was read, the stream is repartitioned first.
   */
  toTable(materialized: Materialized<K, V> = {}, named: Named = {}): KTable<K, V> {
    const { graph, defaults } = this.state;
    const { names } = graph;
    const name = this.#nameOr(named, 'KSTREAM-TOTABLE-');
    const { keySerde = this.state.keySerde, valueSerde = this.state.valueSerde } = materialized;
    const what = `toTable('${name}')`;
    const store = new Materialization(materialized, {
      ...{ names, prefix: 'KSTREAM-TOTABLE-', keySerde, valueSerde, defaults, what },
    });
    const input = partitionedByKey(this.state, {
      what: `${what}, which needs a repartition topic because the key may have changed`,
      topicPrefix: name,
      isNamedByUser: named.name !== undefined,
      dropsNullKeys: true,
      keySerde,
      valueSerde,
    });
    const origin = new SourceOrigin(store);
    const node = new TableGraphNode(name, () => new TableSourceProcessor(origin), origin);
    graph.add([input.node], node);
    return tableOf({ graph, defaults, node, origin, sources: input.sources, keySerde, valueSerde });
  }

  #nameOr(options: Named, prefix: string): string {
    return this.state.graph.names.nameOr(options.name, prefix);
  }

  #keepingKey(): Pick<StreamState<K, never>, 'keySerde' | 'isRepartitionRequired'> {
    const { keySerde, isRepartitionRequired } = this.state;
    return { keySerde, isRepartitionRequired };
  }

  #keyedIf(options: ProcessOptions<K, V>, name: string): KStream<K, V> {
    if (options.keyed !== true) return this;
    return new KStream(
      partitionedByKey(this.state, {
        what: `process('${name}', { keyed: true }), which needs a repartition topic because the key may have changed`,
        topicPrefix: name,
        isNamedByUser: options.name !== undefined,
        dropsNullKeys: false,
        keySerde: options.keySerde,
        valueSerde: options.valueSerde,
      }),
    );
  }

  /** Adds one processor below this stream. `derived` says what the new stream knows; by default nothing. */
  #append<KOut, VOut>(
    name: string,
    supplier: ProcessorSupplier<K, V, KOut, VOut>,
    traits: GraphNodeTraits = {},
    derived: Derived<KOut, VOut> = {},
    stores?: readonly string[],
  ): KStream<KOut, VOut> {
    const { graph, defaults, node, sources } = this.state;
    const child = new ProcessorGraphNode(name, supplier, traits, stores);
    graph.add([node], child);
    return new KStream<KOut, VOut>({
      graph,
      defaults,
      node: child,
      sources,
      keySerde: derived.keySerde,
      valueSerde: derived.valueSerde,
      isRepartitionRequired:
        derived.isRepartitionRequired ?? (this.state.isRepartitionRequired || traits.changesKey === true),
    });
  }
}

/** A table of the DSL, which can make streams again. @internal */
export function tableOf<K, V>(state: Omit<TableState<K, V>, 'createStream'>): KTable<K, V> {
  return new KTable<K, V>({ ...state, createStream: (stream) => new KStream(stream) });
}
