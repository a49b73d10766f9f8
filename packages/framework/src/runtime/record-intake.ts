import type { GroupMembership, KafkaAdmin, RecordFetcher } from '../client/port.js';
import type { OffsetAndMetadata, TopicPartition, TopicPartitionOffset } from '../client/records.js';
import { KafkaError } from '../errors/errors.js';
import { FetchPump } from './fetch-pump.js';
import type { ResolvedOptions } from './resolve-options.js';
import { retrying } from './retry.js';
import { resetOffsets, startingOffsets } from './starting-offsets.js';
import type { TaskManager } from './task-manager.js';
import type { TopologyTopics } from './topology-topics.js';

export interface RecordIntakeDeps {
  readonly fetcher: RecordFetcher;
  readonly membership: GroupMembership;
  readonly admin: KafkaAdmin;
  readonly topics: TopologyTopics;
  readonly options: ResolvedOptions;
}

/** The tasks' input: where it starts, what of it is fetched, and when a partition has enough for now. */
export class RecordIntake {
  readonly #pump: FetchPump;

  constructor(private readonly deps: RecordIntakeDeps) {
    this.#pump = new FetchPump(deps.fetcher, deps.options);
  }

  /** Where to read: the committed offsets; where there are none, what `begun` or else the reset policies say. */
  starts(
    partitions: readonly TopicPartition[],
    begun: readonly OffsetAndMetadata[] = [],
  ): Promise<OffsetAndMetadata[]> {
    const { options, membership, admin } = this.deps;
    return retrying(options, 'read committed offsets', () =>
      startingOffsets(partitions, membership, admin, this.#policyOf, begun),
    );
  }

  /** Begins to read partitions. */
  assign(starts: readonly TopicPartitionOffset[]): void {
    this.deps.fetcher.assign(starts);
  }

  /** Stops reading partitions; nothing that was fetched of them before comes later. */
  unassign(partitions: readonly TopicPartition[]): Promise<void> {
    return this.#pump.unassign(partitions);
  }

  /** Starts a fetch unless one is under way, or its result is not taken yet. */
  start(waitMs: number): void {
    this.#pump.start(waitMs);
  }

  get hasResult(): boolean {
    return this.#pump.hasResult;
  }

  /** Waits for the fetch under way. */
  wait(): Promise<void> {
    return this.#pump.wait();
  }

  /** Gives what was fetched to the tasks. @throws KafkaError if a partition cannot be read on */
  async take(tasks: TaskManager): Promise<void> {
    const fetched = this.#pump.take();
    if (fetched === undefined) return;
    for (const batch of fetched.batches) tasks.addRecords(batch);
    for (const { topic, partition, error } of fetched.failures) {
      if (tasks.holds({ topic, partition })) await this.#onFailure({ topic, partition }, error);
    }
  }

  /** Stops fetching for queues that are over their limit (all, if paused), and goes on below it. */
  balance(tasks: TaskManager, isPaused: boolean): void {
    const { fetcher, options } = this.deps;
    for (const queue of tasks.queues()) {
      const shouldPause = isPaused || queue.size > options.bufferedRecordsPerPartition;
      if (shouldPause === queue.isPaused) continue;
      queue.isPaused = shouldPause;
      if (shouldPause) fetcher.pause([queue]);
      else fetcher.resume([queue]);
    }
  }

  async #onFailure(partition: TopicPartition, error: Error): Promise<void> {
    if (!(error instanceof KafkaError && error.code === 'OFFSET_OUT_OF_RANGE')) throw error;
    const { options, admin, fetcher } = this.deps;
    const [start] = await retrying(options, 'read committed offsets', () =>
      resetOffsets([partition], admin, this.#policyOf),
    );
    if (start === undefined) throw error;
    options.logger.warn(
      { ...partition, newOffset: start.offset },
      `The offset to read in ${partition.topic}-${partition.partition} is not there any more; going on at ${start.offset}`,
    );
    fetcher.assign([start]);
  }

  readonly #policyOf = (topic: string): NonNullable<ResolvedOptions['offsetReset']> =>
    this.deps.topics.input(topic)?.source.offsetReset ?? this.deps.options.offsetReset;
}
