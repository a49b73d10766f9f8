import { TopologyError } from '../errors/errors.js';
import type { ProcessorSupplier } from '../processor/processor.js';
import type { Deserializer, Serializer } from '../serde/serde.js';
import { describeTopology } from './describe.js';
import { checkName } from './node-names.js';
import { planTopology, type RecordedGlobalStore } from './topology-plan.js';
import type { StoreBuilder } from '../state/stores/store-builder.js';
import type {
  OffsetResetPolicy,
  RepartitionTopic,
  StreamPartitioner,
  TimestampExtractor,
  TopicNameExtractor,
  TopologyNode,
  TopologyPlan,
} from './topology-nodes.js';
import { UnionFind } from './union-find.js';

/** Options of {@link Topology.addSource}. A serde is a deserializer. */
export interface SourceOptions<K = unknown, V = unknown> {
  /** One topic, several, or a pattern that is matched against whole topic names. */
  readonly topics: string | readonly string[] | RegExp;
  readonly keyDeserializer: Deserializer<K>;
  readonly valueDeserializer: Deserializer<V>;
  /** @default the record's own timestamp */
  readonly timestampExtractor?: TimestampExtractor<K, V> | undefined;
  /** @default the application's `offsetReset` */
  readonly offsetReset?: OffsetResetPolicy | undefined;
}

/** Options of {@link Topology.addProcessor}. */
export interface ProcessorOptions<KIn = unknown, VIn = unknown, KOut = unknown, VOut = unknown> {
  /** Nodes whose records it gets; added before. */
  readonly parents: string | readonly string[];
  /** Makes a new processor for each task. */
  readonly supplier: ProcessorSupplier<KIn, VIn, KOut, VOut>;
  /** Names of stores, added before, that it uses. */
  readonly stores?: readonly string[] | undefined;
}

/** Options of {@link Topology.addGlobalStore}. */
export interface GlobalStoreOptions<K = unknown, V = unknown> {
  readonly topic: string;
  readonly keyDeserializer: Deserializer<K>;
  readonly valueDeserializer: Deserializer<V>;
  readonly timestampExtractor?: TimestampExtractor<K, V> | undefined;
  /** Names of the two nodes. */
  readonly sourceName: string;
  readonly processorName: string;
  /** Writes the records of the topic to the store; it forwards nothing. */
  readonly supplier: ProcessorSupplier<K, V, never, never>;
}

/** Options of {@link Topology.addSink}. A serde is a serializer. */
export interface SinkOptions<K = unknown, V = unknown> {
  /** Nodes whose records it writes; added before. */
  readonly parents: string | readonly string[];
  /** A topic, or a function that chooses one per record. */
  readonly topic: string | TopicNameExtractor<K, V>;
  readonly keySerializer: Serializer<K>;
  readonly valueSerializer: Serializer<V>;
  /** @default murmur2 of the serialised key, as in Java */
  readonly partitioner?: StreamPartitioner<K, V> | undefined;
}

/**
 * A graph of sources, processors and sinks: the Processor API, and what the DSL builds. Parents are added before their
 * children. It describes; nothing runs before it is handed to the runtime.
 *
 * @example
 * const topology = new Topology()
 *   .addSource('orders', { topics: 'orders', keyDeserializer: stringSerde, valueDeserializer: jsonSerde })
 *   .addProcessor('check', { parents: 'orders', supplier: () => new CheckProcessor() })
 *   .addSink('checked', { parents: 'check', topic: 'checked', keySerializer: stringSerde, valueSerializer: jsonSerde });
 */
export class Topology {
  readonly #nodes = new Map<string, TopologyNode>();
  readonly #connections = new UnionFind();
  readonly #topicReaders = new Map<string, string>();
  readonly #patternReaders = new Map<string, RegExp>();
  readonly #repartitionTopics = new Map<string, RepartitionTopic>();
  readonly #copartitionedSources: string[][] = [];
  readonly #stores = new Map<string, StoreBuilder>();
  readonly #storeUsers = new Map<string, string>();
  readonly #globalStores: RecordedGlobalStore[] = [];
  readonly #sourceChangelogs = new Map<string, string>();

  /**
   * Adds a node that reads topics. A topic may be read by one source only.
   * @throws TopologyError `INVALID_NAME`, `DUPLICATE_NODE`, `NO_TOPICS`, `TOPIC_ALREADY_REGISTERED`
   */
  addSource<K, V>(name: string, options: SourceOptions<K, V>): this {
    this.#checkNewNode(name);
    const topics = typeof options.topics === 'string' ? [options.topics] : options.topics;
    if (topics instanceof RegExp) this.#registerPattern(name, topics);
    else this.#registerTopics(name, topics);
    const { keyDeserializer, valueDeserializer, timestampExtractor, offsetReset } = options;
    this.#add({
      kind: 'source',
      name,
      topics,
      keyDeserializer,
      valueDeserializer,
      // The runtime hands each extractor the records of its own source only, whose types it was declared with.
      ...(timestampExtractor === undefined ? {} : { timestampExtractor: timestampExtractor as TimestampExtractor }),
      ...(offsetReset === undefined ? {} : { offsetReset }),
    });
    return this;
  }

  /**
   * Adds a node that works on the records of its parents, and the stores that its supplier brings.
   * @throws TopologyError `INVALID_NAME`, `DUPLICATE_NODE`, `NO_PARENTS`, `UNKNOWN_PARENT`, `SINK_AS_PARENT`,
   * `SHARED_PROCESSOR`, `DUPLICATE_STORE`, `UNKNOWN_STORE`
   */
  addProcessor<KIn, VIn, KOut, VOut>(name: string, options: ProcessorOptions<KIn, VIn, KOut, VOut>): this {
    this.#checkNewNode(name);
    const parents = this.#checkParents(name, options.parents);
    checkSupplier(name, options.supplier);
    this.#add({ kind: 'processor', name, parents, supplier: options.supplier, stores: [] }, parents);
    for (const builder of options.supplier.stores ?? []) this.addStateStore(builder, name);
    return this.connectProcessorAndStores(name, ...(options.stores ?? []));
  }

  /**
   * Adds a store for the processors named. Processors that share a store are in one subtopology. The same builder may be
   * added more than once.
   * @throws TopologyError `DUPLICATE_STORE`, `UNKNOWN_PROCESSOR`
   */
  addStateStore(builder: StoreBuilder, ...processors: readonly string[]): this {
    if (this.#stores.get(builder.name) !== builder) {
      this.#checkNewStore(builder);
      this.#stores.set(builder.name, builder);
    }
    for (const processor of processors) this.connectProcessorAndStores(processor, builder.name);
    return this;
  }

  /**
   * Lets a processor use stores.
   * @throws TopologyError `UNKNOWN_STORE`, `UNKNOWN_PROCESSOR`
   */
  connectProcessorAndStores(processor: string, ...stores: readonly string[]): this {
    const node = this.#nodes.get(processor);
    if (node?.kind !== 'processor') {
      throw new TopologyError('UNKNOWN_PROCESSOR', `There is no processor '${processor}' to connect a store to.`);
    }
    // Every processor may read a global store, connected or not.
    const own = stores.filter((store) => !this.#globalStores.some(({ builder }) => builder.name === store));
    for (const store of own) {
      if (!this.#stores.has(store)) {
        throw new TopologyError(
          'UNKNOWN_STORE',
          `Processor '${processor}' uses the store '${store}', which was not added. Call addStateStore() before.`,
          { node: processor },
        );
      }
      const user = this.#storeUsers.get(store);
      if (user === undefined) this.#storeUsers.set(store, processor);
      else this.#connections.unite(processor, user);
    }
    this.#nodes.set(processor, { ...node, stores: [...new Set([...node.stores, ...own])] });
    return this;
  }

  /**
   * Adds a store of which every process holds a full copy, kept up to date from a topic. Its changelog is the topic.
   * @throws TopologyError `DUPLICATE_STORE`, `DUPLICATE_NODE`, `TOPIC_ALREADY_REGISTERED`
   */
  addGlobalStore<K, V>(builder: StoreBuilder, options: GlobalStoreOptions<K, V>): this {
    this.#checkNewStore(builder);
    this.#checkNewNode(options.sourceName);
    this.#checkNewNode(options.processorName);
    this.#registerTopics(options.sourceName, [options.topic]);
    checkSupplier(options.processorName, options.supplier);
    const { keyDeserializer, valueDeserializer, timestampExtractor } = options;
    this.#globalStores.push({
      nodesBefore: this.#nodes.size,
      builder,
      source: {
        kind: 'source',
        name: options.sourceName,
        topics: [options.topic],
        keyDeserializer,
        valueDeserializer,
        ...(timestampExtractor === undefined ? {} : { timestampExtractor: timestampExtractor as TimestampExtractor }),
      },
      processor: {
        kind: 'processor',
        name: options.processorName,
        parents: [options.sourceName],
        supplier: options.supplier,
        stores: [builder.name],
      },
    });
    return this;
  }

  /** Declares that the topic a store is read from serves as its changelog: none is created, nothing is written twice. */
  useSourceAsChangelog(store: string, topic: string): this {
    this.#sourceChangelogs.set(store, topic);
    return this;
  }

  /**
   * Adds a node that writes the records of its parents to a topic.
   * @throws TopologyError `INVALID_NAME`, `DUPLICATE_NODE`, `NO_PARENTS`, `UNKNOWN_PARENT`, `SINK_AS_PARENT`
   */
  addSink<K, V>(name: string, options: SinkOptions<K, V>): this {
    this.#checkNewNode(name);
    const parents = this.#checkParents(name, options.parents);
    const { topic, keySerializer, valueSerializer, partitioner } = options;
    if (typeof topic === 'string') checkName(topic, 'topic');
    this.#add(
      {
        kind: 'sink',
        name,
        parents,
        topic: topic as string | TopicNameExtractor,
        keySerializer,
        valueSerializer,
        ...(partitioner === undefined ? {} : { partitioner: partitioner as StreamPartitioner }),
      },
      parents,
    );
    return this;
  }

  /**
   * Declares a topic that Millrace creates, purges and prefixes with the application's id. Sinks and sources name it
   * without the prefix.
   */
  addRepartitionTopic(topic: RepartitionTopic): this {
    checkName(topic.name, 'repartition topic');
    const { partitions } = topic;
    if (partitions !== undefined && !(Number.isSafeInteger(partitions) && partitions > 0)) {
      throw new TopologyError(
        'INVALID_PARTITIONS',
        `Repartition topic '${topic.name}' cannot have ${partitions} partitions. Give a whole number of at least 1, or none.`,
      );
    }
    this.#repartitionTopics.set(topic.name, topic);
    return this;
  }

  /**
   * Declares that the records of these sources are matched by key: all their topics must have the same number of
   * partitions. Checked when the application starts.
   * @throws TopologyError `NOT_A_SOURCE`
   */
  copartition(sources: Iterable<string>): this {
    const names = [...sources];
    for (const name of names) {
      if (this.#nodes.get(name)?.kind !== 'source') {
        throw new TopologyError('NOT_A_SOURCE', `Only sources can be co-partitioned, but '${name}' is not one.`, {
          node: name,
        });
      }
    }
    this.#copartitionedSources.push(names);
    return this;
  }

  /** What the runtime needs: subtopologies, internal topics, co-partitioned topics. */
  plan(): TopologyPlan {
    return planTopology({
      nodes: this.#nodes,
      connections: this.#connections,
      repartitionTopics: this.#repartitionTopics,
      copartitionedSources: this.#copartitionedSources,
      stores: this.#stores,
      globalStores: this.#globalStores,
      sourceChangelogs: this.#sourceChangelogs,
    });
  }

  /** The topology as text, in the format of Kafka Streams' `Topology.describe()`. */
  describe(): string {
    return describeTopology(this.plan());
  }

  #add(node: TopologyNode, parents: readonly string[] = []): void {
    this.#nodes.set(node.name, node);
    this.#connections.add(node.name);
    for (const parent of parents) this.#connections.unite(node.name, parent);
  }

  #checkNewStore(builder: StoreBuilder): void {
    const isKnown =
      this.#stores.has(builder.name) || this.#globalStores.some((store) => store.builder.name === builder.name);
    if (!isKnown) return;
    throw new TopologyError(
      'DUPLICATE_STORE',
      `A store named '${builder.name}' was added before. Give each its own name.`,
    );
  }

  #checkNewNode(name: string): void {
    checkName(name, 'node');
    const isGlobal = this.#globalStores.some(
      ({ source, processor }) => source.name === name || processor.name === name,
    );
    if (this.#nodes.has(name) || isGlobal) {
      throw new TopologyError(
        'DUPLICATE_NODE',
        `A node named '${name}' was added before. Give each node its own name.`,
        {
          node: name,
        },
      );
    }
  }

  #checkParents(name: string, parents: string | readonly string[]): readonly string[] {
    const names = typeof parents === 'string' ? [parents] : [...parents];
    if (names.length === 0) {
      throw new TopologyError('NO_PARENTS', `Node '${name}' has no parents: it would never get a record.`, {
        node: name,
      });
    }
    for (const parent of names) {
      const kind = this.#nodes.get(parent)?.kind;
      if (kind === undefined) {
        const hint = parent === name ? 'a node cannot be its own parent' : 'add parents before their children';
        throw new TopologyError('UNKNOWN_PARENT', `Node '${name}' has the unknown parent '${parent}': ${hint}.`, {
          node: name,
        });
      }
      if (kind === 'sink') {
        throw new TopologyError(
          'SINK_AS_PARENT',
          `Node '${name}' has the sink '${parent}' as parent, but a sink forwards nothing. Use the sink's own parent.`,
          { node: name },
        );
      }
    }
    return names;
  }

  #registerTopics(source: string, topics: readonly string[]): void {
    if (topics.length === 0) {
      throw new TopologyError('NO_TOPICS', `Source '${source}' names no topic.`, { node: source });
    }
    const readers = new Map(this.#topicReaders);
    for (const topic of topics) {
      checkName(topic, 'topic');
      const reader = readers.get(topic) ?? this.#patternReaderOf(topic);
      if (reader !== undefined) throw alreadyRegistered(source, `topic '${topic}'`, reader);
      readers.set(topic, source);
    }
    for (const topic of topics) this.#topicReaders.set(topic, source);
  }

  #patternReaderOf(topic: string): string | undefined {
    return [...this.#patternReaders].find(([, pattern]) => matchesWhole(pattern, topic))?.[0];
  }

  #registerPattern(source: string, pattern: RegExp): void {
    for (const [topic, reader] of this.#topicReaders) {
      if (matchesWhole(pattern, topic)) {
        throw alreadyRegistered(source, `pattern ${String(pattern)}, which matches topic '${topic}',`, reader);
      }
    }
    this.#patternReaders.set(source, pattern);
  }
}

function alreadyRegistered(source: string, what: string, reader: string): TopologyError {
  return new TopologyError(
    'TOPIC_ALREADY_REGISTERED',
    `Source '${source}' reads ${what} that source '${reader}' reads already. Read it once and give that source more children.`,
    { node: source },
  );
}

/** Java's `Pattern.matches`: the whole name, not a part of it. */
function matchesWhole(pattern: RegExp, topic: string): boolean {
  return new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, '')).test(topic);
}

function checkSupplier(name: string, supplier: ProcessorSupplier<never, never, unknown, unknown>): void {
  if (supplier() === supplier()) {
    throw new TopologyError(
      'SHARED_PROCESSOR',
      `The supplier of '${name}' returns the same processor twice. Each task needs its own: return a new one each time.`,
      { node: name },
    );
  }
}
