import { IllegalStateError, StateStoreError } from '../errors/errors.js';
import { TaskId } from '../processor/processor-context.js';
import { checkedHandlers } from '../runtime/checked-handler.js';
import type { DeserializationHandler, ProcessingHandler, ProductionHandler } from '../runtime/handlers.js';
import { GlobalTask, type GlobalTaskDeps } from '../runtime/global-task.js';
import { GLOBAL_TASK_ID } from '../runtime/local-state.js';
import { RecordCollector } from '../runtime/record-collector.js';
import { StreamCounters } from '../runtime/stream-counters.js';
import { StreamTask } from '../runtime/stream-task.js';
import { TaskStores, type TaskStoresDeps } from '../runtime/task-stores.js';
import { TopologyTopics } from '../runtime/topology-topics.js';
import type { Deserializer, Serializer } from '../serde/serde.js';
import { CacheBudget } from '../state/cache/cache-budget.js';
import type { StateStore } from '../state/stores/state-store.js';
import type { Logger } from '../telemetry/logger.js';
import { createPinoLogger } from '../telemetry/pino-logger.js';
import type { Clock } from '../time/clock.js';
import type { TopologyPlan } from '../topology/topology-nodes.js';
import type { Topology } from '../topology/topology.js';
import { CapturingProducer, type CapturedRecord } from './capturing-producer.js';
import { TestInputTopic, TestOutputTopic, type InputBytes } from './test-topics.js';

export interface TopologyTestDriverOptions {
  /** @default 'test' */
  readonly applicationId?: string;
  /** Where the driver's clock starts, ms. @default 0 */
  readonly initialTimeMs?: number;
  /** Partition counts that partitioners of output topics see. @default 1 each */
  readonly partitionCounts?: Readonly<Record<string, number>>;
  /** Bytes that caches of stores hold back; they are passed on after each piped record in any case. @default 0 */
  readonly cacheMaxBytes?: number;
  readonly deadLetterTopic?: string;
  readonly deserializationHandler?: DeserializationHandler;
  readonly processingHandler?: ProcessingHandler;
  readonly productionHandler?: ProductionHandler;
  /** @default a logger that says errors only */
  readonly logger?: Logger;
}

/**
 * Runs a topology without a broker: the real tasks, one per subtopology, on a clock that only the test moves. Records
 * of repartition topics flow on by themselves.
 *
 * @example
 * const driver = new TopologyTestDriver(topology);
 * const input = driver.createInputTopic('in', serdes.string, serdes.string);
 * const output = driver.createOutputTopic('out', serdes.string, serdes.string);
 * await input.pipe('k', 'v', { timestamp: 10 });
 * assert.deepEqual(output.readKeyValues(), [['k', 'V']]);
 * driver.close();
 */
export class TopologyTestDriver {
  readonly #clock: DriverClock;
  readonly #topics: TopologyTopics;
  readonly #tasks = new Map<number, StreamTask>();
  readonly #globals: GlobalTask | undefined;
  #globalStores: TaskStores | undefined;
  readonly #outputs = new Map<string, CapturedRecord[]>();
  readonly #ends = new Map<string, number>();
  readonly #ready: Promise<void>;
  #internal: CapturedRecord[] = [];
  #working: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(
    topology: Topology,
    private readonly options: TopologyTestDriverOptions = {},
  ) {
    const applicationId = options.applicationId ?? 'test';
    const plan = topology.plan();
    this.#clock = new DriverClock(options.initialTimeMs ?? 0);
    this.#topics = new TopologyTopics(applicationId, plan);
    const logger = options.logger ?? createPinoLogger({ level: 'error' });
    const { deserializationHandler, processingHandler, productionHandler } = checkedHandlers(options);
    const count = (topic: string): number => options.partitionCounts?.[topic] ?? 1;
    const counters = new StreamCounters();
    const cacheBudget = new CacheBudget(options.cacheMaxBytes ?? 0);
    const collector = new RecordCollector({
      counters,
      producer: new CapturingProducer((record) => this.#capture(record)),
      topics: { count, lookup: (topic) => Promise.resolve(count(topic)) },
      productionHandler,
      deadLetterTopic: options.deadLetterTopic,
      ...{ clock: this.#clock, logger, taskTimeoutMs: 0 },
      isTransactional: false,
      isChangelog: this.#topics.isChangelog,
    });
    const handlers = { deserializationHandler, processingHandler };
    const storesDeps = {
      ...{ storage: undefined, cacheBudget, flush: {}, clock: this.#clock, logger },
      ...{ changelogTopic: this.#topics.changelogTopic, isSourceChangelog: this.#topics.isSourceChangelog },
    };
    this.#globals = this.#globalTask(
      applicationId,
      plan,
      { ...storesDeps, taskId: GLOBAL_TASK_ID, builders: [] },
      handlers,
    );
    for (const subtopology of plan.subtopologies) {
      const taskId = new TaskId(subtopology.id, 0);
      const stores = new TaskStores({ ...storesDeps, taskId, builders: subtopology.stores });
      const task = new StreamTask({
        applicationId,
        taskId,
        subtopology,
        stores,
        counters,
        topicName: this.#topics.fullName,
        collector,
        endOffset: ({ topic }) => this.#ends.get(topic) ?? 0,
        maxTaskIdleMs: 0,
        globalStore: (name) => this.#globals?.store(name),
        ...handlers,
        productionHandler,
        clock: this.#clock,
        logger,
      });
      this.#tasks.set(subtopology.id, task);
    }
    this.#ready = this.#initialize();
    this.#ready.catch(() => undefined);
  }

  #globalTask(
    applicationId: string,
    { globalStores }: TopologyPlan,
    storesDeps: TaskStoresDeps,
    handlers: Pick<GlobalTaskDeps, 'deserializationHandler' | 'processingHandler'>,
  ): GlobalTask | undefined {
    if (globalStores.length === 0) return undefined;
    const builders = globalStores.map(({ builder }) => ({ ...builder, changelog: undefined }));
    const stores = (this.#globalStores = new TaskStores({ ...storesDeps, builders }));
    const { clock, logger } = storesDeps;
    return new GlobalTask({ applicationId, globalStores, stores, ...handlers, clock, logger });
  }

  /** A topic to feed. Its name may match a pattern of the topology. */
  createInputTopic<K, V>(
    topic: string,
    keySerializer: Serializer<K>,
    valueSerializer: Serializer<V>,
  ): TestInputTopic<K, V> {
    const globals = this.#globals?.topics ?? new Map<string, string>();
    if (this.#topics.input(topic) === undefined && !globals.has(topic)) {
      const read = [...this.#topics.subscription.topics, ...globals.keys()];
      throw new IllegalStateError(`The topology does not read a topic '${topic}'. It reads: ${read.join(', ')}.`);
    }
    return new TestInputTopic(topic, keySerializer, valueSerializer, (input) => this.#pipe(input));
  }

  /** A topic to read back, the dead-letter topic and internal topics included. */
  createOutputTopic<K, V>(
    topic: string,
    keyDeserializer: Deserializer<K>,
    valueDeserializer: Deserializer<V>,
  ): TestOutputTopic<K, V> {
    return new TestOutputTopic(topic, keyDeserializer, valueDeserializer, this.#output(topic));
  }

  /** The driver's time, ms. */
  get nowMs(): number {
    return this.#clock.now();
  }

  /** Moves the clock and fires the wall-clock punctuators that become due. */
  async advanceWallClock(ms: number): Promise<void> {
    await this.#open();
    this.#clock.advance(ms);
    for (const task of this.#tasks.values()) await task.punctuateWallClock(this.#clock.now());
    await this.#completeAll();
  }

  /** Closes the processors. */
  close(): void {
    this.#isClosed = true;
    for (const task of this.#tasks.values()) task.close();
    this.#globals?.close();
  }

  async #initialize(): Promise<void> {
    await this.#globals?.initialize();
    for (const task of this.#tasks.values()) await task.initialize();
  }

  async #open(): Promise<void> {
    if (this.#isClosed) throw new IllegalStateError('This test driver is closed.');
    await this.#ready;
  }

  async #pipe({ topic, key, value, timestamp, headers }: InputBytes): Promise<void> {
    await this.#open();
    await this.#feed({ topic, key, value, timestamp: timestamp ?? this.#clock.now(), headers });
    await this.#completeAll();
  }

  async #feed(record: Omit<CapturedRecord, 'offset' | 'partition'>): Promise<void> {
    const { topic } = record;
    if (this.#globals?.topics.has(topic) === true) {
      await this.#feedGlobal(record);
      return;
    }
    const input = this.#topics.input(topic);
    const task = input === undefined ? undefined : this.#tasks.get(input.subtopology.id);
    if (input === undefined || task === undefined) return;
    const offset = this.#ends.get(topic) ?? 0;
    if (!task.queues.some((queue) => queue.topic === topic))
      task.addPartition({ topic, partition: 0, offset }, input.source);
    this.#ends.set(topic, offset + 1);
    const { key, value, timestamp, headers } = record;
    task.addRecords({
      topic,
      partition: 0,
      records: [{ offset, key, value, timestamp, headers }],
      nextOffset: offset + 1,
    });
  }

  async #feedGlobal({ topic, ...record }: Omit<CapturedRecord, 'offset' | 'partition'>): Promise<void> {
    const offset = this.#ends.get(topic) ?? 0;
    if (offset === 0) this.#globals?.start({ topic, partition: 0, offset });
    this.#ends.set(topic, offset + 1);
    await this.#globals?.apply([{ topic, partition: 0, records: [{ offset, ...record }], nextOffset: offset + 1 }]);
  }

  /** Processes until nothing is left: internal topics, asynchronous work and all. One call at a time. */
  #completeAll(): Promise<void> {
    const work = this.#working.then(() => this.#processAll());
    this.#working = work.catch(() => undefined);
    return work;
  }

  async #processAll(): Promise<void> {
    let progress: number;
    do {
      progress = 0;
      for (const task of this.#tasks.values()) {
        progress += await task.process(Number.MAX_SAFE_INTEGER, this.#clock.now());
        await this.#commit(task);
      }
      const internal = this.#internal;
      this.#internal = [];
      for (const record of internal) await this.#feed(record);
      progress += internal.length;
    } while (progress > 0);
  }

  async #commit(task: StreamTask): Promise<void> {
    await task.drain();
    await task.writeChangelog();
    task.stores?.state.commit(new Map());
    task.committed(task.committable());
  }

  /** A store, to look into or to fill. @throws StateStoreError `STORE_NOT_FOUND` */
  getStateStore<S extends StateStore>(name: string): S {
    if (this.#globals?.store(name) !== undefined) return this.#globalStores?.state.store(name) as S;
    const task = [...this.#tasks.values()].find(({ stores }) => stores?.state.storeNames.includes(name));
    if (task?.stores === undefined) {
      throw new StateStoreError('STORE_NOT_FOUND', `The topology has no store '${name}'.`);
    }
    return task.stores.state.store(name) as S;
  }

  #capture(record: CapturedRecord): void {
    this.#output(record.topic).push(record);
    const isRead = this.#topics.input(record.topic) !== undefined || this.#globals?.topics.has(record.topic) === true;
    if (isRead) this.#internal.push(record);
  }

  #output(topic: string): CapturedRecord[] {
    let queue = this.#outputs.get(topic);
    if (queue === undefined) {
      queue = [];
      this.#outputs.set(topic, queue);
    }
    return queue;
  }
}

/** Stands still until the test moves it. A sleeper moves it too: back-off in a test takes no time. */
class DriverClock implements Clock {
  constructor(private nowMs: number) {}

  now(): number {
    return this.nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  advance(ms: number): void {
    this.nowMs += ms;
  }

  sleep(ms: number): Promise<void> {
    this.nowMs += ms;
    return new Promise((resolve) => setImmediate(resolve));
  }
}
