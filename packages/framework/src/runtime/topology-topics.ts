import type { KafkaAdmin, NewTopic, Subscription } from '../client/port.js';
import { KafkaError, TopologyError } from '../errors/errors.js';
import type { Logger } from '../telemetry/logger.js';
import type { RepartitionTopic, SourceNode, Subtopology, TopologyPlan } from '../topology/topology-nodes.js';
import { InternalTopicCheck, type ExistingTopic } from './internal-topic-check.js';

/** A source node with the subtopology that it belongs to. */
export interface InputTopic {
  readonly subtopology: Subtopology;
  readonly source: SourceNode;
}

/** How long a freshly created or deleted topic may take to be seen by all brokers is the admin client's business. */
const REPARTITION_CONFIGS: Readonly<Record<string, string>> = {
  'cleanup.policy': 'delete',
  'retention.ms': '-1',
  'segment.bytes': '52428800',
  'message.timestamp.type': 'CreateTime',
};

/** Each instance writes every few seconds: short segments let the cleaner keep the topic small. */
const INSTANCES_CONFIGS: Readonly<Record<string, string>> = {
  'cleanup.policy': 'compact',
  'segment.ms': '3600000',
  'min.cleanable.dirty.ratio': '0.1',
  'message.timestamp.type': 'CreateTime',
};

/**
 * The topics of a topology under their full names: what to subscribe to, which task a partition belongs to, which
 * internal topics must exist. Names and settings of internal topics are Kafka Streams'.
 */
export class TopologyTopics {
  readonly #internal: ReadonlyMap<string, RepartitionTopic>;
  readonly #byTopic = new Map<string, InputTopic>();
  #counts: ReadonlyMap<string, number> = new Map();
  readonly #settings = new InternalTopicCheck();
  readonly #patterns: (InputTopic & { readonly pattern: RegExp })[] = [];

  constructor(
    private readonly applicationId: string,
    readonly plan: TopologyPlan,
  ) {
    this.#internal = new Map(plan.repartitionTopics.map((topic) => [topic.name, topic]));
    for (const subtopology of plan.subtopologies) {
      for (const source of subtopology.nodes) {
        if (source.kind !== 'source') continue;
        if (source.topics instanceof RegExp) {
          this.#patterns.push({ subtopology, source, pattern: wholeName(source.topics) });
        } else {
          for (const topic of source.topics) this.#byTopic.set(this.fullName(topic), { subtopology, source });
        }
      }
    }
  }

  /** Internal topics carry the application's id in front. */
  readonly fullName = (topic: string): string => (this.#internal.has(topic) ? `${this.applicationId}-${topic}` : topic);

  /** Full name of the changelog of a store; a global store's is the topic that it is a copy of. */
  readonly changelogTopic = (store: string): string => {
    const copied = this.plan.globalStores.find(({ builder }) => builder.name === store)?.source.topics;
    if (copied !== undefined && !(copied instanceof RegExp)) return copied[0] ?? store;
    const source = this.plan.sourceChangelogs.get(store);
    return source === undefined ? `${this.applicationId}-${store}-changelog` : this.fullName(source);
  };

  /** True if the topic that a store's table is read from serves as its changelog. */
  readonly isSourceChangelog = (store: string): boolean => this.plan.sourceChangelogs.has(store);

  /** Whether a topic, by its full name, holds the changes of a store and nothing else. */
  readonly isChangelog = (topic: string): boolean =>
    this.plan.subtopologies.some(({ stores }) =>
      stores.some(
        ({ name, changelog }) =>
          changelog !== undefined && !this.isSourceChangelog(name) && this.changelogTopic(name) === topic,
      ),
    );

  get subscription(): Subscription {
    return { topics: [...this.#byTopic.keys()], patterns: this.#patterns.map(({ pattern }) => pattern) };
  }

  /** Full names of the repartition topics. */
  get repartitionTopics(): ReadonlySet<string> {
    return new Set([...this.#internal.keys()].map(this.fullName));
  }

  /** The source that reads a topic, or undefined for a topic that nobody asked for. */
  input(topic: string): InputTopic | undefined {
    return this.#byTopic.get(topic) ?? this.#patterns.find(({ pattern }) => pattern.test(topic));
  }

  /**
   * Checks that all topics exist and fit together, and creates what is missing of the internal ones.
   *
   * @returns partition counts of every topic that is read or written
   * @throws TopologyError MISSING_SOURCE_TOPIC, MISSING_SINK_TOPIC, COPARTITION_MISMATCH, INTERNAL_TOPIC_MISMATCH
   */
  async prepare(admin: KafkaAdmin, options: PrepareOptions): Promise<Map<string, number>> {
    if (this.plan.subtopologies.length === 0 && this.plan.globalStores.length === 0) {
      throw new TopologyError('NO_TOPICS', 'The topology reads no topic, so there is nothing to do. Add a source.');
    }
    const external = this.#externalTopics(options.deadLetterTopic);
    const internal = [...this.#internal.keys()].map(this.fullName);
    const matching = this.#patterns.length === 0 ? [] : await this.#matchingTopics(admin);
    const described = await admin.describeTopics([
      ...new Set([...external.read, ...external.written, ...internal, ...matching]),
    ]);
    const counts = new Map(described.map(({ topic, partitions }) => [topic, partitions]));
    this.#requireTopics(external, counts);
    const existing: ExistingTopic[] = [];
    for (const topic of this.#internal.values()) {
      const partitions = this.#partitionsOf(topic.name, counts, []);
      const wanted = {
        topic: this.fullName(topic.name),
        partitions,
        kind: 'repartition',
        configs: REPARTITION_CONFIGS,
      } as const;
      if (await this.#ensureInternal(admin, wanted, counts, options)) existing.push(wanted);
    }
    for (const subtopology of this.plan.subtopologies) {
      this.checkCopartitioning(subtopology, counts);
      existing.push(...(await this.#ensureChangelogs(admin, subtopology, counts, options)));
    }
    await this.#settings.check(admin, existing, options.logger);
    this.#counts = counts;
    return counts;
  }

  /**
   * Changelogs have a partition for each task.
   *
   * @returns those that were there before
   */
  async #ensureChangelogs(
    admin: KafkaAdmin,
    subtopology: Subtopology,
    counts: Map<string, number>,
    options: PrepareOptions,
  ): Promise<ExistingTopic[]> {
    const { additionalRetentionMs } = options;
    const logged = subtopology.stores.filter(
      ({ name, changelog }) => changelog !== undefined && !this.isSourceChangelog(name),
    );
    if (subtopology.stores.length === 0) return [];
    const inputs = this.inputsOf(subtopology, counts);
    checkEqualCounts(
      inputs,
      counts,
      `Topics that lead to the same stores (${subtopology.stores.map(({ name }) => name).join(', ')}) must have the same number of partitions:`,
    );
    const partitions = this.taskCount(subtopology, counts);
    const described = await admin.describeTopics(logged.map(({ name }) => this.changelogTopic(name)));
    for (const { topic, partitions: existing } of described) counts.set(topic, existing);
    const existing: ExistingTopic[] = [];
    for (const { name, changelog } of logged) {
      if (changelog === undefined) continue;
      const configs = changelog.topicConfig({ additionalRetentionMs });
      const { retention } = changelog;
      const wanted = { topic: this.changelogTopic(name), partitions, kind: 'changelog', configs, retention } as const;
      if (await this.#ensureInternal(admin, wanted, counts, options)) existing.push(wanted);
    }
    return existing;
  }

  /** Tasks of a subtopology: one per partition of its largest input, by default as {@link prepare} has found it. */
  taskCount(subtopology: Subtopology, counts: ReadonlyMap<string, number> = this.#counts): number {
    return Math.max(0, ...this.inputsOf(subtopology, counts).map((topic) => counts.get(topic) ?? 0));
  }

  /** Full names of the topics that a subtopology reads. */
  inputsOf(subtopology: Subtopology, counts: ReadonlyMap<string, number> = this.#counts): string[] {
    return this.#inputsOf(subtopology, counts).map(this.fullName);
  }

  /** Topic in which the instances of the application tell of themselves. */
  get instancesTopic(): string {
    return `${this.applicationId}-instances`;
  }

  /** @throws TopologyError INTERNAL_TOPIC_MISMATCH */
  async prepareInstancesTopic(admin: KafkaAdmin, options: PrepareOptions): Promise<void> {
    const topic = this.instancesTopic;
    const described = await admin.describeTopics([topic]);
    const counts = new Map(described.map((description) => [description.topic, description.partitions]));
    await this.#ensureInternal(
      admin,
      { topic, partitions: 1, kind: 'registry', configs: INSTANCES_CONFIGS },
      counts,
      options,
    );
  }

  /** @throws TopologyError COPARTITION_MISMATCH if topics that are joined have different partition counts */
  checkCopartitioning(subtopology: Subtopology, counts: ReadonlyMap<string, number>): void {
    for (const group of subtopology.copartitionGroups) {
      checkEqualCounts(
        group.map(this.fullName),
        counts,
        'Topics read together by key must have the same number of partitions:',
      );
    }
  }

  async #matchingTopics(admin: KafkaAdmin): Promise<string[]> {
    const topics = await admin.listTopics();
    return topics.filter((topic) => this.#patterns.some(({ pattern }) => pattern.test(topic)));
  }

  #externalTopics(deadLetterTopic: string | undefined): ExternalTopics {
    const read = new Set<string>();
    const written = new Set<string>(deadLetterTopic === undefined ? [] : [deadLetterTopic]);
    for (const { nodes } of this.plan.subtopologies) {
      for (const node of nodes) {
        if (node.kind === 'source' && !(node.topics instanceof RegExp)) node.topics.forEach((topic) => read.add(topic));
        if (node.kind === 'sink' && typeof node.topic === 'string') written.add(node.topic);
      }
    }
    for (const { source } of this.plan.globalStores) {
      if (!(source.topics instanceof RegExp)) source.topics.forEach((topic) => read.add(topic));
    }
    for (const name of this.#internal.keys()) {
      read.delete(name);
      written.delete(name);
    }
    return { read, written, deadLetterTopic };
  }

  #requireTopics(external: ExternalTopics, counts: ReadonlyMap<string, number>): void {
    const missing = (topics: ReadonlySet<string>): string[] => [...topics].filter((topic) => !counts.has(topic));
    const sources = missing(external.read);
    if (sources.length > 0) {
      throw new TopologyError(
        'MISSING_SOURCE_TOPIC',
        `Input ${listOf(sources)} not exist on the cluster. Create ${sources.length === 1 ? 'it' : 'them'} before the application starts, or correct the name.`,
      );
    }
    const sinks = missing(external.written);
    if (sinks.length > 0) {
      const note =
        external.deadLetterTopic !== undefined && sinks.includes(external.deadLetterTopic)
          ? ' (dead-letter topic included)'
          : '';
      throw new TopologyError(
        'MISSING_SINK_TOPIC',
        `Output ${listOf(sinks)} not exist on the cluster${note}. Create ${sinks.length === 1 ? 'it' : 'them'} before the application starts, or correct the name.`,
      );
    }
  }

  /** Fixed by the user; else the partner's in its co-partition group; else the largest count upstream. */
  #partitionsOf(name: string, counts: ReadonlyMap<string, number>, path: readonly string[]): number {
    const fixed = this.#internal.get(name)?.partitions;
    if (fixed !== undefined) return fixed;
    const peers = this.plan.subtopologies
      .flatMap(({ copartitionGroups }) => copartitionGroups)
      .filter((group) => group.includes(name))
      .flat()
      .filter((topic) => topic !== name);
    const seen = [...path, name];
    const countOf = (topic: string): number => {
      if (!this.#internal.has(topic)) return counts.get(topic) ?? 0;
      return seen.includes(topic) ? 0 : this.#partitionsOf(topic, counts, seen);
    };
    const external = peers.filter(
      (topic) => !this.#internal.has(topic) || this.#internal.get(topic)?.partitions !== undefined,
    );
    const upstream = this.plan.subtopologies.filter(({ nodes }) =>
      nodes.some((node) => node.kind === 'sink' && node.topic === name),
    );
    const inputs = upstream.flatMap((subtopology) => this.#inputsOf(subtopology, counts));
    const candidates = external.length > 0 ? external : [...inputs, ...peers];
    const largest = Math.max(0, ...candidates.map(countOf));
    // Only an input that is a pattern without any topic yet leaves the count open at the top; inner calls may be 0.
    if (largest === 0 && path.length === 0) {
      throw new TopologyError(
        'UNKNOWN_PARTITION_COUNT',
        `The partition count of '${this.fullName(name)}' cannot be told, because no topic matches its input pattern yet. Give the count in repartition().`,
      );
    }
    return largest;
  }

  #inputsOf(subtopology: Subtopology, counts: ReadonlyMap<string, number>): string[] {
    return subtopology.nodes.flatMap((node) => {
      if (node.kind !== 'source') return [];
      if (!(node.topics instanceof RegExp)) return node.topics;
      const pattern = wholeName(node.topics);
      return [...counts.keys()].filter((topic) => pattern.test(topic));
    });
  }

  /** @returns whether somebody else has created it, so that its settings may be others */
  async #ensureInternal(
    admin: KafkaAdmin,
    wanted: WantedTopic,
    counts: Map<string, number>,
    options: PrepareOptions,
  ): Promise<boolean> {
    const { topic, partitions, kind, configs } = wanted;
    let existing = counts.get(topic);
    let isOurs = false;
    if (existing === undefined) {
      const created: NewTopic = {
        topic,
        partitions,
        configs,
        ...(options.replicationFactor > 0 ? { replicationFactor: options.replicationFactor } : {}),
      };
      try {
        await admin.createTopic(created);
        options.logger.info({ topic, partitions }, `Created ${kind} topic ${topic} with ${partitions} partitions`);
        existing = partitions;
        isOurs = true;
      } catch (error) {
        // Another instance that starts at the same time may have been first.
        if (!(error instanceof KafkaError && error.code === 'TOPIC_EXISTS')) throw error;
        existing = (await admin.describeTopics([topic]))[0]?.partitions ?? partitions;
      }
    }
    if (existing !== partitions) {
      throw new TopologyError(
        'INTERNAL_TOPIC_MISMATCH',
        `The internal topic '${topic}' has ${existing} partitions, but the topology needs ${partitions}. ` +
          'The input changed its partition count. Stop all instances, reset the application (its internal topics and local state), and start again.',
        { topic },
      );
    }
    counts.set(topic, existing);
    return !isOurs;
  }
}

export interface PrepareOptions {
  readonly replicationFactor: number;
  /** Added to the retention of window stores for their changelogs, ms. */
  readonly additionalRetentionMs: number;
  readonly deadLetterTopic: string | undefined;
  readonly logger: Logger;
}

interface WantedTopic {
  readonly topic: string;
  readonly partitions: number;
  /** For the log. */
  readonly kind: string;
  readonly configs: Readonly<Record<string, string>>;
}

interface ExternalTopics {
  readonly read: Set<string>;
  readonly written: Set<string>;
  readonly deadLetterTopic: string | undefined;
}

function listOf(topics: readonly string[]): string {
  return `${topics.length === 1 ? 'topic' : 'topics'} ${topics.map((topic) => `'${topic}'`).join(', ')} ${topics.length === 1 ? 'does' : 'do'}`;
}

/** Anchors a pattern so that it must match the whole name, as java.util.regex does in Kafka. */
function wholeName(pattern: RegExp): RegExp {
  return new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, ''));
}

function checkEqualCounts(topics: readonly string[], counts: ReadonlyMap<string, number>, why: string): void {
  const known = topics.flatMap((topic) => (counts.has(topic) ? [{ topic, partitions: counts.get(topic) }] : []));
  if (new Set(known.map(({ partitions }) => partitions)).size <= 1) return;
  const list = known.map(({ topic, partitions }) => `'${topic}' has ${partitions}`).join(', ');
  throw new TopologyError(
    'COPARTITION_MISMATCH',
    `${why} ${list}. Give them equal partition counts, or call repartition() on one of the streams.`,
  );
}
