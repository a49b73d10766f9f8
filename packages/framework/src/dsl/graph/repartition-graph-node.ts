import { NullKeyFilterProcessor } from '../../operators/null-key-filter.js';
import { PassThroughProcessor } from '../../operators/pass-through.js';
import type { Serde } from '../../serde/serde.js';
import type { StreamPartitioner } from '../../topology/topology-nodes.js';
import type { Topology } from '../../topology/topology.js';
import { GraphNode } from './graph-node.js';
import type { NameProvider } from './name-provider.js';

const TOPIC_SUFFIX = '-repartition';
const GENERATED_NAME = /^KSTREAM.*-[0-9]{10}$/;

export interface RepartitionSettings {
  /** The topic's name, with or without the suffix `-repartition`. */
  readonly topicPrefix: string;
  /** Whether `topicPrefix` was chosen by the user. */
  readonly isNamedByUser: boolean;
  readonly keySerde: Serde<unknown>;
  readonly valueSerde: Serde<unknown>;
  readonly partitions?: number | undefined;
  readonly partitioner?: StreamPartitioner | undefined;
  /** Added because a keyed operator needs it, not asked for by `repartition()`: the optimiser may merge it with others. */
  readonly isOptimizable: boolean;
  /** The operators behind it have no use for records without a key. */
  readonly dropsNullKeys: boolean;
}

/**
 * A detour through an internal topic, so that all records of a key meet in one task: a filter, a sink, and a source that
 * starts the next subtopology. Named as in Kafka Streams (KStreamImpl.createRepartitionedSource). The filter passes
 * everything, unless an operator behind it has no use for records without a key.
 */
export class RepartitionGraphNode extends GraphNode {
  readonly topic: string;
  readonly #filterName: string;
  readonly #sinkName: string;

  private constructor(
    names: { readonly source: string; readonly sink: string; readonly filter: string; readonly topic: string },
    readonly settings: RepartitionSettings,
  ) {
    super(names.source);
    this.topic = names.topic;
    this.#filterName = names.filter;
    this.#sinkName = names.sink;
  }

  /** @param names gives three names, used or not, so that later operators keep their numbers */
  static create(names: NameProvider, settings: RepartitionSettings): RepartitionGraphNode {
    const { topicPrefix } = settings;
    const topic = topicPrefix.endsWith(TOPIC_SUFFIX) ? topicPrefix : topicPrefix + TOPIC_SUFFIX;
    if (!settings.isNamedByUser) names.noteGeneratedTopic(topic);
    const sink = names.next('KSTREAM-SINK-');
    const filter = names.next('KSTREAM-FILTER-');
    const source = names.next('KSTREAM-SOURCE-');
    return GENERATED_NAME.test(topicPrefix)
      ? new RepartitionGraphNode({ source, sink, filter, topic }, settings)
      : new RepartitionGraphNode(
          { source: `${topic}-source`, sink: `${topic}-sink`, filter: `${topic}-filter`, topic },
          settings,
        );
  }

  override writeTo(topology: Topology): void {
    const { keySerde, valueSerde, partitions, partitioner, dropsNullKeys } = this.settings;
    topology
      .addRepartitionTopic({ name: this.topic, ...(partitions === undefined ? {} : { partitions }) })
      .addProcessor(this.#filterName, {
        parents: this.parentNames,
        supplier: dropsNullKeys ? () => new NullKeyFilterProcessor() : () => new PassThroughProcessor(),
      })
      .addSink(this.#sinkName, {
        parents: this.#filterName,
        topic: this.topic,
        keySerializer: keySerde,
        valueSerializer: valueSerde,
        partitioner,
      })
      .addSource(this.name, { topics: this.topic, keyDeserializer: keySerde, valueDeserializer: valueSerde });
  }
}
