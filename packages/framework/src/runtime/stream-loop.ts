import type { GroupEvent, GroupMembership, GroupMembershipOptions, KafkaAdmin, RecordFetcher } from '../client/port.js';
import type { TopicPartition } from '../client/records.js';
import { KafkaError, TaskMigratedError } from '../errors/errors.js';
import type { TaskId } from '../processor/processor-context.js';
import type { Subtopology } from '../topology/topology-nodes.js';
import { ChangelogReader, type RestoreProgress } from './changelog-reader.js';
import { CommitCoordinator } from './commit-coordinator.js';
import type { GlobalTables } from './global-tables.js';
import { Housekeeping } from './housekeeping.js';
import type { InstanceRegistry } from './instance-registry.js';
import type { LocalState } from './local-state.js';
import { guaranteeOf, type ProcessingGuarantee } from './processing-guarantee.js';
import { RecordCollector } from './record-collector.js';
import { RecordIntake } from './record-intake.js';
import type { ResolvedOptions } from './resolve-options.js';
import { retrying } from './retry.js';
import { StateUpkeep } from './state-upkeep.js';
import { StepTimings, type LoopStep } from './step-timings.js';
import type { StreamCounters } from './stream-counters.js';
import type { StreamTaskDeps } from './stream-task-deps.js';
import { TaskManager, type TaskPhase } from './task-manager.js';
import { textOf } from './task-node.js';
import type { HeldTask } from './store-queries.js';
import type { TaskStores } from './task-stores.js';
import type { ClusterTopicPartitions } from './topic-partitions.js';
import type { TopologyTopics } from './topology-topics.js';

export interface StreamLoopDeps {
  readonly options: ResolvedOptions;
  readonly counters: StreamCounters;
  readonly localState: LocalState;
  readonly globalTables: GlobalTables;
  readonly registry: InstanceRegistry | undefined;
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
/** Most changelog records that one step of restoring takes: what running tasks wait for in between. */
const RESTORE_POLL_RECORDS = 5_000;
/** A member that was given nothing is not told so by every protocol; after this time it counts as running, ms. */
const EMPTY_ASSIGNMENT_AFTER_MS = 5_000;
/**
 * The one loop of a process: polls, processes, punctuates, commits, rebalances. It owns all tasks; callbacks of the
 * clients only enqueue. One fetch is in flight while records are processed.
 */
export class StreamLoop {
  readonly timings = new StepTimings();
  readonly #tasks: TaskManager;
  readonly #changelogs: ChangelogReader;
  readonly #membership: GroupMembership;
  readonly #fetcher: RecordFetcher;
  readonly #guarantee: ProcessingGuarantee;
  readonly #collector: RecordCollector;
  readonly #commits: CommitCoordinator;
  readonly #housekeeping: Housekeeping;
  readonly #intake: RecordIntake;
  /** Global tables, registry of instances, standbys. */
  readonly #upkeep: StateUpkeep;
  #isStopping = false;
  #isPaused = false;
  #isRebalancing = true;
  #isWaitingForAssignment = true;
  #joinedMs = 0;
  #lastCommitMs = 0;

  constructor(private readonly deps: StreamLoopDeps) {
    const { options, admin, topics, partitionCounts, counters, localState } = deps;
    const { kafka, clock, logger, taskTimeoutMs } = options;
    this.#membership = kafka.membership(membershipOptions(options));
    this.#guarantee = guaranteeOf(options, localState.processId);
    const { producer, isolationLevel } = this.#guarantee;
    this.#fetcher = kafka.fetcher({ isolationLevel, maxPollRecords: options.maxPollRecords });
    this.#intake = new RecordIntake({ fetcher: this.#fetcher, membership: this.#membership, admin, topics, options });
    const { productionHandler, deadLetterTopic } = options;
    this.#collector = new RecordCollector({
      ...{ producer, topics: partitionCounts, productionHandler, deadLetterTopic, counters },
      ...{ clock, logger, taskTimeoutMs },
      isTransactional: options.processingGuarantee === 'exactly_once_v2',
      isChangelog: topics.isChangelog,
    });
    const { repartitionTopics } = topics;
    this.#housekeeping = new Housekeeping({ admin, partitionCounts, repartitionTopics, localState, options });
    this.#commits = new CommitCoordinator({
      ...{ guarantee: this.#guarantee, collector: this.#collector, membership: this.#membership },
      ...{ admin, counters: deps.counters, clock, logger, taskTimeoutMs },
    });
    const restoreFetcher = kafka.fetcher({ isolationLevel, maxPollRecords: RESTORE_POLL_RECORDS });
    this.#changelogs = new ChangelogReader({ fetcher: restoreFetcher, admin, clock, logger, taskTimeoutMs });
    const { globalTables, registry } = deps;
    this.#upkeep = new StateUpkeep({
      ...{ options, localState, globalTables, registry, topics, admin },
      heldTasks: () => this.#tasks.held,
      lagOf: (stores) => this.#changelogs.lag(stores),
    });
    const { openStores } = this.#upkeep;
    this.#tasks = new TaskManager({
      ...{ topics, changelogs: this.#changelogs, clock, logger, taskTimeoutMs, openStores },
      taskDeps: (subtopology, taskId, stores) => this.#taskDeps(subtopology, taskId, stores),
    });
  }

  #taskDeps(subtopology: Subtopology, taskId: TaskId, stores: TaskStores | undefined): StreamTaskDeps {
    const { options, topics, counters, globalTables } = this.deps;
    const { applicationId, maxTaskIdleMs, clock, logger } = options;
    const { deserializationHandler, processingHandler, productionHandler } = options;
    return {
      ...{
        applicationId,
        taskId,
        subtopology,
        topicName: topics.fullName,
        collector: this.#collector,
        counters,
        stores,
        globalStore: globalTables.store,
      },
      ...{ maxTaskIdleMs, deserializationHandler, processingHandler, productionHandler, clock, logger },
      endOffset: (partition) => this.#fetcher.endOffset(partition),
    };
  }

  /** Opens the clients and joins the group. */
  async connect(): Promise<void> {
    await this.#guarantee.connect();
    await this.#fetcher.connect();
    await this.#membership.join(this.deps.topics.subscription);
    this.#joinedMs = this.#lastCommitMs = this.deps.options.clock.monotonicMs();
  }

  /**
   * Runs until {@link stop}; then commits, leaves the group and closes. Rejects with what ended it otherwise: then
   * nothing more was committed. A `TaskMigratedError` asks for a new loop.
   */
  async run(): Promise<void> {
    try {
      while (!this.#isStopping) await this.#iterateOrRewind();
      await this.#commitLast();
    } finally {
      await this.#close();
    }
  }

  async #commitLast(): Promise<void> {
    try {
      await this.#timed('commit', () => this.#commit(true));
    } catch (error) {
      if (!(error instanceof TaskMigratedError) && !requiresAbort(error)) throw error;
      // What was not committed here is processed again, by whoever has the partitions then.
      this.deps.options.logger.warn({ err: error }, `Closing without a last commit: ${textOf(error)}`);
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

  /** Tasks held, with what they are doing. */
  get taskPhases(): ReadonlyMap<string, TaskPhase> {
    return this.#tasks.phases;
  }

  /** Tasks and standbys held, with their stores. */
  get heldTasks(): readonly HeldTask[] {
    return this.#upkeep.held;
  }

  get restoreProgress(): RestoreProgress {
    return this.#changelogs.progress;
  }

  /** The catch ladder's first step: an aborted transaction is answered here, everything else ends the loop. */
  async #iterateOrRewind(): Promise<void> {
    try {
      await this.#iterate();
    } catch (error) {
      if (!requiresAbort(error)) throw error;
      await this.#abortAndRewind(error);
    }
  }

  /** Takes back everything since the last commit and starts the tasks anew from there. */
  async #abortAndRewind(cause: unknown): Promise<void> {
    const { logger } = this.deps.options;
    logger.warn({ err: cause }, `The transaction is aborted and its records are processed again: ${textOf(cause)}`);
    const partitions = this.#tasks.runningPartitions;
    await this.#intake.unassign(partitions);
    this.#collector.clear();
    await this.#guarantee.abort();
    await this.#collector.aborted();
    this.#commits.aborted();
    const begun = this.#tasks.tasks.flatMap((task) => task.begun);
    this.#tasks.rewind(await this.#intake.starts(partitions, begun));
  }

  async #iterate(): Promise<void> {
    const { clock } = this.deps.options;
    for (const event of this.#membership.poll()) await this.#timed('rebalance', () => this.#onEvent(event));
    await this.#guarantee.begin();
    await this.#advanceTasks();
    await this.#upkeep.advance();
    this.#intake.start(this.#waitMs());
    const canProcess = !this.#isPaused && this.#upkeep.canProcess;
    const hasWork = !canProcess ? false : await this.#timed('process', () => this.#processSlice());
    await this.#punctuate();
    await this.#maybeCommit();
    if (!this.#intake.hasResult) {
      // With records at hand the loop only lets callbacks run; without, it waits for the fetch.
      if (hasWork) await clock.sleep(0);
      else await this.#timed('poll', () => this.#waitForRecords());
    }
    await this.#takeFetched();
  }

  /** Opens, restores and starts tasks, and begins to read for those that run. */
  async #advanceTasks(): Promise<void> {
    this.#intake.assign(await this.#tasks.advance());
    const { clock, logger } = this.deps.options;
    if (this.#isWaitingForAssignment && clock.monotonicMs() - this.#joinedMs >= EMPTY_ASSIGNMENT_AFTER_MS) {
      this.#isWaitingForAssignment = false;
      logger.info({}, 'No partitions assigned: other members hold all of them; standing by');
    }
    const isRebalancing = this.#isWaitingForAssignment || this.#tasks.isRestoring;
    if (isRebalancing === this.#isRebalancing) return;
    this.#isRebalancing = isRebalancing;
    this.deps.onRebalance(isRebalancing);
  }

  /** Whichever comes first: input, changelog records of tasks that are being restored, news of global tables. */
  #waitForRecords(): Promise<void> {
    const waits = [this.#intake.wait(), ...this.#upkeep.waits];
    if (!this.#changelogs.isIdle) waits.push(this.#changelogs.wait());
    return Promise.race(waits);
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
    await this.#housekeeping.run(this.#tasks.phases.size, this.deps.counters.processedRecords);
  }

  async #commit(isLast = false): Promise<void> {
    const committed = await this.#commits.commit(this.#tasks.tasks, isLast);
    this.#lastCommitMs = this.deps.options.clock.monotonicMs();
    this.#housekeeping.committed(committed);
  }

  async #takeFetched(): Promise<void> {
    await this.#intake.take(this.#tasks);
    await retrying(this.deps.options, 'answer failed deliveries', () => this.#collector.answerFailures());
    this.#intake.balance(this.#tasks, this.#isPaused);
  }

  async #onEvent(event: GroupEvent): Promise<void> {
    if (event.type === 'error') throw event.error;
    const { logger } = this.deps.options;
    const names = event.partitions.map(({ topic, partition }) => `${topic}-${partition}`);
    logger.info({ partitions: names }, `Partitions ${event.type}: ${names.join(', ') || 'none'}`);
    this.#isRebalancing = true;
    this.deps.onRebalance(true);
    switch (event.type) {
      case 'assigned':
        await this.#onAssigned(event.partitions);
        break;
      case 'revoked':
        await this.#commitRevoked();
        await this.#drop(event.partitions);
        break;
      case 'lost':
        await this.#drop(event.partitions);
        // The open transaction has work of tasks that others may be doing now.
        if (this.deps.options.processingGuarantee === 'exactly_once_v2') {
          await this.#abortAndRewind(new Error('partitions were lost'));
        }
        break;
    }
    this.#membership.acknowledge();
    this.#isWaitingForAssignment = false;
  }

  /** All tasks commit, since they share the transaction. If it is aborted, the next owner starts from the last commit. */
  async #commitRevoked(): Promise<void> {
    try {
      await this.#timed('commit', () => this.#commit(true));
    } catch (error) {
      if (!requiresAbort(error)) throw error;
      await this.#abortAndRewind(error);
    }
  }

  async #onAssigned(partitions: readonly TopicPartition[]): Promise<void> {
    this.#tasks.assign(await this.#intake.starts(partitions));
  }

  /** Gives partitions up. What was not committed of them is gone here. */
  async #drop(partitions: readonly TopicPartition[]): Promise<void> {
    await this.#intake.unassign(partitions);
    await this.#tasks.remove(partitions);
  }

  async #close(): Promise<void> {
    const { logger } = this.deps.options;
    const steps: readonly [string, () => Promise<void>][] = [
      ['close the tasks', () => this.#tasks.closeAll()],
      ['close the standbys', () => this.#upkeep.close()],
      ['close the producer', () => this.#guarantee.close()],
      ['leave the group', () => this.#membership.leave()],
      ['close the fetcher', () => this.#fetcher.close()],
      ['stop restoring', () => this.#changelogs.close()],
    ];
    for (const [what, step] of steps) {
      try {
        await step();
      } catch (error) {
        logger.warn({ err: error }, `Could not ${what} on the way out`);
      }
    }
    await this.#intake.wait();
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

function membershipOptions(options: ResolvedOptions): GroupMembershipOptions {
  const { applicationId, groupProtocol, groupInstanceId, maxPollIntervalMs, sessionTimeoutMs } = options;
  return {
    groupId: applicationId,
    protocol: groupProtocol,
    maxPollIntervalMs,
    sessionTimeoutMs,
    ...(groupInstanceId === undefined ? {} : { groupInstanceId }),
  };
}

function requiresAbort(error: unknown): boolean {
  return error instanceof KafkaError && error.requiresAbort;
}
