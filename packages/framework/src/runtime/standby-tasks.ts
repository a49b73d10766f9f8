import type { KafkaAdmin } from '../client/port.js';
import { KafkaError, StateStoreError } from '../errors/errors.js';
import { TaskId } from '../processor/processor-context.js';
import type { Subtopology } from '../topology/topology-nodes.js';
import { ChangelogReader } from './changelog-reader.js';
import type { InstanceStandby } from './instance-record.js';
import type { InstanceRegistry, KnownInstance } from './instance-registry.js';
import type { ResolvedOptions } from './resolve-options.js';
import { placeStandbys } from './standby-placement.js';
import type { HeldTask } from './store-queries.js';
import type { TaskStores } from './task-stores.js';
import type { TopologyTopics } from './topology-topics.js';
import { serializeFingerprint } from './topology-fingerprint.js';

export interface StandbyTasksDeps {
  readonly options: ResolvedOptions;
  readonly topics: TopologyTopics;
  readonly admin: KafkaAdmin;
  readonly registry: InstanceRegistry;
  /** @throws StateStoreError */
  readonly openStores: (subtopology: Subtopology, taskId: TaskId) => TaskStores;
  /** Tasks that this process has: they need no standby here. */
  readonly isOwned: (taskId: string) => boolean;
}

interface StandbyTask {
  readonly id: TaskId;
  readonly stores: TaskStores;
}

/** Records that one step takes: what running tasks wait for. */
const POLL_RECORDS = 2_000;
/** How often source topics are asked for what was committed, and standbys that could not be opened are tried again, ms. */
const RETRY_INTERVAL_MS = 5_000;
/** Problems are logged no more often than this, ms. */
const WARN_INTERVAL_MS = 10_000;

/**
 * The standbys of this process: copies of other instances' tasks, kept up to date from the changelogs, so that a task
 * that moves here has to read the tail only. Which ones it has follows from the registry. What goes wrong with a
 * standby is logged and tried again; it never stops the application.
 */
export class StandbyTasks {
  readonly #reader: ChangelogReader;
  readonly #standbys = new Map<string, StandbyTask>();
  #placedVersion = -1;
  #nextRetryMs = 0;
  #wantsRetry = false;
  #warnedMs = -Infinity;

  constructor(private readonly deps: StandbyTasksDeps) {
    const { kafka, clock, logger, processingGuarantee } = deps.options;
    const isolationLevel = processingGuarantee === 'exactly_once_v2' ? 'read_committed' : 'read_uncommitted';
    const fetcher = kafka.fetcher({ isolationLevel, maxPollRecords: POLL_RECORDS });
    // No patience: a standby may not make the loop wait, it is tried again later.
    this.#reader = new ChangelogReader({ fetcher, admin: deps.admin, clock, logger, taskTimeoutMs: 0 });
  }

  /** Takes in what was fetched. Does not wait. */
  async poll(): Promise<void> {
    if (this.#standbys.size === 0) return;
    try {
      await this.#reader.poll();
      // What waits to be written to disk does not wait for the next record.
      for (const { stores } of this.#standbys.values()) stores.state.flushIfDue();
    } catch (error) {
      if (error instanceof KafkaError && error.isRetriable) {
        this.#warn(error, 'Standbys wait for Kafka');
        return;
      }
      this.#warn(error, 'Standbys could not be kept up to date; they are opened again');
      await this.#closeAll();
      this.#placedVersion = -1;
    }
  }

  /** Opens and closes standbys as the registry says now. */
  async place(): Promise<void> {
    const { registry, options } = this.deps;
    const nowMs = options.clock.monotonicMs();
    const isRetryDue = nowMs >= this.#nextRetryMs;
    if (isRetryDue) {
      this.#nextRetryMs = nowMs + RETRY_INTERVAL_MS;
      await this.#raiseLimits();
    }
    if (registry.version === this.#placedVersion && !(this.#wantsRetry && isRetryDue)) return;
    this.#placedVersion = registry.version;
    this.#wantsRetry = false;
    const wanted = this.#wanted();
    for (const [id, standby] of this.#standbys) if (!wanted.has(id)) await this.#close(standby);
    for (const [id, subtopology] of wanted) if (!this.#standbys.has(id)) await this.#open(id, subtopology);
  }

  /** The stores of a task that becomes active here, out of the hands of its standby. */
  async take(taskId: TaskId): Promise<TaskStores | undefined> {
    const standby = this.#standbys.get(taskId.toString());
    if (standby === undefined) return undefined;
    this.#standbys.delete(taskId.toString());
    const lag = this.#reader.lag(standby.stores);
    this.deps.options.logger.info(
      { taskId: taskId.toString(), lag },
      `Task ${taskId.toString()} goes on with its standby`,
    );
    await this.#reader.remove(standby.stores);
    return standby.stores;
  }

  get status(): readonly InstanceStandby[] {
    return [...this.#standbys].map(([id, { stores }]) => ({ id, lag: this.#reader.lag(stores) }));
  }

  get held(): readonly HeldTask[] {
    return [...this.#standbys.values()].map(({ id, stores }) => ({ id, phase: 'standby', stores }));
  }

  /** Records that standbys have read so far. */
  get restoredRecords(): number {
    return this.#reader.progress.restoredRecords;
  }

  async close(): Promise<void> {
    await this.#closeAll();
    await this.#reader.close();
  }

  /** Tasks whose standby belongs here, by id. */
  #wanted(): Map<string, Subtopology> {
    const { options, topics, registry, isOwned } = this.deps;
    const wanted = new Map<string, Subtopology>();
    const instances = registry.instances();
    const self = instances.find(({ isSelf }) => isSelf);
    if (options.numStandbyReplicas === 0 || self === undefined) return wanted;
    const alike = instances.filter((instance) => hasSameTopology(instance, self)).map(({ record }) => record);
    for (const subtopology of topics.plan.subtopologies) {
      const isFollowed = subtopology.stores.some(
        ({ name, changelog }) => changelog !== undefined || topics.isSourceChangelog(name),
      );
      if (!isFollowed) continue;
      const isPersistent = subtopology.stores.some(({ settings }) => settings.engine === 'lmdb');
      for (let partition = 0; partition < topics.taskCount(subtopology); partition++) {
        const id = new TaskId(subtopology.id, partition).toString();
        if (isOwned(id)) continue;
        const owner = registry.ownerOf(id, instances);
        // Nobody has it at the moment: nothing moves until somebody does.
        const isAlike = owner !== undefined && hasSameTopology(owner, self);
        const isHere =
          owner === undefined
            ? this.#standbys.has(id)
            : isAlike &&
              placeStandbys(id, owner.record, alike, options.numStandbyReplicas, isPersistent).includes(self.record.id);
        if (isHere) wanted.set(id, subtopology);
      }
    }
    return wanted;
  }

  async #open(id: string, subtopology: Subtopology): Promise<void> {
    const { openStores, options } = this.deps;
    const partition = Number(id.slice(id.indexOf('_') + 1));
    const taskId = new TaskId(subtopology.id, partition);
    let stores: TaskStores | undefined;
    try {
      stores = openStores(subtopology, taskId);
      await this.#reader.follow(stores, await this.#limits(stores));
      this.#standbys.set(id, { id: taskId, stores });
      options.logger.info({ taskId: id }, `Standby of task ${id} opened`);
    } catch (error) {
      if (stores !== undefined) await this.#close({ id: taskId, stores });
      this.#wantsRetry = true;
      // A process on the same state directory had the task a moment ago.
      const isLocked = error instanceof StateStoreError && error.code === 'STATE_DIRECTORY_LOCKED';
      if (!isLocked) this.#warn(error, `The standby of task ${id} could not be opened; trying again`);
    }
  }

  async #close({ id, stores }: StandbyTask): Promise<void> {
    this.#standbys.delete(id.toString());
    try {
      await this.#reader.remove(stores);
    } finally {
      stores.close(true);
    }
    this.deps.options.logger.info({ taskId: id.toString() }, `Standby of task ${id.toString()} closed`);
  }

  async #closeAll(): Promise<void> {
    for (const standby of [...this.#standbys.values()]) {
      try {
        await this.#close(standby);
      } catch (error) {
        this.#warn(error, `The standby of task ${standby.id.toString()} could not be closed cleanly`);
      }
    }
  }

  async #raiseLimits(): Promise<void> {
    for (const { stores } of this.#standbys.values()) {
      if (!stores.changelogs.some(({ isSource }) => isSource)) continue;
      try {
        this.#reader.raiseLimits(stores, await this.#limits(stores));
      } catch (error) {
        this.#warn(error, 'Committed offsets could not be read for standbys');
      }
    }
  }

  /** A table's source goes on behind what its task has processed; a copy must not be ahead of the task. */
  async #limits(stores: TaskStores): Promise<ReadonlyMap<string, number>> {
    const { admin, options } = this.deps;
    if (!stores.changelogs.some(({ isSource }) => isSource)) return new Map();
    const committed = await admin.groupOffsets(options.applicationId);
    const { partition } = stores.taskId;
    return new Map(
      committed.filter((other) => other.partition === partition).map(({ topic, offset }) => [topic, offset]),
    );
  }

  #warn(error: unknown, message: string): void {
    const { clock, logger } = this.deps.options;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#warnedMs < WARN_INTERVAL_MS) return;
    this.#warnedMs = nowMs;
    logger.warn({ err: error }, message);
  }
}

function hasSameTopology(a: KnownInstance, b: KnownInstance): boolean {
  return serializeFingerprint(a.record.topology) === serializeFingerprint(b.record.topology);
}
