import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { TaskId } from '../processor/processor-context.js';
import { CacheBudget } from '../state/cache/cache-budget.js';
import { openFileStorage, type OpenStateStorage, type StateStorage } from '../state/directory/state-storage.js';
import type { Subtopology, TopologyPlan } from '../topology/topology-nodes.js';
import type { ResolvedOptions } from './resolve-options.js';
import { TaskStores } from './task-stores.js';
import { adopted, subtopologyFingerprint, type TopologyFingerprint } from './topology-fingerprint.js';
import type { TopologyTopics } from './topology-topics.js';

/** Global stores belong to no task; Kafka Streams calls theirs so too. */
export const GLOBAL_TASK_ID = new TaskId(-1, -1);

/** What one client keeps on this machine: its state directory, its id, the budget of its caches. */
export class LocalState {
  readonly #storage: StateStorage | undefined;
  readonly #cacheBudget: CacheBudget;
  /** Names this process among those of the application; kept over restarts if there is a state directory. */
  readonly processId: string;

  /** @throws StateStoreError if the state directory cannot be used */
  constructor(
    private readonly options: ResolvedOptions,
    private readonly topics: TopologyTopics,
    private readonly plan: TopologyPlan,
    openStorage: OpenStateStorage = openFileStorage,
  ) {
    this.#cacheBudget = new CacheBudget(options.cacheMaxBytes);
    const builders = [
      ...plan.subtopologies.flatMap(({ stores }) => stores),
      ...plan.globalStores.map(({ builder }) => builder),
    ];
    if (builders.some(({ settings }) => settings.engine === 'lmdb')) {
      this.#storage = openStorage(options.stateDir, options.applicationId, options.clock);
    }
    this.processId = this.#storage?.processId ?? randomUUID();
  }

  /** Opens the stores of a task. @throws StateStoreError */
  readonly openStores = (subtopology: Subtopology, taskId: TaskId): TaskStores => {
    const { stateFlush: flush, clock, logger } = this.options;
    const { changelogTopic, isSourceChangelog } = this.topics;
    const fingerprint = subtopologyFingerprint(subtopology, this.topics.taskCount(subtopology));
    return new TaskStores({
      ...{ taskId, builders: subtopology.stores, storage: this.#storage, cacheBudget: this.#cacheBudget },
      ...{ changelogTopic, isSourceChangelog, fingerprint, flush, clock, logger },
    });
  };

  /** Opens the stores that are full copies of topics. Each process of a shared state directory has its own. */
  openGlobalStores(): TaskStores {
    const { stateFlush: flush, clock, logger } = this.options;
    const slot = this.#storage?.slot ?? 0;
    return new TaskStores({
      taskId: GLOBAL_TASK_ID,
      directoryName: slot === 0 ? 'global' : `global-${slot}`,
      builders: this.plan.globalStores.map(({ builder }) => ({ ...builder, changelog: undefined })),
      ...{ storage: this.#storage, cacheBudget: this.#cacheBudget, flush, clock, logger },
      changelogTopic: this.topics.changelogTopic,
      isSourceChangelog: () => false,
    });
  }

  /**
   * Compares the topology with the one whose state is kept here, and keeps it from now on. To be called once the topics
   * are prepared.
   *
   * @throws StateStoreError `STATE_INCOMPATIBLE`
   */
  checkTopology(topology: TopologyFingerprint): void {
    const storage = this.#storage;
    if (storage === undefined) return;
    const { stateDir, applicationId } = this.options;
    const kept = adopted(`The state in ${join(stateDir, applicationId)}`, storage.fingerprint, topology);
    if (kept !== undefined) storage.fingerprint = kept;
  }

  /** Names the state directory; without one, this process. */
  get storageId(): string {
    return this.#storage?.storageId ?? this.processId;
  }

  /** Keeps the lock of this process's id fresh. */
  touch(): void {
    this.#storage?.touch();
  }

  /** Deletes state of tasks that have been elsewhere for long. Failures are logged. */
  cleanUp(): void {
    const { stateCleanupDelayMs, logger } = this.options;
    try {
      const removed = this.#storage?.removeUnused(stateCleanupDelayMs) ?? [];
      if (removed.length > 0) logger.info({ tasks: removed }, 'Deleted the local state of tasks that have moved away');
    } catch (error) {
      logger.warn({ err: error }, 'Unused local state could not be deleted');
    }
  }

  close(): void {
    this.#storage?.close();
  }
}
