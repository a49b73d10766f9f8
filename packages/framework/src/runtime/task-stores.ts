import type { TaskId } from '../processor/processor-context.js';
import type { CacheBudget } from '../state/cache/cache-budget.js';
import type { StateStorage, TaskStorage } from '../state/directory/state-storage.js';
import type { StateFlushOptions } from '../state/state-options.js';
import type { StoreBuilder } from '../state/stores/store-builder.js';
import type { StoreContext } from '../state/stores/store-environment.js';
import { TaskState } from '../state/task-state.js';
import type { Logger } from '../telemetry/logger.js';
import type { Clock } from '../time/clock.js';
import { adopted, type TopologyFingerprint } from './topology-fingerprint.js';

/** A store with the changelog partition it is restored from. */
export interface TaskChangelog {
  readonly store: string;
  readonly topic: string;
  readonly partition: number;
  /** The topic that the store's table is read from serves as changelog: nothing is written to it. */
  readonly isSource: boolean;
}

export interface TaskStoresDeps {
  readonly taskId: TaskId;
  /** Name of the directory in the state directory. @default the task's id */
  readonly directoryName?: string;
  readonly builders: readonly StoreBuilder[];
  /** Undefined: everything is kept in memory, as in the test driver. */
  readonly storage: StateStorage | undefined;
  readonly cacheBudget: CacheBudget;
  /** Full name of a store's changelog topic. */
  readonly changelogTopic: (store: string) => string;
  /** True if {@link changelogTopic} is the topic that the store's table is read from. */
  readonly isSourceChangelog: (store: string) => boolean;
  /** What files of earlier runs must fit to. Undefined: nothing is compared. */
  readonly fingerprint?: TopologyFingerprint;
  readonly flush: StateFlushOptions;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a store asks while nobody processes: restoring tasks and standbys. */
const IDLE: StoreContext = {
  recordTimestampMs: () => 0,
  recordContext: () => undefined,
  writeExpired: () => undefined,
};

/**
 * The stores of a task with their directory, apart from the processors that use them: they are there before the task
 * runs (restoring, standby) and stay when its processors start anew after an aborted transaction.
 */
export class TaskStores {
  readonly state: TaskState;
  readonly changelogs: readonly TaskChangelog[];
  readonly #storage: TaskStorage | undefined;
  #context: StoreContext = IDLE;

  /** Opens directory and stores. @throws StateStoreError, see `TaskDirectory` and `TaskState` */
  constructor(private readonly deps: TaskStoresDeps) {
    const { taskId, builders, clock, cacheBudget, changelogTopic } = deps;
    const isPersistent = builders.some(({ settings }) => settings.engine === 'lmdb');
    this.#storage = isPersistent ? deps.storage?.openTask(deps.directoryName ?? taskId.toString()) : undefined;
    if (this.#storage?.status === 'rebuilt') {
      deps.logger.warn(
        { taskId: taskId.toString() },
        `Local state of task ${taskId.toString()} was damaged (${this.#storage.damage ?? ''}); it is restored from the changelogs`,
      );
    }
    try {
      this.#checkFingerprint();
      this.state = new TaskState({
        taskId: taskId.toString(),
        builders,
        ...(this.#storage === undefined ? {} : { persistentEngine: this.#storage.engine }),
        context: {
          recordTimestampMs: () => this.#context.recordTimestampMs(),
          recordContext: () => this.#context.recordContext(),
          writeExpired: (store) => {
            this.#context.writeExpired(store);
          },
        },
        cacheBudget,
        changelogTopic,
        clock,
        flush: deps.flush,
      });
    } catch (error) {
      this.#storage?.close(false);
      throw error;
    }
    this.changelogs = builders
      .filter(({ changelog, name }) => changelog !== undefined || deps.isSourceChangelog(name))
      .map(({ name }) => ({
        store: name,
        topic: changelogTopic(name),
        partition: taskId.partition,
        isSource: deps.isSourceChangelog(name),
      }));
  }

  /** Files that another topology has written are refused rather than misread. */
  #checkFingerprint(): void {
    const { fingerprint, taskId } = this.deps;
    const storage = this.#storage;
    if (fingerprint === undefined || storage === undefined) return;
    const kept = adopted(`The local state of task ${taskId.toString()}`, storage.fingerprint, fingerprint);
    if (kept !== undefined) storage.fingerprint = kept;
  }

  get taskId(): TaskId {
    return this.deps.taskId;
  }

  /** Says who works with the stores from now on. */
  use(context: StoreContext): void {
    this.#context = context;
  }

  /** Keeps the directory's lock fresh. */
  touch(): void {
    this.#storage?.touch();
  }

  /** @param isClean false: changes that wait for a flush are dropped; they are in the changelogs */
  close(isClean: boolean): void {
    try {
      this.state.close(isClean);
    } finally {
      this.#storage?.close(isClean);
    }
  }
}
