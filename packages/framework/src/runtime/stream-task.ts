import {
  NO_HEADERS,
  type ConsumedRecord,
  type OffsetAndMetadata,
  type RecordBatch,
  type TopicPartition,
} from '../client/records.js';
import { IllegalStateError, SerdeError, StateStoreError } from '../errors/errors.js';
import type { TaskId } from '../processor/processor-context.js';
import type { StateStore } from '../state/stores/state-store.js';
import type { SourceNode } from '../topology/topology-nodes.js';
import { decodeOffsetMetadata, encodeOffsetMetadata } from './offset-metadata.js';
import { PartitionGroup } from './partition-group.js';
import { buildProcessorTopology, type ProcessorTopology } from './processor-topology.js';
import { PunctuationQueue } from './punctuation-queue.js';
import { RecordQueue } from './record-queue.js';
import type { StreamTaskDeps } from './stream-task-deps.js';
import { textOf } from './task-node.js';
import { TaskServices } from './task-services.js';
import type { TaskStores } from './task-stores.js';

/**
 * One subtopology on one partition number: queues, processors, punctuators. The unit of parallelism and of failure.
 *
 *   CREATED --initialize--> RUNNING --close--> CLOSED
 *
 * Only the stream loop calls it, one call at a time. Nothing here is committed: the commit takes `committable()`.
 */
export class StreamTask {
  readonly id: TaskId;
  readonly #group: PartitionGroup;
  readonly #services: TaskServices;
  readonly #topology: ProcessorTopology;
  readonly #streamTime = new PunctuationQueue();
  readonly #wallClock = new PunctuationQueue();
  readonly #committed = new Map<string, number>();
  #streamTimeMs = -1;
  /** Timestamp of the record in hand, or stream time in a punctuator; -1 before the first record. */
  #recordTimestampMs = -1;
  #isCommitRequested = false;
  #state: 'CREATED' | 'RUNNING' | 'CLOSED' = 'CREATED';

  constructor(private readonly deps: StreamTaskDeps) {
    this.id = deps.taskId;
    const logger = deps.logger.child({ taskId: deps.taskId.toString() });
    this.#group = new PartitionGroup(deps.maxTaskIdleMs, deps.endOffset);
    this.#services = new TaskServices({ ...deps, logger });
    this.#topology = buildProcessorTopology(deps.subtopology, {
      applicationId: deps.applicationId,
      taskId: deps.taskId,
      topicName: deps.topicName,
      services: this.#services,
      clock: deps.clock,
      logger,
      punctuation: { 'stream-time': this.#streamTime, 'wall-clock': this.#wallClock },
      streamTimeMs: () => this.#streamTimeMs,
      requestCommit: () => {
        this.#isCommitRequested = true;
      },
      store: (node, name) => this.#storeOf(node, name),
    });
    deps.stores?.use({
      // Before a task's first record its punctuators and `init` may write already.
      recordTimestampMs: () => (this.#recordTimestampMs < 0 ? deps.clock.now() : this.#recordTimestampMs),
      recordContext: () => this.#services.keepInput(),
      writeExpired: () => {
        deps.counters.droppedRecords++;
      },
    });
  }

  /** Runs `init` of every processor, parents first. */
  async initialize(): Promise<void> {
    this.#state = 'RUNNING';
    await this.#topology.initialize();
    await this.#services.settled();
  }

  /** Takes a partition over at an offset. `metadata` is what was committed with it. */
  addPartition(start: OffsetAndMetadata, source: SourceNode): void {
    const partitionTimeMs = decodeOffsetMetadata(start.metadata);
    if (partitionTimeMs > this.#streamTimeMs) this.#streamTimeMs = partitionTimeMs;
    const { topic, partition } = start;
    const enter = this.#topology.sources.get(source.name);
    if (enter === undefined) throw new IllegalStateError(`Task ${this.id.toString()} has no source ${source.name}.`);
    const queue: RecordQueue = new RecordQueue({
      start: { topic, partition, offset: start.offset },
      source,
      enter,
      partitionTimeMs,
      onHeadFailure: (error, raw, part) => this.#answerHeadFailure(error, queue, part, raw),
      onSkipped: () => {
        this.deps.counters.droppedRecords++;
      },
    });
    this.#committed.set(topic, start.offset);
    this.#group.add(queue);
  }

  removePartition(partition: TopicPartition): void {
    this.#group.remove(partition);
  }

  get queues(): readonly RecordQueue[] {
    return this.#group.queues;
  }

  /** Appends fetched records. @returns the queue, whose size decides whether to pause */
  addRecords(batch: RecordBatch): RecordQueue | undefined {
    const queue = this.#group.queue(batch.topic, batch.partition);
    queue?.add(batch);
    return queue;
  }

  /** True if a record could be processed now. */
  isProcessable(nowMs: number): boolean {
    return this.#group.isReady(nowMs);
  }

  /**
   * Processes up to `maxRecords`, smallest timestamp first. Waits only where user code or output works asynchronously.
   * @returns how many
   */
  async process(maxRecords: number, nowMs: number): Promise<number> {
    const group = this.#group;
    const services = this.#services;
    const state = this.deps.stores?.state;
    if (services.hasPending) await services.settled();
    let count = 0;
    while (count < maxRecords) {
      if (!group.isReady(nowMs)) break;
      const queue = group.next();
      if (queue === undefined || queue.head === undefined) break;
      const record = queue.head;
      services.enter(queue.headRaw, queue.topic, queue.partition);
      this.#recordTimestampMs = record.timestamp;
      if (record.timestamp > this.#streamTimeMs) this.#streamTimeMs = record.timestamp;
      void queue.enter(record);
      if (services.hasPending) await services.settled();
      else services.throwIfFailed();
      services.enter(undefined, '', 0);
      state?.endRecord();
      // The head goes only now: until the record is done its offset is the one to commit.
      queue.advance();
      count++;
      if (this.#streamTimeMs >= this.#streamTime.nextDueMs) await this.#punctuate(this.#streamTime, this.#streamTimeMs);
    }
    this.deps.counters.processedRecords += count;
    for (const node of this.#topology.asynchronous) {
      const ready = node.settle('forwardReady');
      if (ready !== undefined) await ready;
    }
    if (state?.wantsEarlyWrite === true) await this.writeChangelog();
    if (state?.wantsCommit === true) this.#isCommitRequested = true;
    return count;
  }

  /** Time of the next wall-clock tick, ms; Infinity if there is none. */
  get nextWallClockMs(): number {
    return this.#wallClock.nextDueMs;
  }

  /** Fires wall-clock punctuators that are due. */
  async punctuateWallClock(nowMs: number): Promise<void> {
    if (this.#wallClock.nextDueMs <= nowMs) await this.#punctuate(this.#wallClock, nowMs);
  }

  /**
   * Waits for all asynchronous work and passes on what caches hold back: afterwards every record taken so far has had
   * its effects.
   */
  async drain(): Promise<void> {
    const state = this.deps.stores?.state;
    let passedOn: number;
    do {
      await this.#services.settled();
      for (const node of this.#topology.asynchronous) {
        await node.settle('drain');
        await this.#services.settled();
      }
      this.#recordTimestampMs = this.#streamTimeMs;
      passedOn = state?.flushCaches() ?? 0;
      await this.#services.settled();
    } while (passedOn > 0);
    state?.endRecord();
  }

  /** Produces the changes of the stores that their changelogs lack. */
  async writeChangelog(): Promise<void> {
    const { stores, collector } = this.deps;
    if (stores === undefined) return;
    const pending: Promise<void>[] = [];
    const partition = this.id.partition;
    // A store whose changelog is its source would feed itself.
    const own = stores.changelogs.filter(({ isSource }) => !isSource);
    const topics = new Map(own.map(({ store, topic }) => [store, topic]));
    stores.state.drainChangelog((store, key, value, timestampMs) => {
      const topic = topics.get(store);
      if (topic === undefined) return;
      const sent = collector.send(topic, partition, key, value, timestampMs, NO_HEADERS);
      if (sent !== undefined) pending.push(sent);
    });
    await Promise.all(pending);
  }

  get stores(): TaskStores | undefined {
    return this.deps.stores;
  }

  get isCommitRequested(): boolean {
    return this.#isCommitRequested;
  }

  /** Offsets that moved since they were last committed, with the partitions' stream time. Call after {@link drain}. */
  committable(): OffsetAndMetadata[] {
    return this.positions().filter(({ topic, offset }) => this.#committed.get(topic) !== offset);
  }

  /** Where its partitions began, or were committed last. */
  get begun(): readonly OffsetAndMetadata[] {
    return this.#group.queues.flatMap(({ topic, partition }) => {
      const offset = this.#committed.get(topic);
      return offset === undefined ? [] : [{ topic, partition, offset }];
    });
  }

  /** Offsets of the next records to process, with the partitions' stream time. */
  positions(): OffsetAndMetadata[] {
    return this.#group.queues.map(({ topic, partition, committableOffset: offset, partitionTimeMs }) => {
      return { topic, partition, offset, metadata: encodeOffsetMetadata(partitionTimeMs) };
    });
  }

  /** Offset of the next record to process in an input topic. */
  position(topic: string): number | undefined {
    return this.#group.queue(topic, this.id.partition)?.committableOffset;
  }

  /** To be told after the offsets of {@link committable} are committed. */
  committed(offsets: readonly OffsetAndMetadata[]): void {
    this.#isCommitRequested = false;
    for (const { topic, offset } of offsets) this.#committed.set(topic, offset);
  }

  /** Closes the processors. What was not committed is gone with the task. */
  close(): void {
    if (this.#state === 'CLOSED') return;
    this.#state = 'CLOSED';
    this.#streamTime.clear();
    this.#wallClock.clear();
    this.#topology.close();
  }

  async #punctuate(queue: PunctuationQueue, nowMs: number): Promise<void> {
    this.#services.enter(undefined, '', 0);
    this.#recordTimestampMs = this.#streamTimeMs;
    await queue.punctuate(nowMs);
    await this.#services.settled();
    this.deps.stores?.state.endRecord();
  }

  #storeOf(node: string, name: string): StateStore {
    const { subtopology, stores, globalStore } = this.deps;
    const description = subtopology.nodes.find((other) => other.name === node);
    if (description?.kind === 'processor' && description.stores.includes(name) && stores !== undefined) {
      return stores.state.store(name);
    }
    const global = globalStore?.(name);
    if (global !== undefined) return global;
    throw new StateStoreError(
      'STORE_NOT_FOUND',
      `Processor '${node}' asked for the store '${name}', which it is not connected to. ` +
        `Connect it: process(supplier, { stores: ['${name}'] }), or connectProcessorAndStores('${node}', '${name}').`,
      { node, task: this.id.toString() },
    );
  }

  #answerHeadFailure(error: unknown, queue: RecordQueue, part: string, raw: ConsumedRecord): void {
    const { topic, partition } = queue;
    const { offset } = raw;
    const where = `${topic}-${partition} at offset ${offset}`;
    const failure = new SerdeError(
      error instanceof SerdeError ? error.code : 'DESERIALIZATION_FAILED',
      `The ${part} of the record in ${where} cannot be read: ${textOf(error)}`,
      { cause: error, topic, partition, offset, node: queue.source.name, task: this.id.toString() },
    );
    this.#services.enter(raw, topic, partition);
    const input = this.#services.captureInput();
    const answer = input === undefined ? 'fail' : this.deps.deserializationHandler(failure, input.failed);
    if (answer === 'fail') throw this.#services.raise(failure);
    this.#services.dropped(failure, answer);
    if (answer === 'dead-letter') void this.#services.deadLetter(failure, input);
  }
}
