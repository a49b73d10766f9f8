import { partitionKey, type OffsetAndMetadata, type RecordBatch, type TopicPartition } from '../client/records.js';
import { StateStoreError } from '../errors/errors.js';
import { TaskId } from '../processor/processor-context.js';
import type { Logger } from '../telemetry/logger.js';
import type { Clock } from '../time/clock.js';
import type { Subtopology } from '../topology/topology-nodes.js';
import type { ChangelogReader } from './changelog-reader.js';
import type { RecordQueue } from './record-queue.js';
import { StreamTask } from './stream-task.js';
import type { StreamTaskDeps } from './stream-task-deps.js';
import type { TaskStores } from './task-stores.js';
import type { TopologyTopics } from './topology-topics.js';

export interface TaskManagerDeps {
  readonly topics: TopologyTopics;
  readonly taskDeps: (subtopology: Subtopology, taskId: TaskId, stores: TaskStores | undefined) => StreamTaskDeps;
  /** Opens the stores of a task. @throws StateStoreError `STATE_DIRECTORY_LOCKED` while another process holds them */
  readonly openStores: (subtopology: Subtopology, taskId: TaskId) => TaskStores | Promise<TaskStores>;
  readonly changelogs: ChangelogReader;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a locked state directory is waited for, ms. */
  readonly taskTimeoutMs: number;
}

/** A task that waits for its state directory for this long is logged, and again each time it has passed, ms. */
const WAITING_LOG_INTERVAL_MS = 5_000;

export type TaskPhase = 'assigned' | 'restoring' | 'running';

/**
 *   assigned --stores opened--> restoring --changelogs read--> running --> closed
 *      |                                                          ^
 *      +----------------- (no stores) ----------------------------+
 */
interface ManagedTask {
  readonly id: TaskId;
  readonly subtopology: Subtopology;
  /** Where its partitions start; committed offsets. */
  starts: OffsetAndMetadata[];
  phase: TaskPhase;
  stores: TaskStores | undefined;
  task: StreamTask | undefined;
  readonly assignedMs: number;
  /** How long it had waited for its state when that was last said, ms. */
  saidWaitedMs: number;
}

/**
 * Life and death of the tasks of one stream loop. Tasks run as soon as their own stores are restored; others may still
 * be restoring.
 */
export class TaskManager {
  readonly #managed = new Map<string, ManagedTask>();
  readonly #byPartition = new Map<string, ManagedTask>();

  constructor(private readonly deps: TaskManagerDeps) {}

  /** Running tasks. */
  get tasks(): readonly StreamTask[] {
    return [...this.#managed.values()].flatMap(({ task }) => task ?? []);
  }

  /** All tasks held, by id, with what they are doing. */
  get phases(): ReadonlyMap<string, TaskPhase> {
    return new Map([...this.#managed].map(([id, { phase }]) => [id, phase]));
  }

  get isRestoring(): boolean {
    return [...this.#managed.values()].some(({ phase }) => phase !== 'running');
  }

  /** All tasks held, with their stores, for queries. */
  get held(): readonly { readonly id: TaskId; readonly phase: TaskPhase; readonly stores: TaskStores | undefined }[] {
    return [...this.#managed.values()];
  }

  /** Takes over newly assigned partitions, each with the offset to start at. They run once {@link advance} says so. */
  assign(starts: readonly OffsetAndMetadata[]): void {
    for (const start of starts) {
      const input = this.deps.topics.input(start.topic);
      if (input === undefined) {
        this.deps.logger.warn({ topic: start.topic }, 'Assigned a topic that the topology does not read');
        continue;
      }
      const id = new TaskId(input.subtopology.id, start.partition);
      let managed = this.#managed.get(id.toString());
      if (managed === undefined) {
        const assignedMs = this.deps.clock.monotonicMs();
        const { subtopology } = input;
        managed = {
          id,
          subtopology,
          starts: [],
          phase: 'assigned',
          stores: undefined,
          task: undefined,
          assignedMs,
          saidWaitedMs: 0,
        };
        this.#managed.set(id.toString(), managed);
      }
      managed.starts.push(start);
      this.#byPartition.set(partitionKey(start.topic, start.partition), managed);
    }
  }

  /**
   * Moves tasks on: opens stores, lets restored tasks run.
   * @returns partitions that can be read now, with their offsets
   */
  async advance(): Promise<OffsetAndMetadata[]> {
    for (const managed of this.#managed.values()) if (managed.phase === 'assigned') await this.#open(managed);
    const complete = new Set(await this.deps.changelogs.poll());
    const ready: OffsetAndMetadata[] = [];
    for (const managed of this.#managed.values()) {
      if (managed.phase === 'restoring' && (managed.stores === undefined || complete.has(managed.stores))) {
        await this.#start(managed);
        ready.push(...managed.starts);
        managed.starts = [];
      } else if (managed.phase === 'running' && managed.starts.length > 0) {
        this.#addPartitions(managed);
        ready.push(...managed.starts);
        managed.starts = [];
      }
    }
    return ready;
  }

  /** Takes partitions away; a task without any is closed, with what it has committed kept. */
  async remove(partitions: readonly TopicPartition[]): Promise<void> {
    for (const { topic, partition } of partitions) {
      const managed = this.#byPartition.get(partitionKey(topic, partition));
      if (managed === undefined) continue;
      this.#byPartition.delete(partitionKey(topic, partition));
      managed.starts = managed.starts.filter((start) => start.topic !== topic);
      managed.task?.removePartition({ topic, partition });
      const isLeft = [...this.#byPartition.values()].includes(managed);
      if (isLeft) continue;
      this.#managed.delete(managed.id.toString());
      await this.#close(managed);
    }
  }

  /**
   * Starts the running tasks anew from their committed offsets and stores: what they did since the last commit never
   * happened.
   *
   * @param starts committed offsets of {@link runningPartitions}
   */
  rewind(starts: readonly OffsetAndMetadata[]): void {
    for (const managed of this.#managed.values()) {
      if (managed.task === undefined) continue;
      managed.task.close();
      managed.task = undefined;
      managed.stores?.state.abort();
      managed.phase = 'restoring';
      managed.starts = starts.filter(
        ({ topic, partition }) => this.#byPartition.get(partitionKey(topic, partition)) === managed,
      );
      // The stores are complete already; nothing has to be read.
      if (managed.stores !== undefined) this.deps.changelogs.markComplete(managed.stores);
    }
  }

  /** @throws what the first task that could not be closed threw; the others are closed all the same */
  async closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const managed of this.#managed.values()) {
      await this.#close(managed).catch((error: unknown) => failures.push(error));
    }
    this.#managed.clear();
    this.#byPartition.clear();
    if (failures.length > 0) throw failures[0];
  }

  holds({ topic, partition }: TopicPartition): boolean {
    return this.#byPartition.has(partitionKey(topic, partition));
  }

  /** Gives fetched records to their task. @returns the queue, or undefined if the partition is not running here */
  addRecords(batch: RecordBatch): RecordQueue | undefined {
    return this.#byPartition.get(partitionKey(batch.topic, batch.partition))?.task?.addRecords(batch);
  }

  /** All queues of all running tasks. */
  *queues(): Iterable<RecordQueue> {
    for (const { task } of this.#managed.values()) if (task !== undefined) yield* task.queues;
  }

  /** Partitions of all tasks. */
  get partitions(): TopicPartition[] {
    return [...this.#managed.values()].flatMap(({ task, starts }) =>
      [...(task?.queues ?? []), ...starts].map(({ topic, partition }) => ({ topic, partition })),
    );
  }

  /** Partitions of running tasks. */
  get runningPartitions(): TopicPartition[] {
    return [...this.queues()].map(({ topic, partition }) => ({ topic, partition }));
  }

  async #open(managed: ManagedTask): Promise<void> {
    const { subtopology, id, starts } = managed;
    if (subtopology.stores.length > 0) {
      try {
        managed.stores = await this.deps.openStores(subtopology, id);
      } catch (error) {
        const isLocked = error instanceof StateStoreError && error.code === 'STATE_DIRECTORY_LOCKED';
        const waitedMs = this.deps.clock.monotonicMs() - managed.assignedMs;
        // The process that had the task before may be a moment late.
        if (!isLocked || waitedMs >= this.deps.taskTimeoutMs) throw error;
        this.#sayWaiting(managed, waitedMs, error);
        return;
      }
    }
    managed.phase = 'restoring';
    if (managed.stores === undefined) return;
    await this.deps.changelogs.restore(managed.stores, new Map(starts.map(({ topic, offset }) => [topic, offset])));
  }

  /** Now and then: what lasts longer than a moment will not end by itself. */
  #sayWaiting(managed: ManagedTask, waitedMs: number, error: StateStoreError): void {
    if (waitedMs - managed.saidWaitedMs < WAITING_LOG_INTERVAL_MS) return;
    managed.saidWaitedMs = waitedMs;
    const [taskId, seconds] = [managed.id.toString(), Math.round(waitedMs / 1_000)];
    this.deps.logger.warn({ taskId }, `Task ${taskId} has waited ${seconds} s for its state: ${error.message}`);
  }

  async #start(managed: ManagedTask): Promise<void> {
    const { subtopology, id, stores } = managed;
    managed.task = new StreamTask(this.deps.taskDeps(subtopology, id, stores));
    managed.phase = 'running';
    await managed.task.initialize();
    this.#addPartitions(managed);
  }

  #addPartitions({ task, starts }: ManagedTask): void {
    for (const start of starts) {
      const input = this.deps.topics.input(start.topic);
      if (input !== undefined) task?.addPartition(start, input.source);
    }
  }

  async #close({ task, stores }: ManagedTask): Promise<void> {
    try {
      task?.close();
      if (stores !== undefined) await this.deps.changelogs.remove(stores);
    } finally {
      stores?.close(true);
    }
  }
}
