import type { KafkaAdmin } from '../client/port.js';
import type { TaskId } from '../processor/processor-context.js';
import type { Subtopology } from '../topology/topology-nodes.js';
import type { GlobalTables } from './global-tables.js';
import type { InstanceTask } from './instance-record.js';
import type { InstanceRegistry } from './instance-registry.js';
import type { LocalState } from './local-state.js';
import type { ResolvedOptions } from './resolve-options.js';
import { StandbyTasks } from './standby-tasks.js';
import type { HeldTask } from './store-queries.js';
import type { TaskStores } from './task-stores.js';
import type { TopologyTopics } from './topology-topics.js';

export interface StateUpkeepDeps {
  readonly options: ResolvedOptions;
  readonly localState: LocalState;
  readonly globalTables: GlobalTables;
  /** Undefined: this application has no stores and did not ask for one, or it could not be opened. */
  readonly registry: InstanceRegistry | undefined;
  readonly topics: TopologyTopics;
  readonly admin: KafkaAdmin;
  /** Tasks of this process. */
  readonly heldTasks: () => readonly HeldTask[];
  /** See `ChangelogReader.lag`. */
  readonly lagOf: (stores: TaskStores) => number | null;
}

/** How often the loop looks at what other instances say, and tells of itself if something has changed, ms. */
const INTERVAL_MS = 250;
/** Locks of state directories that other hosts may see are kept fresh; see `DirectoryLock.touch`. */
const TOUCH_INTERVAL_MS = 20_000;

/** The loop's side work, done between its batches: global tables, the registry of instances, standbys, locks. */
export class StateUpkeep {
  readonly #standbys: StandbyTasks | undefined;
  #nextMs = -Infinity;
  #nextTouchMs: number;

  constructor(private readonly deps: StateUpkeepDeps) {
    const { options, registry, admin, topics, localState, heldTasks } = deps;
    this.#nextTouchMs = options.clock.monotonicMs() + TOUCH_INTERVAL_MS;
    if (registry === undefined || options.numStandbyReplicas === 0) return;
    this.#standbys = new StandbyTasks({
      ...{ options, registry, admin, topics, openStores: localState.openStores },
      isOwned: (taskId) => heldTasks().some(({ id }) => id.toString() === taskId),
    });
  }

  /** False while a global table is read anew: tasks would miss entries. */
  get canProcess(): boolean {
    return this.deps.globalTables.isComplete;
  }

  /** Does what is due. Does not wait for Kafka, unless a standby is opened. */
  async advance(): Promise<void> {
    const { globalTables, registry, options } = this.deps;
    const standbys = this.#standbys;
    await globalTables.advance();
    await standbys?.poll();
    const nowMs = options.clock.monotonicMs();
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + INTERVAL_MS;
    if (registry !== undefined) {
      registry.advance({ tasks: this.#tasks(), standbys: standbys?.status ?? [] });
      await standbys?.place();
    }
    if (nowMs >= this.#nextTouchMs) this.#touch(nowMs);
  }

  /** What can end the loop's wait for records, beside records. */
  get waits(): readonly Promise<void>[] {
    const { globalTables } = this.deps;
    return globalTables.storeNames.length > 0 ? [globalTables.wait()] : [];
  }

  /** The stores of a task that becomes active: its standby's, if there is one. @throws StateStoreError */
  readonly openStores = async (subtopology: Subtopology, taskId: TaskId): Promise<TaskStores> =>
    (await this.#standbys?.take(taskId)) ?? this.deps.localState.openStores(subtopology, taskId);

  /** Tasks and standbys with their stores, for queries. */
  get held(): readonly HeldTask[] {
    return [...this.deps.heldTasks(), ...(this.#standbys?.held ?? [])];
  }

  async close(): Promise<void> {
    await this.#standbys?.close();
  }

  #tasks(): readonly InstanceTask[] {
    return this.deps.heldTasks().flatMap(({ id, phase, stores }) => {
      if (phase === 'standby') return [];
      const lag = phase === 'running' ? 0 : stores === undefined ? null : this.deps.lagOf(stores);
      return [{ id: id.toString(), phase, lag }];
    });
  }

  #touch(nowMs: number): void {
    this.#nextTouchMs = nowMs + TOUCH_INTERVAL_MS;
    const { globalTables, localState, options } = this.deps;
    try {
      for (const { stores } of this.held) stores?.touch();
      globalTables.touch();
      localState.touch();
    } catch (error) {
      options.logger.warn({ err: error }, 'A lock of the state directory could not be kept fresh');
    }
  }
}
