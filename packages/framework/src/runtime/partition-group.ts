import { partitionKey, type TopicPartition } from '../client/records.js';
import type { RecordQueue } from './record-queue.js';

/** The queues of one task. The record with the smallest timestamp goes first; equal times, the older queue. */
export class PartitionGroup {
  readonly #byKey = new Map<string, RecordQueue>();
  #queues: RecordQueue[] = [];
  #idleSinceMs: number | undefined;

  constructor(
    private readonly maxTaskIdleMs: number,
    private readonly endOffset: (partition: TopicPartition) => number | undefined,
  ) {}

  get queues(): readonly RecordQueue[] {
    return this.#queues;
  }

  queue(topic: string, partition: number): RecordQueue | undefined {
    return this.#byKey.get(partitionKey(topic, partition));
  }

  add(queue: RecordQueue): void {
    this.#byKey.set(partitionKey(queue.topic, queue.partition), queue);
    this.#queues = [...this.#byKey.values()];
  }

  remove(partition: TopicPartition): void {
    this.#byKey.delete(partitionKey(partition.topic, partition.partition));
    this.#queues = [...this.#byKey.values()];
  }

  /** The queue whose head goes next, or undefined if all are empty. */
  next(): RecordQueue | undefined {
    const queues = this.#queues;
    if (queues.length === 1) {
      const only = queues[0];
      return only?.head === undefined ? undefined : only;
    }
    let first: RecordQueue | undefined;
    let firstTime = Infinity;
    for (const queue of queues) {
      if (queue.head !== undefined && queue.head.timestamp < firstTime) {
        first = queue;
        firstTime = queue.head.timestamp;
      }
    }
    return first;
  }

  /**
   * Whether the task may take its next record. With an empty partition it waits for what the broker is known to have
   * there, then `maxTaskIdleMs` longer (KIP-353, KIP-695).
   */
  isReady(nowMs: number): boolean {
    const queues = this.#queues;
    let hasHead = false;
    let hasEmpty = false;
    let isBehind = false;
    for (const queue of queues) {
      if (queue.head !== undefined) {
        hasHead = true;
        continue;
      }
      hasEmpty = true;
      if (this.maxTaskIdleMs >= 0 && !isBehind) {
        const end = this.endOffset(queue);
        isBehind = end === undefined || end > queue.fetchedOffset;
      }
    }
    if (!hasHead) return false;
    if (!hasEmpty || this.maxTaskIdleMs < 0) {
      this.#idleSinceMs = undefined;
      return true;
    }
    if (isBehind) {
      this.#idleSinceMs = undefined;
      return false;
    }
    if (this.maxTaskIdleMs === 0) return true;
    this.#idleSinceMs ??= nowMs;
    return nowMs - this.#idleSinceMs >= this.maxTaskIdleMs;
  }
}
