import type { KafkaAdmin } from '../client/port.js';
import type { TopicPartition } from '../client/records.js';
import { IllegalStateError } from '../errors/errors.js';
import { StreamsError } from '../errors/streams-error.js';
import type { Topology } from '../topology/topology.js';
import { ClientLifecycle, type ClientState, type StateListener } from './client-state.js';
import type { StreamsOptions } from './options.js';
import { resolveOptions, type ResolvedOptions } from './resolve-options.js';
import type { LoopStep, StepTiming } from './step-timings.js';
import { StreamLoop } from './stream-loop.js';
import { ClusterTopicPartitions } from './topic-partitions.js';
import { TopologyTopics } from './topology-topics.js';

/** Counters since the client started. */
export interface StreamsMetrics {
  readonly processedRecords: number;
  readonly sentRecords: number;
  /** Records that a handler let go, and those with a negative timestamp. */
  readonly droppedRecords: number;
  readonly deadLetters: number;
  /** Time by step of the loop, ms. */
  readonly steps: Readonly<Partial<Record<LoopStep, StepTiming>>>;
}

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
  constructor(topology: Topology, options: StreamsOptions) {
    this.#options = resolveOptions(options);
    const { logger, kafka, applicationId } = this.#options;
    this.#lifecycle = new ClientLifecycle((error) => logger.error({ err: error }, 'A state listener threw'));
    this.#topics = new TopologyTopics(applicationId, topology.plan());
    this.#admin = kafka.admin();
    this.#partitionCounts = new ClusterTopicPartitions(this.#admin);
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

  /** @returns a function that removes the listener */
  onStateChange(listener: StateListener): () => void {
    return this.#lifecycle.onChange(listener);
  }

  get metrics(): StreamsMetrics {
    const none = { processedRecords: 0, sentRecords: 0, droppedRecords: 0, deadLetters: 0 };
    return { ...(this.#loop?.counters ?? none), steps: this.#loop?.timings.snapshot() ?? {} };
  }

  /** Tasks that this process runs at the moment. */
  get tasks(): readonly { readonly taskId: string; readonly partitions: readonly TopicPartition[] }[] {
    return this.#loop?.assignedTasks ?? [];
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
      else this.#loop?.stop();
    }
    await this.#withinCloseTimeout(this.closed);
  }

  async #open(): Promise<void> {
    const { logger, replicationFactor, deadLetterTopic } = this.#options;
    await this.#admin.connect();
    const counts = await this.#topics.prepare(this.#admin, { logger, replicationFactor, deadLetterTopic });
    for (const [topic, partitions] of counts) this.#partitionCounts.set(topic, partitions);
    await this.#openLoop();
  }

  async #openLoop(): Promise<void> {
    const loop = new StreamLoop({
      options: this.#options,
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
    const isLive = this.state === 'REBALANCING' || this.state === 'RUNNING';
    if (isLive && this.state !== next) this.#lifecycle.transitionTo(next);
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
        if (this.#isClosing || !this.#shouldReplace(shown)) {
          await this.#fail(shown);
          return;
        }
        logger.error({ err: shown }, `The stream loop failed and is replaced: ${shown.message}`);
        if (this.state === 'RUNNING') this.#lifecycle.transitionTo('REBALANCING');
        if (clock.monotonicMs() - startedMs < REPLACE_DELAY_MS) await clock.sleep(REPLACE_DELAY_MS);
      }
      try {
        await this.#openLoop();
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
    await this.#closeAdmin();
    this.#lifecycle.transitionTo('NOT_RUNNING');
    this.#resolveClosed();
  }

  async #fail(error: unknown): Promise<void> {
    const { logger } = this.#options;
    const message = error instanceof Error ? error.message : String(error);
    logger.error({ err: error }, `The application stops: ${message}`);
    this.#lifecycle.transitionTo('PENDING_ERROR');
    await this.#closeAdmin();
    this.#lifecycle.transitionTo('ERROR');
    this.#rejectClosed(error);
  }

  async #closeAdmin(): Promise<void> {
    try {
      await this.#admin.close();
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'Could not close the admin client');
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
