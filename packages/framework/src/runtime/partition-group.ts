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
    let heads = 0;
    for (const queue of queues) if (queue.head !== undefined) heads++;
    if (heads === 0) return false;
    if (heads === queues.length || this.maxTaskIdleMs < 0) {
      this.#idleSinceMs = undefined;
      return true;
    }
    if (queues.some((queue) => queue.head === undefined && this.#isBehind(queue))) {
      this.#idleSinceMs = undefined;
      return false;
    }
    if (this.maxTaskIdleMs === 0) return true;
    this.#idleSinceMs ??= nowMs;
    return nowMs - this.#idleSinceMs >= this.maxTaskIdleMs;
  }

  /** Whether the broker has records of an empty partition, or may have some as far as we know. */
  #isBehind(queue: RecordQueue): boolean {
    const end = this.endOffset(queue);
    return end === undefined || end > queue.fetchedOffset;
  }
}
