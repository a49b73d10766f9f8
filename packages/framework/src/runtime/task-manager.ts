import { partitionKey, type OffsetAndMetadata, type RecordBatch, type TopicPartition } from '../client/records.js';
import { TaskId } from '../processor/processor-context.js';
import type { Logger } from '../telemetry/logger.js';
import type { Subtopology } from '../topology/topology-nodes.js';
import type { RecordQueue } from './record-queue.js';
import { StreamTask } from './stream-task.js';
import type { StreamTaskDeps } from './stream-task-deps.js';
import type { TopologyTopics } from './topology-topics.js';

export interface TaskManagerDeps {
  readonly topics: TopologyTopics;
  readonly taskDeps: (subtopology: Subtopology, taskId: TaskId) => StreamTaskDeps;
  readonly logger: Logger;
}

/** Life and death of the tasks of one stream loop. */
export class TaskManager {
  readonly #tasks = new Map<string, StreamTask>();
  readonly #byPartition = new Map<string, StreamTask>();

  constructor(private readonly deps: TaskManagerDeps) {}

  get tasks(): Iterable<StreamTask> {
    return this.#tasks.values();
  }

  get size(): number {
    return this.#tasks.size;
  }

  /** Creates or extends the tasks of newly assigned partitions, each starting at its offset. */
  async assign(starts: readonly OffsetAndMetadata[]): Promise<void> {
    for (const start of starts) {
      const input = this.deps.topics.input(start.topic);
      if (input === undefined) {
        this.deps.logger.warn({ topic: start.topic }, 'Assigned a topic that the topology does not read');
        continue;
      }
      const id = new TaskId(input.subtopology.id, start.partition);
      let task = this.#tasks.get(id.toString());
      if (task === undefined) {
        task = new StreamTask(this.deps.taskDeps(input.subtopology, id));
        this.#tasks.set(id.toString(), task);
        await task.initialize();
      }
      task.addPartition(start, input.source);
      this.#byPartition.set(partitionKey(start.topic, start.partition), task);
    }
  }

  /** Takes partitions away; a task without any is closed. */
  remove(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const key = partitionKey(partition.topic, partition.partition);
      const task = this.#byPartition.get(key);
      if (task === undefined) continue;
      this.#byPartition.delete(key);
      task.removePartition(partition);
      if (task.queues.length === 0) {
        this.#tasks.delete(task.id.toString());
        task.close();
      }
    }
  }

  /** Closes all tasks. */
  closeAll(): void {
    for (const task of this.#tasks.values()) task.close();
    this.#tasks.clear();
    this.#byPartition.clear();
  }

  /** Gives fetched records to their task. @returns the queue, or undefined if the partition is not held */
  addRecords(batch: RecordBatch): RecordQueue | undefined {
    return this.#byPartition.get(partitionKey(batch.topic, batch.partition))?.addRecords(batch);
  }

  holds({ topic, partition }: TopicPartition): boolean {
    return this.#byPartition.has(partitionKey(topic, partition));
  }

  /** All queues of all tasks. */
  *queues(): Iterable<RecordQueue> {
    for (const task of this.#tasks.values()) yield* task.queues;
  }

  /** Partitions held. */
  get partitions(): TopicPartition[] {
    return [...this.queues()].map(({ topic, partition }) => ({ topic, partition }));
  }
}
