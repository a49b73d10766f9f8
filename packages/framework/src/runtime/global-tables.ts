import type { KafkaAdmin, RecordFetcher } from '../client/port.js';
import { partitionKey, type TopicPartition, type TopicPartitionOffset } from '../client/records.js';
import { KafkaError } from '../errors/errors.js';
import type { StateStore } from '../state/stores/state-store.js';
import type { TopologyPlan } from '../topology/topology-nodes.js';
import { FetchPump } from './fetch-pump.js';
import { GlobalTask } from './global-task.js';
import type { ResolvedOptions } from './resolve-options.js';
import { retrying } from './retry.js';
import type { TaskStores } from './task-stores.js';

export interface GlobalTablesDeps {
  readonly options: ResolvedOptions;
  readonly plan: TopologyPlan;
  readonly admin: KafkaAdmin;
  /** Partition counts of all topics of the topology. */
  readonly partitionCount: (topic: string) => number | undefined;
  /** Opens the stores. @throws StateStoreError */
  readonly openStores: () => TaskStores;
}

/** Records that one step takes: what running tasks wait for. */
const POLL_RECORDS = 5_000;
const POLL_MS = 500;
const PROGRESS_INTERVAL_MS = 10_000;

/**
 * Full copies of topics in this process: restored before the first task starts, kept up to date by a fetcher of their
 * own. They know what they have read from their own files, not from the consumer group.
 */
export class GlobalTables {
  readonly #fetcher: RecordFetcher;
  readonly #pump: FetchPump;
  #stores: TaskStores | undefined;
  #task: GlobalTask | undefined;
  #isConnected = false;
  #isStopping = false;
  /** Where each partition is complete; only while stores are being restored. */
  readonly #ends = new Map<string, number>();
  readonly #positions = new Map<string, TopicPartitionOffset>();
  #records = 0;

  constructor(private readonly deps: GlobalTablesDeps) {
    const { kafka, processingGuarantee } = deps.options;
    const isolationLevel = processingGuarantee === 'exactly_once_v2' ? 'read_committed' : 'read_uncommitted';
    this.#fetcher = kafka.fetcher({ isolationLevel, maxPollRecords: POLL_RECORDS });
    this.#pump = new FetchPump(this.#fetcher, deps.options);
  }

  /** Opens the stores and reads their topics up to the ends that they have now. */
  async open(): Promise<void> {
    const { plan, options, openStores } = this.deps;
    if (plan.globalStores.length === 0) return;
    const { applicationId, deserializationHandler, processingHandler, clock, logger } = options;
    const stores = (this.#stores = openStores());
    this.#task = new GlobalTask({
      ...{ applicationId, globalStores: plan.globalStores, stores },
      ...{ deserializationHandler, processingHandler, clock, logger },
    });
    await this.#task.initialize();
    await this.#fetcher.connect();
    this.#isConnected = true;
    for (const [topic, store] of this.#task.topics) await this.#startTopic(topic, store);
    const startedMs = clock.monotonicMs();
    let loggedMs = startedMs;
    while (!this.isComplete && !this.#isStopping) {
      await this.advance();
      await this.wait();
      if (clock.monotonicMs() - loggedMs < PROGRESS_INTERVAL_MS) continue;
      loggedMs = clock.monotonicMs();
      logger.info({ records: this.#records, remaining: this.#remaining }, 'Restoring global tables');
    }
    const ms = Math.round(clock.monotonicMs() - startedMs);
    logger.info({ records: this.#records, ms }, `Global tables restored: ${stores.state.storeNames.join(', ')}`);
  }

  /** False while a copy is being read anew; then tasks must not run, since they would miss entries. */
  get isComplete(): boolean {
    return this.#ends.size === 0;
  }

  /** A global store, for reading. */
  readonly store = (name: string): StateStore | undefined => this.#task?.store(name);

  get storeNames(): readonly string[] {
    return this.deps.plan.globalStores.map(({ builder }) => builder.name);
  }

  /** Takes in what was fetched, and goes on fetching. Does not wait. Costs next to nothing when there is nothing. */
  async advance(): Promise<void> {
    if (this.#task === undefined) return;
    const fetched = this.#pump.take();
    if (fetched !== undefined) {
      if (fetched.batches.length > 0) {
        await this.#task.apply(fetched.batches);
        for (const { topic, partition, records, nextOffset } of fetched.batches) {
          this.#records += records.length;
          this.#moved({ topic, partition, offset: nextOffset });
        }
      }
      for (const { error, ...partition } of fetched.failures) await this.#onFailure(partition, error);
    }
    // What waits to be written to disk does not wait for the next record.
    this.#stores?.state.flushIfDue();
    this.#pump.start(POLL_MS);
  }

  /** Waits for the fetch under way. */
  wait(): Promise<void> {
    return this.#pump.wait();
  }

  /** Makes an {@link open} under way return. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Closes fetcher and stores; what they hold is kept. */
  async close(): Promise<void> {
    this.#task?.close();
    try {
      if (this.#isConnected) await this.#fetcher.close();
      await this.#pump.wait();
    } finally {
      this.#stores?.close(true);
      this.#stores = this.#task = undefined;
    }
  }

  /** Keeps the lock of the directory fresh. */
  touch(): void {
    this.#stores?.touch();
  }

  get #remaining(): number {
    let remaining = 0;
    for (const [key, end] of this.#ends) remaining += end - (this.#positions.get(key)?.offset ?? 0);
    return remaining;
  }

  async #startTopic(topic: string, store: string): Promise<void> {
    const { options, admin, partitionCount } = this.deps;
    const { processingGuarantee, logger } = options;
    const isolationLevel = processingGuarantee === 'exactly_once_v2' ? 'read_committed' : 'read_uncommitted';
    const partitions = Array.from({ length: partitionCount(topic) ?? 0 }, (_, partition) => ({ topic, partition }));
    const begins = await retrying(options, `find the beginning of ${topic}`, () =>
      admin.listOffsets(partitions, 'earliest'),
    );
    const ends = await retrying(options, `find the end of ${topic}`, () =>
      admin.listOffsets(partitions, 'latest', isolationLevel),
    );
    const endOf = new Map(ends.map(({ partition, offset }) => [partition, offset]));
    const state = this.#stores?.state;
    const isUsable = begins.every(({ partition, offset: begin }) => {
      const local = state?.partitionOffset(store, partition);
      return local === undefined || (local >= begin && local <= (endOf.get(partition) ?? 0));
    });
    const isFresh = begins.every(({ partition }) => state?.partitionOffset(store, partition) === undefined);
    if (!isUsable)
      logger.warn({ store, topic }, `Local state of ${store} does not fit ${topic} any more; it is read anew`);
    // Without an offset nobody can tell what the entries are.
    if (!isUsable || isFresh) state?.reset(store);
    for (const begin of begins) {
      const { partition } = begin;
      const offset = state?.partitionOffset(store, partition) ?? begin.offset;
      const end = endOf.get(partition) ?? 0;
      this.#task?.start({ topic, partition, offset });
      if (offset < end) this.#ends.set(partitionKey(topic, partition), end);
      this.#moved({ topic, partition, offset });
      this.#fetcher.assign([{ topic, partition, offset }]);
    }
  }

  #moved(position: TopicPartitionOffset): void {
    const key = partitionKey(position.topic, position.partition);
    this.#positions.set(key, position);
    if (position.offset >= (this.#ends.get(key) ?? 0)) this.#ends.delete(key);
  }

  /** The topic was truncated behind what is stored: the copy starts anew, and tasks wait for it. */
  async #onFailure({ topic, partition }: TopicPartition, error: Error): Promise<void> {
    if (!(error instanceof KafkaError && error.code === 'OFFSET_OUT_OF_RANGE')) throw error;
    const store = this.#task?.topics.get(topic);
    if (store === undefined) throw error;
    this.deps.options.logger.warn(
      { topic, partition, store },
      `The offset to read in ${topic}-${partition} is not there any more; ${store} is read anew`,
    );
    const partitions = [...this.#positions.values()].filter((position) => position.topic === topic);
    await this.#pump.unassign(partitions);
    this.#stores?.state.reset(store);
    await this.#startTopic(topic, store);
  }
}
