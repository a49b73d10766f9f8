import type { KafkaAdmin, RecordFetcher } from '../client/port.js';
import { partitionKey, type RecordBatch, type TopicPartition } from '../client/records.js';
import { KafkaError, TopologyError } from '../errors/errors.js';
import type { Logger } from '../telemetry/logger.js';
import type { Clock } from '../time/clock.js';
import { FetchPump } from './fetch-pump.js';
import { retrying } from './retry.js';
import type { TaskChangelog, TaskStores } from './task-stores.js';

export interface ChangelogReaderDeps {
  /** Of its own: restoring does not touch the fetcher of the input. */
  readonly fetcher: RecordFetcher;
  readonly admin: KafkaAdmin;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly taskTimeoutMs: number;
}

/** What is left to restore. */
export interface RestoreProgress {
  readonly tasks: number;
  readonly restoredRecords: number;
  /** Offsets between the positions and the ends, transaction markers and compacted records included. */
  readonly remaining: number;
}

interface Restoring {
  readonly stores: TaskStores;
  readonly changelog: TaskChangelog;
  position: number;
  /** Restored when the position is here; Infinity: a standby, which follows for ever. */
  end: number;
  readonly isStandby: boolean;
}

/** How often progress is logged, ms. */
const PROGRESS_INTERVAL_MS = 10_000;
const POLL_MS = 100;

/**
 * Brings stores up to date from their changelogs, several tasks at once and in batches, while others run. Stores of
 * standby tasks follow their changelogs until they are taken away.
 */
export class ChangelogReader {
  readonly #pump: FetchPump;
  readonly #restoring = new Map<string, Restoring>();
  /** Changelogs that each task still waits for. */
  readonly #waiting = new Map<TaskStores, number>();
  #complete: TaskStores[] = [];
  #restoredRecords = 0;
  #startedMs = 0;
  #lastProgressMs = 0;
  #restoredAtStart = 0;
  #isConnected = false;

  constructor(private readonly deps: ChangelogReaderDeps) {
    this.#pump = new FetchPump(deps.fetcher, deps);
  }

  /**
   * Starts restoring a task's stores. They are complete when all that was in the changelogs at this call is in them.
   *
   * The end is the high watermark, also for transactions: when the group's offsets of a transaction can be read, its
   * markers may still be on their way to the changelogs, so its last stable offset may be too early.
   *
   * @param limits for stores whose changelog is their source topic: the task's committed offset in it, by topic
   */
  async restore(stores: TaskStores, limits: ReadonlyMap<string, number> = new Map()): Promise<void> {
    const ends = await this.#offsets(stores, 'latest');
    await this.#register(stores, ({ topic, partition, isSource }) => {
      const end = ends.get(partitionKey(topic, partition)) ?? 0;
      return isSource ? Math.min(end, limits.get(topic) ?? 0) : end;
    });
  }

  /**
   * Follows the changelogs of a standby's stores until {@link remove}. They are never complete.
   *
   * @param limits for stores whose changelog is their source topic, as for {@link restore}; see {@link raiseLimits}
   */
  async follow(stores: TaskStores, limits: ReadonlyMap<string, number>): Promise<void> {
    await this.#register(stores, ({ topic, isSource }) => (isSource ? (limits.get(topic) ?? 0) : Infinity), true);
  }

  /** Lets a standby's stores read on in source topics: what their task has processed meanwhile is committed. */
  raiseLimits(stores: TaskStores, limits: ReadonlyMap<string, number>): void {
    for (const entry of this.#restoring.values()) {
      if (entry.stores !== stores || !entry.changelog.isSource) continue;
      const limit = limits.get(entry.changelog.topic) ?? 0;
      if (limit <= entry.end) continue;
      const wasWaiting = entry.position >= entry.end;
      entry.end = limit;
      const { topic, partition } = entry.changelog;
      if (wasWaiting) this.deps.fetcher.assign([{ topic, partition, offset: entry.position }]);
    }
  }

  /** Stops reading for these stores; what was restored stays in them. */
  async remove(stores: TaskStores): Promise<void> {
    const gone = [...this.#restoring.values()].filter((entry) => entry.stores === stores);
    for (const { changelog } of gone) this.#restoring.delete(keyOf(changelog));
    this.#waiting.delete(stores);
    this.#complete = this.#complete.filter((other) => other !== stores);
    await this.#pump.unassign(gone.map(({ changelog }) => changelog));
  }

  /** Makes the next {@link poll} report stores that need nothing from their changelogs. */
  markComplete(stores: TaskStores): void {
    this.#complete.push(stores);
  }

  get isIdle(): boolean {
    return this.#restoring.size === 0 && this.#complete.length === 0;
  }

  get progress(): RestoreProgress {
    let remaining = 0;
    for (const { position, end } of this.#restoring.values())
      if (end !== Infinity) remaining += Math.max(0, end - position);
    return { tasks: this.#waiting.size, restoredRecords: this.#restoredRecords, remaining };
  }

  /** How many offsets the stores are behind their changelogs, or behind what their task has processed; null: not known yet. */
  lag(stores: TaskStores): number | null {
    let lag = 0;
    for (const { stores: owner, changelog, position, end } of this.#restoring.values()) {
      if (owner !== stores) continue;
      const goal = end === Infinity ? this.deps.fetcher.endOffset(changelog) : end;
      if (goal === undefined) return null;
      lag += Math.max(0, goal - position);
    }
    return lag;
  }

  /** Puts what was fetched into the stores, and goes on fetching. Does not wait. @returns stores that are complete now */
  async poll(): Promise<readonly TaskStores[]> {
    if (this.#restoring.size > 0) {
      const fetched = this.#pump.take();
      if (fetched !== undefined) {
        for (const batch of fetched.batches) await this.#apply(batch);
        for (const { topic, partition, error } of fetched.failures) await this.#onFailure({ topic, partition }, error);
      }
      this.#logProgress();
    }
    if (this.#restoring.size > 0) this.#pump.start(POLL_MS);
    const complete = this.#complete;
    this.#complete = [];
    return complete;
  }

  /** Waits for the fetch under way. */
  wait(): Promise<void> {
    return this.#pump.wait();
  }

  async close(): Promise<void> {
    if (this.#isConnected) await this.deps.fetcher.close();
    await this.#pump.wait();
  }

  async #register(stores: TaskStores, endOf: (changelog: TaskChangelog) => number, isStandby = false): Promise<void> {
    const begins = await this.#offsets(stores, 'earliest');
    if (!this.#isConnected) {
      await retrying(this.deps, 'connect for restoring', () => this.deps.fetcher.connect());
      this.#isConnected = true;
    }
    if (this.#restoring.size === 0) {
      this.#startedMs = this.#lastProgressMs = this.deps.clock.monotonicMs();
      this.#restoredAtStart = this.#restoredRecords;
    }
    let waiting = 0;
    for (const changelog of stores.changelogs) {
      const end = endOf(changelog);
      const begin = begins.get(keyOf(changelog)) ?? 0;
      const position = this.#startPosition(stores, changelog, begin, end);
      const isThere = position >= end;
      if (isThere && !isStandby) continue;
      waiting++;
      this.#restoring.set(keyOf(changelog), { stores, changelog, position, end, isStandby });
      if (isThere) continue;
      const { topic, partition } = changelog;
      this.deps.fetcher.assign([{ topic, partition, offset: position }]);
    }
    if (isStandby) return;
    if (waiting === 0) this.#complete.push(stores);
    else this.#waiting.set(stores, waiting);
  }

  /** Where local state ends; from the beginning if it does not fit the changelog. */
  #startPosition(stores: TaskStores, changelog: TaskChangelog, begin: number, end: number): number {
    const { state, taskId } = stores;
    const { store, topic, partition } = changelog;
    const local = state.changelogOffset(store);
    if (local === undefined) {
      // Entries without an offset cannot be told from half a restore.
      if (begin >= end && !changelog.isSource && state.approximateEntries(store) > 0) {
        this.deps.logger.warn(
          { taskId: taskId.toString(), store },
          `Local state of ${store} is given up: its changelog ${topic}-${partition} is empty, as if someone had deleted it`,
        );
      }
      state.reset(store);
      return begin;
    }
    if (local >= begin && (local <= end || changelog.isSource)) return local;
    this.deps.logger.warn(
      { taskId: taskId.toString(), store, local, begin, end },
      `Local state of ${store} is at offset ${local}, but ${topic}-${partition} holds ${begin} to ${end}; it is restored from the beginning`,
    );
    state.reset(store);
    return begin;
  }

  async #apply({ topic, partition, records, nextOffset }: RecordBatch): Promise<void> {
    const entry = this.#restoring.get(partitionKey(topic, partition));
    if (entry === undefined) return;
    // A source topic goes on behind the committed offset: what is there was not processed yet.
    const wanted = nextOffset <= entry.end ? records : records.filter(({ offset }) => offset < entry.end);
    entry.position = Math.min(nextOffset, entry.end);
    entry.stores.state.restore(entry.changelog.store, wanted, entry.position);
    this.#restoredRecords += wanted.length;
    if (entry.position < entry.end) return;
    await this.#pump.unassign([{ topic, partition }]);
    // A standby waits at its limit.
    if (entry.isStandby) return;
    this.#restoring.delete(partitionKey(topic, partition));
    const waiting = (this.#waiting.get(entry.stores) ?? 1) - 1;
    if (waiting > 0) {
      this.#waiting.set(entry.stores, waiting);
      return;
    }
    this.#waiting.delete(entry.stores);
    this.#complete.push(entry.stores);
  }

  async #onFailure(partition: TopicPartition, error: Error): Promise<void> {
    const entry = this.#restoring.get(partitionKey(partition.topic, partition.partition));
    if (entry === undefined) return;
    if (!(error instanceof KafkaError && error.code === 'OFFSET_OUT_OF_RANGE')) throw error;
    const begin = (await this.#offsets(entry.stores, 'earliest')).get(keyOf(entry.changelog)) ?? 0;
    const { store, topic } = entry.changelog;
    this.deps.logger.warn(
      { store, topic },
      `Offset ${entry.position} is gone from ${topic}; ${store} is restored anew`,
    );
    entry.stores.state.reset(store);
    entry.position = begin;
    this.deps.fetcher.assign([{ ...partition, offset: begin }]);
  }

  async #offsets(stores: TaskStores, spec: 'earliest' | 'latest'): Promise<Map<string, number>> {
    const partitions = stores.changelogs.map(({ topic, partition }) => ({ topic, partition }));
    if (partitions.length === 0) return new Map();
    const { admin } = this.deps;
    let offsets;
    try {
      offsets = await retrying(this.deps, 'read the offsets of changelogs', () =>
        admin.listOffsets(partitions, spec, 'read_uncommitted'),
      );
    } catch (error) {
      throw error instanceof KafkaError && error.code === 'TOPIC_NOT_FOUND' ? changelogGone(stores, error) : error;
    }
    return new Map(offsets.map(({ topic, partition, offset }) => [partitionKey(topic, partition), offset]));
  }

  #logProgress(): void {
    const nowMs = this.deps.clock.monotonicMs();
    const { tasks, remaining } = this.progress;
    if (tasks === 0 || remaining === 0 || nowMs - this.#lastProgressMs < PROGRESS_INTERVAL_MS) return;
    this.#lastProgressMs = nowMs;
    const records = this.#restoredRecords - this.#restoredAtStart;
    const recordsPerSecond = Math.round((records * 1000) / (nowMs - this.#startedMs));
    const etaSeconds = recordsPerSecond > 0 ? Math.round(remaining / recordsPerSecond) : undefined;
    this.deps.logger.info({ tasks, records, remaining, recordsPerSecond, etaSeconds }, 'Restoring state');
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return partitionKey(topic, partition);
}

/** They were all there when the application started. */
function changelogGone({ taskId }: TaskStores, cause: KafkaError): TopologyError {
  return new TopologyError(
    'INTERNAL_TOPIC_MISMATCH',
    `A changelog of task ${taskId.toString()} is not there: either the input has more partitions than when the application ` +
      `started, or someone deleted the topic. Stop all instances; the next start says what to do. (${cause.message})`,
    { cause },
  );
}
