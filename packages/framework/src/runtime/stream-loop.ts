import type { GroupEvent, GroupMembership, KafkaAdmin, RecordFetcher, RecordProducer } from '../client/port.js';
import type { TopicPartition } from '../client/records.js';
import { KafkaError, TaskMigratedError } from '../errors/errors.js';
import { CommitCoordinator } from './commit-coordinator.js';
import { FetchPump } from './fetch-pump.js';
import { Housekeeping } from './housekeeping.js';
import { RecordCollector } from './record-collector.js';

import type { ResolvedOptions } from './resolve-options.js';
import { retrying } from './retry.js';
import { resetOffsets, startingOffsets } from './starting-offsets.js';
import { StepTimings, type LoopStep } from './step-timings.js';
import { TaskManager } from './task-manager.js';
import type { ClusterTopicPartitions } from './topic-partitions.js';
import type { TopologyTopics } from './topology-topics.js';

export interface StreamLoopDeps {
  readonly options: ResolvedOptions;
  readonly topics: TopologyTopics;
  readonly partitionCounts: ClusterTopicPartitions;
  readonly admin: KafkaAdmin;
  /** Told when a rebalance begins and when all its tasks run. */
  readonly onRebalance: (isRebalancing: boolean) => void;
}

/** Records taken from one task before the next task has its turn. */
const SLICE_RECORDS = 250;
/** Longest time of processing before the loop looks at events and at what was fetched, ms. */
const SLICE_MS = 50;
/** A member that was given nothing is not told so by every protocol; after this time it counts as running, ms. */
const EMPTY_ASSIGNMENT_AFTER_MS = 5_000;
/**
 * The one loop of a process: polls, processes, punctuates, commits, rebalances. It owns all tasks; callbacks of the
 * clients only enqueue. One fetch is in flight while records are processed.
 */
export class StreamLoop {
  readonly timings = new StepTimings();
  readonly #tasks: TaskManager;
  readonly #fetcher: RecordFetcher;
  readonly #producer: RecordProducer;
  readonly #collector: RecordCollector;
  readonly #housekeeping: Housekeeping;
  readonly #pump: FetchPump;
  #membership: GroupMembership;
  #commits: CommitCoordinator;
  #isStopping = false;
  #isPaused = false;
  #isWaitingForAssignment = true;
  #joinedMs = 0;
  #lastCommitMs = 0;
  #closedTaskRecords = 0;

  constructor(private readonly deps: StreamLoopDeps) {
    const { options, topics } = deps;
    this.#membership = this.#newMembership();
    this.#fetcher = options.kafka.fetcher({
      isolationLevel: 'read_uncommitted',
      maxPollRecords: options.maxPollRecords,
    });
    this.#producer = options.kafka.producer(options.producer);
    this.#collector = new RecordCollector({
      producer: this.#producer,
      topics: deps.partitionCounts,
      productionHandler: options.productionHandler,
      deadLetterTopic: options.deadLetterTopic,
      logger: options.logger,
    });
    this.#pump = new FetchPump(this.#fetcher);
    const { admin, partitionCounts } = deps;
    const { repartitionTopics } = topics;
    this.#housekeeping = new Housekeeping({ admin, partitionCounts, repartitionTopics, options });
    this.#commits = this.#newCommits();
    const { applicationId, maxTaskIdleMs, deserializationHandler, processingHandler, productionHandler } = options;
    const { clock, logger } = options;
    this.#tasks = new TaskManager({
      topics,
      logger,
      taskDeps: (subtopology, taskId) => ({
        ...{
          applicationId,
          maxTaskIdleMs,
          deserializationHandler,
          processingHandler,
          productionHandler,
          clock,
          logger,
        },
        ...{ taskId, subtopology, topicName: topics.fullName, collector: this.#collector },
        endOffset: (partition) => this.#fetcher.endOffset(partition),
      }),
    });
  }

  /** Opens the clients and joins the group. */
  async connect(): Promise<void> {
    await this.#producer.connect();
    await this.#fetcher.connect();
    await this.#join();
    this.#lastCommitMs = this.deps.options.clock.monotonicMs();
  }

  /**
   * Runs until {@link stop}; then commits, leaves the group and closes. Rejects with what ended it otherwise: then
   * nothing more was committed.
   */
  async run(): Promise<void> {
    try {
      while (!this.#isStopping) await this.#iterateOrRejoin();
      await this.#commitLast();
    } finally {
      await this.#close();
    }
  }

  async #commitLast(): Promise<void> {
    try {
      await this.#timed('commit', () => this.#commit());
    } catch (error) {
      if (!(error instanceof TaskMigratedError)) throw error;
      // Other members have the partitions already and process again what was not committed here.
      this.deps.options.logger.warn({ err: error }, `Closing without a last commit: ${error.message}`);
    }
  }

  /** Makes `run()` finish after the iteration under way. */
  stop(): void {
    this.#isStopping = true;
    this.#fetcher.wakeup();
  }

  /** While paused the loop keeps its partitions and processes nothing. */
  setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#fetcher.wakeup();
  }

  /** Closes without running, after a failed {@link connect}. */
  async abandon(): Promise<void> {
    await this.#close();
  }

  get assignedTasks(): readonly { readonly taskId: string; readonly partitions: readonly TopicPartition[] }[] {
    return [...this.#tasks.tasks].map((task) => ({
      taskId: task.id.toString(),
      partitions: task.queues.map(({ topic, partition }) => ({ topic, partition })),
    }));
  }

  get counters(): { processedRecords: number; sentRecords: number; droppedRecords: number; deadLetters: number } {
    let [processedRecords, droppedRecords, deadLetters] = [this.#closedTaskRecords, this.#collector.droppedRecords, 0];
    for (const task of this.#tasks.tasks) {
      processedRecords += task.processedRecords;
      droppedRecords += task.droppedRecords;
      deadLetters += task.deadLetters;
    }
    return { processedRecords, sentRecords: this.#collector.recordsSent, droppedRecords, deadLetters };
  }

  /** The catch ladder's first step: a lost membership is answered here, everything else ends the loop. */
  async #iterateOrRejoin(): Promise<void> {
    try {
      await this.#iterate();
    } catch (error) {
      if (!(error instanceof TaskMigratedError)) throw error;
      this.deps.options.logger.warn({ err: error }, `Tasks lost, rejoining the group: ${error.message}`);
      await this.#rejoin();
    }
  }

  async #iterate(): Promise<void> {
    const { clock } = this.deps.options;
    for (const event of this.#membership.poll()) await this.#timed('rebalance', () => this.#onEvent(event));
    this.#noticeEmptyAssignment();
    this.#pump.start(this.#waitMs());
    const hasWork = this.#isPaused ? false : await this.#timed('process', () => this.#processSlice());
    await this.#punctuate();
    await this.#maybeCommit();
    if (!this.#pump.hasResult) {
      // With records at hand the loop only lets callbacks run; without, it waits for the fetch.
      if (hasWork) await clock.sleep(0);
      else await this.#timed('poll', () => this.#pump.wait());
    }
    await this.#takeFetched();
  }

  /** How long a fetch may wait: until something else is due. */
  #waitMs(): number {
    const { clock, pollMs, commitIntervalMs } = this.deps.options;
    const nowMs = clock.now();
    let waitMs = Math.min(pollMs, this.#lastCommitMs + commitIntervalMs - clock.monotonicMs());
    for (const task of this.#tasks.tasks) waitMs = Math.min(waitMs, task.nextWallClockMs - nowMs);
    return Math.max(1, Math.ceil(waitMs));
  }

  /** @returns whether any task has more to process now */
  async #processSlice(): Promise<boolean> {
    const { clock } = this.deps.options;
    const startMs = clock.monotonicMs();
    for (;;) {
      let processed = 0;
      for (const task of this.#tasks.tasks) processed += await task.process(SLICE_RECORDS, clock.now());
      if (processed === 0) return false;
      if (clock.monotonicMs() - startMs >= SLICE_MS) return true;
      for (const task of this.#tasks.tasks) if (task.isCommitRequested) return true;
    }
  }

  async #punctuate(): Promise<void> {
    if (this.#isPaused) return;
    const nowMs = this.deps.options.clock.now();
    for (const task of this.#tasks.tasks) {
      if (task.nextWallClockMs <= nowMs) await this.#timed('punctuate', () => task.punctuateWallClock(nowMs));
    }
  }

  async #maybeCommit(): Promise<void> {
    const { clock, commitIntervalMs } = this.deps.options;
    let isDue = clock.monotonicMs() - this.#lastCommitMs >= commitIntervalMs;
    for (const task of this.#tasks.tasks) isDue ||= task.isCommitRequested;
    if (!isDue) return;
    await this.#timed('commit', () => this.#commit());
    await this.#housekeeping.run(this.#tasks.size, this.counters.processedRecords);
  }

  async #commit(): Promise<void> {
    const committed = await this.#commits.commit([...this.#tasks.tasks]);
    this.#lastCommitMs = this.deps.options.clock.monotonicMs();
    this.#housekeeping.committed(committed);
  }

  async #takeFetched(): Promise<void> {
    const fetched = this.#pump.take();
    if (fetched !== undefined) {
      for (const batch of fetched.batches) this.#tasks.addRecords(batch);
      for (const { topic, partition, error } of fetched.failures) {
        if (this.#tasks.holds({ topic, partition })) await this.#onFetchFailure({ topic, partition }, error);
      }
    }
    await this.#collector.answerFailures();
    this.#balanceBuffers();
  }

  /** Stops fetching for queues that are over their limit, and goes on below it. */
  #balanceBuffers(): void {
    const limit = this.deps.options.bufferedRecordsPerPartition;
    for (const queue of this.#tasks.queues()) {
      const shouldPause = this.#isPaused || queue.size > limit;
      if (shouldPause === queue.isPaused) continue;
      queue.isPaused = shouldPause;
      if (shouldPause) this.#fetcher.pause([queue]);
      else this.#fetcher.resume([queue]);
    }
  }

  async #onFetchFailure(partition: TopicPartition, error: Error): Promise<void> {
    if (!(error instanceof KafkaError && error.code === 'OFFSET_OUT_OF_RANGE')) throw error;
    const { clock, logger, taskTimeoutMs } = this.deps.options;
    const [start] = await retrying(clock, taskTimeoutMs, () =>
      resetOffsets([partition], this.deps.admin, this.#policyOf),
    );
    if (start === undefined) throw error;
    logger.warn(
      { ...partition, newOffset: start.offset },
      `The offset to read in ${partition.topic}-${partition.partition} is not there any more; going on at ${start.offset}`,
    );
    this.#fetcher.assign([start]);
  }

  readonly #policyOf = (topic: string): NonNullable<ResolvedOptions['offsetReset']> =>
    this.deps.topics.input(topic)?.source.offsetReset ?? this.deps.options.offsetReset;

  async #onEvent(event: GroupEvent): Promise<void> {
    if (event.type === 'error') throw event.error;
    const { logger } = this.deps.options;
    const names = event.partitions.map(({ topic, partition }) => `${topic}-${partition}`);
    logger.info({ partitions: names }, `Partitions ${event.type}: ${names.join(', ') || 'none'}`);
    this.deps.onRebalance(true);
    switch (event.type) {
      case 'assigned':
        await this.#onAssigned(event.partitions);
        break;
      case 'revoked':
        await this.#timed('commit', () => this.#commit());
        await this.#drop(event.partitions);
        break;
      case 'lost':
        await this.#drop(event.partitions);
        break;
    }
    this.#membership.acknowledge();
    this.#isWaitingForAssignment = false;
    this.deps.onRebalance(false);
  }

  async #onAssigned(partitions: readonly TopicPartition[]): Promise<void> {
    const { clock, taskTimeoutMs } = this.deps.options;
    const starts = await retrying(clock, taskTimeoutMs, () =>
      startingOffsets(partitions, this.#membership, this.deps.admin, this.#policyOf),
    );
    await this.#tasks.assign(starts);
    this.#fetcher.assign(starts);
  }

  /** Gives partitions up without committing. */
  async #drop(partitions: readonly TopicPartition[]): Promise<void> {
    await this.#pump.unassign(partitions);
    const before = this.counters.processedRecords;
    this.#tasks.remove(partitions);
    this.#closedTaskRecords += before - this.counters.processedRecords;
  }

  #noticeEmptyAssignment(): void {
    if (!this.#isWaitingForAssignment) return;
    if (this.deps.options.clock.monotonicMs() - this.#joinedMs < EMPTY_ASSIGNMENT_AFTER_MS) return;
    this.#isWaitingForAssignment = false;
    this.deps.options.logger.info({}, 'No partitions assigned: other members hold all of them; standing by');
    this.deps.onRebalance(false);
  }

  #newMembership(): GroupMembership {
    const { applicationId, groupProtocol, groupInstanceId, maxPollIntervalMs, sessionTimeoutMs, kafka } =
      this.deps.options;
    return kafka.membership({
      groupId: applicationId,
      protocol: groupProtocol,
      maxPollIntervalMs,
      sessionTimeoutMs,
      ...(groupInstanceId === undefined ? {} : { groupInstanceId }),
    });
  }

  #newCommits(): CommitCoordinator {
    const { clock, taskTimeoutMs } = this.deps.options;
    return new CommitCoordinator({ collector: this.#collector, membership: this.#membership, clock, taskTimeoutMs });
  }

  async #join(): Promise<void> {
    await this.#membership.join(this.deps.topics.subscription);
    this.#isWaitingForAssignment = true;
    this.#joinedMs = this.deps.options.clock.monotonicMs();
  }

  /** A new member in place of one that the group has given up: all tasks are dropped, nothing of theirs is committed. */
  async #rejoin(): Promise<void> {
    this.deps.onRebalance(true);
    await this.#drop(this.#tasks.partitions);
    await this.#membership.leave();
    this.#membership = this.#newMembership();
    this.#commits = this.#newCommits();
    await this.#join();
  }

  async #close(): Promise<void> {
    const { logger } = this.deps.options;
    this.#tasks.closeAll();
    const steps: readonly [string, () => Promise<void>][] = [
      ['leave the group', () => this.#membership.leave()],
      ['close the fetcher', () => this.#fetcher.close()],
      ['close the producer', () => this.#producer.close()],
    ];
    for (const [what, step] of steps) {
      try {
        await step();
      } catch (error) {
        logger.warn({ err: error }, `Could not ${what} on the way out`);
      }
    }
    await this.#pump.wait();
  }

  async #timed<T>(step: LoopStep, work: () => Promise<T>): Promise<T> {
    const { clock } = this.deps.options;
    const startMs = clock.monotonicMs();
    try {
      return await work();
    } finally {
      this.timings.add(step, clock.monotonicMs() - startMs);
    }
  }
}
