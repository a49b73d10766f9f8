import type { KafkaAdmin } from '../client/port.js';
import { IllegalStateError, TaskMigratedError } from '../errors/errors.js';
import { StreamsError } from '../errors/streams-error.js';
import type { QueryableType } from '../state/queries/queryable-stores.js';
import type { StateStore } from '../state/stores/state-store.js';
import type { StoreBuilder } from '../state/stores/store-builder.js';
import type { StreamPartitioner, TopologyPlan } from '../topology/topology-nodes.js';
import type { Topology } from '../topology/topology.js';
import type { Serializer } from '../serde/serde.js';
import { openFileStorage, type OpenStateStorage } from '../state/directory/state-storage.js';
import type { RestoreProgress } from './changelog-reader.js';
import { ClientLifecycle, type ClientState, type StateListener } from './client-state.js';
import { GlobalTables } from './global-tables.js';
import { GroupPatience } from './group-patience.js';
import { InstanceDirectory, type InstanceInfo, type KeyQueryMetadata } from './instance-directory.js';
import type { InstanceRegistry } from './instance-registry.js';
import { LocalState } from './local-state.js';
import { openRegistry } from './open-registry.js';
import type { StreamsOptions } from './options.js';
import { resolveOptions, type ResolvedOptions } from './resolve-options.js';
import { StoreQueries, type StoreQueryOptions } from './store-queries.js';
import type { LoopStep, StepTiming } from './step-timings.js';
import { retrying } from './retry.js';
import { StreamCounters } from './stream-counters.js';
import { StreamLoop } from './stream-loop.js';
import type { TaskPhase } from './task-manager.js';
import { ClusterTopicPartitions } from './topic-partitions.js';
import { topologyFingerprint } from './topology-fingerprint.js';
import { TopologyTopics } from './topology-topics.js';

/** Counters since the client started. */
export interface StreamsMetrics extends Readonly<StreamCounters> {
  /** Time by step of the loop, ms, since the loop was started or replaced. */
  readonly steps: Readonly<Partial<Record<LoopStep, StepTiming>>>;
  /** Undefined before the start. */
  readonly restore: RestoreProgress | undefined;
}

/** How long the topics may take to be found or made at the start, ms. */
const START_TIMEOUT_MS = 30_000;
/** A replaced loop that lived shorter than this waits before the next one starts, ms. */
const REPLACE_DELAY_MS = 1_000;

/**
 * Runs a topology in this process: one group member, one loop, one producer.
 *
 * @example
 * const client = new StreamsClient(builder.build(), { applicationId: 'orders', kafka: { bootstrapServers: 'localhost:9092' } });
 * await client.start();
 * process.once('SIGTERM', () => void client.close());
 * await client.closed;
 */
export class StreamsClient {
  /** Resolves after a clean close; rejects with the error that ended the application. */
  readonly closed: Promise<void>;
  readonly #options: ResolvedOptions;
  readonly #lifecycle: ClientLifecycle;
  readonly #topics: TopologyTopics;
  readonly #admin: KafkaAdmin;
  readonly #partitionCounts: ClusterTopicPartitions;
  readonly #plan: TopologyPlan;
  readonly #counters = new StreamCounters();
  readonly #groupPatience: GroupPatience;
  #localState: LocalState | undefined;
  #registry: InstanceRegistry | undefined;
  readonly #queries: StoreQueries;
  readonly #directory: InstanceDirectory;
  #globalTables: GlobalTables | undefined;
  #loop: StreamLoop | undefined;
  #isClosing = false;
  #isPaused = false;
  #starting: Promise<void> | undefined;
  #resolveClosed!: () => void;
  #rejectClosed!: (error: unknown) => void;

  /**
   * @throws ConfigError if an option is unknown or invalid
   * @throws TopologyError if the topology is incomplete
   */
  constructor(
    topology: Topology,
    options: StreamsOptions,
    private readonly openStorage: OpenStateStorage = openFileStorage,
  ) {
    this.#options = resolveOptions(options);
    this.#groupPatience = new GroupPatience(this.#options);
    const { logger, kafka, applicationId } = this.#options;
    this.#lifecycle = new ClientLifecycle((error) => logger.error({ err: error }, 'A state listener threw'));
    this.#plan = topology.plan();
    this.#topics = new TopologyTopics(applicationId, this.#plan);
    this.#admin = kafka.admin();
    this.#partitionCounts = new ClusterTopicPartitions(this.#admin);
    this.#queries = new StoreQueries({
      plan: this.#plan,
      clientState: () => this.state,
      globalTables: () => this.#globalTables,
      heldTasks: () => this.#loop?.heldTasks ?? [],
      elsewhere: (store, partition) => this.#directory.whereabouts(store, partition),
    });
    this.#directory = new InstanceDirectory(this.#topics, () => (this.#isLive ? this.#registry : undefined));
    this.closed = new Promise<void>((resolve, reject) => {
      this.#resolveClosed = resolve;
      this.#rejectClosed = reject;
    });
    // Whoever only calls start() gets start-up errors from it; `closed` must not be an unhandled rejection then.
    this.closed.catch(() => undefined);
  }

  get state(): ClientState {
    return this.#lifecycle.state;
  }

  get #isLive(): boolean {
    return this.state === 'REBALANCING' || this.state === 'RUNNING';
  }

  /** @returns a function that removes the listener */
  onStateChange(listener: StateListener): () => void {
    return this.#lifecycle.onChange(listener);
  }

  get metrics(): StreamsMetrics {
    return { ...this.#counters, steps: this.#loop?.timings.snapshot() ?? {}, restore: this.#loop?.restoreProgress };
  }

  /** Tasks that this process holds at the moment, by id, with what they are doing. */
  get tasks(): ReadonlyMap<string, TaskPhase> {
    return this.#loop?.taskPhases ?? new Map<string, TaskPhase>();
  }

  /**
   * The stores of this name in all tasks of this process as one, for reading: committed state only. It follows
   * rebalances: each read asks the tasks that are here then. A key of another process's partition is not found here;
   * {@link keyQueryMetadata} says where it is.
   *
   * @param store its builder, or its name together with how to read it (`QueryableStores`)
   * @throws StateStoreError `STORE_NOT_FOUND`, `STORE_WRONG_TYPE`; `STATE_UNAVAILABLE` (also from each read): not started,
   *   still being restored, or with other processes
   * @example
   * const counts = client.store('counts', QueryableStores.keyValue<string, number>());
   * counts.get('AMS');
   */
  store<S extends StateStore, R>(store: StoreBuilder<S, R>, options?: StoreQueryOptions): R;
  store<R>(store: string, type: QueryableType<R>, options?: StoreQueryOptions): R;
  store(
    store: string | StoreBuilder,
    typeOrOptions: QueryableType<unknown> | StoreQueryOptions = {},
    options: StoreQueryOptions = {},
  ): unknown {
    if (typeof store !== 'string')
      return this.#queries.store(store.name, undefined, typeOrOptions as StoreQueryOptions);
    return this.#queries.store(store, typeOrOptions as QueryableType<unknown>, options);
  }

  /**
   * Which process has a key of a store, as fresh as what the other processes have told, usually less than a second old.
   * Its address is the option `applicationServer` of that process.
   *
   * @param keySerializer of the records that the store is fed with, and so partitioned by
   * @param partitioner where those are not partitioned as Kafka does by default; as for `to()` and `repartition()`
   * @throws StateStoreError `STORE_NOT_FOUND`; `STATE_UNAVAILABLE` if there is no registry, or the client does not run
   */
  keyQueryMetadata<K>(
    store: string,
    key: K,
    keySerializer: Serializer<K>,
    partitioner?: StreamPartitioner<K, unknown>,
  ): KeyQueryMetadata {
    return this.#directory.ownerOfKey(store, key, keySerializer, partitioner);
  }

  /** All processes that have a part of a store, as owners or standbys. Errors as {@link keyQueryMetadata}. */
  instancesForStore(store: string): readonly InstanceInfo[] {
    return this.#directory.withStore(store);
  }

  /** All processes of the application that live, this one first. Errors as {@link keyQueryMetadata}. */
  instances(): readonly InstanceInfo[] {
    return this.#directory.all();
  }

  /**
   * Checks cluster and topics, creates internal topics, joins the group. Resolves when the loop runs; partitions come
   * with the first rebalance (state RUNNING).
   *
   * @throws KafkaError if the broker cannot be reached or refuses
   * @throws TopologyError if topics are missing or do not fit
   */
  async start(): Promise<void> {
    if (this.state !== 'CREATED')
      throw new IllegalStateError(`start() needs a client in state CREATED, this one is ${this.state}.`);
    this.#lifecycle.transitionTo('REBALANCING');
    this.#starting = this.#open();
    try {
      await this.#starting;
    } catch (error) {
      await this.#fail(error);
      throw error;
    }
    void this.#run();
  }

  /** Processes nothing until {@link resume}; keeps partitions and group membership. */
  pause(): void {
    this.#isPaused = true;
    this.#loop?.setPaused(true);
  }

  resume(): void {
    this.#isPaused = false;
    this.#loop?.setPaused(false);
  }

  /**
   * Finishes the records under way, commits, leaves the group. Idempotent; resolves when all is closed.
   * @throws StreamsError CLOSE_TIMED_OUT after `closeTimeoutMs`; or what made the last commit fail
   */
  async close(): Promise<void> {
    if (!this.#isClosing && this.state !== 'ERROR' && this.state !== 'PENDING_ERROR') {
      this.#isClosing = true;
      const wasCreated = this.state === 'CREATED';
      this.#lifecycle.transitionTo('PENDING_SHUTDOWN');
      if (wasCreated) await this.#finish();
      else {
        this.#globalTables?.stop();
        this.#loop?.stop();
      }
    }
    await this.#withinCloseTimeout(this.closed);
  }

  async #open(): Promise<void> {
    const { logger, replicationFactor, deadLetterTopic } = this.#options;
    const additionalRetentionMs = this.#options.windowChangelogAdditionalRetentionMs;
    this.#localState = new LocalState(this.#options, this.#topics, this.#plan, this.openStorage);
    await this.#admin.connect();
    const prepare = { logger, replicationFactor, deadLetterTopic, additionalRetentionMs };
    // A cluster on which brokers come and go answers in a moment; one that refuses is reported at once.
    const patience = { ...this.#options, taskTimeoutMs: Math.min(this.#options.taskTimeoutMs, START_TIMEOUT_MS) };
    const counts = await retrying(patience, 'prepare the topics', () => this.#topics.prepare(this.#admin, prepare));
    for (const [topic, partitions] of counts) this.#partitionCounts.set(topic, partitions);
    const topology = topologyFingerprint(this.#plan, (subtopology) => this.#topics.taskCount(subtopology));
    this.#localState.checkTopology(topology);
    this.#registry = await openRegistry({
      ...{ options: this.#options, admin: this.#admin, topics: this.#topics, prepare, patience, topology },
      localState: this.#localState,
    });
    await this.#openGlobalTables(this.#localState);
    await retrying(patience, 'open the clients', () => this.#openLoop());
  }

  async #openGlobalTables(localState: LocalState): Promise<void> {
    this.#globalTables = new GlobalTables({
      ...{ options: this.#options, plan: this.#plan, admin: this.#admin },
      partitionCount: (topic) => this.#partitionCounts.count(topic),
      openStores: () => localState.openGlobalStores(),
    });
    if (this.#isClosing) this.#globalTables.stop();
    await this.#globalTables.open();
  }

  async #openLoop(): Promise<void> {
    const [localState, globalTables] = [this.#localState, this.#globalTables];
    if (localState === undefined || globalTables === undefined)
      throw new IllegalStateError('The client was not started.');
    const loop = new StreamLoop({
      options: this.#options,
      counters: this.#counters,
      localState,
      globalTables,
      registry: this.#registry,
      topics: this.#topics,
      partitionCounts: this.#partitionCounts,
      admin: this.#admin,
      onRebalance: (isRebalancing) => this.#onRebalance(isRebalancing),
    });
    this.#loop = loop;
    if (this.#isPaused) loop.setPaused(true);
    try {
      await loop.connect();
    } catch (error) {
      await loop.abandon();
      throw error;
    }
    if (this.#isClosing) loop.stop();
  }

  #onRebalance(isRebalancing: boolean): void {
    const next = isRebalancing ? 'REBALANCING' : 'RUNNING';
    if (this.#isLive && this.state !== next) this.#lifecycle.transitionTo(next);
  }

  /** Runs loops until a clean end; a failed one is replaced if the handler says so. */
  async #run(): Promise<void> {
    const { clock, logger } = this.#options;
    for (;;) {
      const startedMs = clock.monotonicMs();
      try {
        await this.#loop?.run();
        if (this.state !== 'PENDING_SHUTDOWN') this.#lifecycle.transitionTo('PENDING_SHUTDOWN');
        await this.#finish();
        return;
      } catch (error) {
        const shown = error instanceof Error ? error : new StreamsError('UNCAUGHT', String(error), { cause: error });
        const isMigrated = shown instanceof TaskMigratedError;
        const isRefused = this.#groupPatience.allows(shown, startedMs);
        if ((isMigrated || isRefused) && this.#isClosing) {
          await this.#finish();
          return;
        }
        if (this.#isClosing || (!isMigrated && !isRefused && !this.#shouldReplace(shown))) {
          await this.#fail(shown);
          return;
        }
        if (isMigrated) logger.warn({ err: shown }, `Tasks lost, starting anew: ${shown.message}`);
        else if (isRefused) logger.warn({ err: shown }, `Joining the group again: ${shown.message}`);
        else logger.error({ err: shown }, `The stream loop failed and is replaced: ${shown.message}`);
        if (this.state === 'RUNNING') this.#lifecycle.transitionTo('REBALANCING');
        if (isRefused) await this.#groupPatience.wait();
        else if (clock.monotonicMs() - startedMs < REPLACE_DELAY_MS) await clock.sleep(REPLACE_DELAY_MS);
      }
      try {
        await retrying(this.#options, 'open clients for a new loop', () => this.#openLoop());
      } catch (error) {
        await this.#fail(error);
        return;
      }
    }
  }

  #shouldReplace(error: Error): boolean {
    const { logger, uncaughtHandler } = this.#options;
    try {
      return uncaughtHandler(error) === 'replace';
    } catch (thrown) {
      logger.error({ err: thrown }, 'The uncaughtHandler threw; the application stops');
      return false;
    }
  }

  async #finish(): Promise<void> {
    await this.#closeClients();
    this.#lifecycle.transitionTo('NOT_RUNNING');
    this.#resolveClosed();
  }

  async #fail(error: unknown): Promise<void> {
    const { logger } = this.#options;
    const message = error instanceof Error ? error.message : String(error);
    logger.error({ err: error }, `The application stops: ${message}`);
    this.#lifecycle.transitionTo('PENDING_ERROR');
    await this.#closeClients();
    this.#lifecycle.transitionTo('ERROR');
    this.#rejectClosed(error);
  }

  async #closeClients(): Promise<void> {
    const steps: readonly [string, () => void | Promise<void>][] = [
      ['close the registry', () => this.#registry?.close()],
      ['close the global tables', () => this.#globalTables?.close()],
      ['release the local state', () => this.#localState?.close()],
      ['close the admin client', () => this.#admin.close()],
    ];
    for (const [what, step] of steps) {
      try {
        await step();
      } catch (error) {
        this.#options.logger.warn({ err: error }, `Could not ${what}`);
      }
    }
  }

  async #withinCloseTimeout(work: Promise<void>): Promise<void> {
    const { clock, closeTimeoutMs } = this.#options;
    const done = new AbortController();
    const timeout = clock.sleep(closeTimeoutMs, done.signal).then(() => {
      if (done.signal.aborted) return;
      throw new StreamsError(
        'CLOSE_TIMED_OUT',
        `The application did not close within ${closeTimeoutMs} ms (closeTimeoutMs). What it had not committed will be processed again.`,
      );
    });
    try {
      await Promise.race([work, timeout]);
    } finally {
      done.abort();
    }
  }
}
