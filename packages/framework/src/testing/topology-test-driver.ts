import { IllegalStateError } from '../errors/errors.js';
import { TaskId } from '../processor/processor-context.js';
import { checkedHandlers } from '../runtime/checked-handler.js';
import type { DeserializationHandler, ProcessingHandler, ProductionHandler } from '../runtime/handlers.js';
import { RecordCollector } from '../runtime/record-collector.js';
import { StreamTask } from '../runtime/stream-task.js';
import { TopologyTopics } from '../runtime/topology-topics.js';
import type { Deserializer, Serializer } from '../serde/serde.js';
import type { Logger } from '../telemetry/logger.js';
import { createPinoLogger } from '../telemetry/pino-logger.js';
import type { Clock } from '../time/clock.js';
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
    const collector = new RecordCollector({
      producer: new CapturingProducer((record) => this.#capture(record)),
      topics: { count, lookup: (topic) => Promise.resolve(count(topic)) },
      productionHandler,
      deadLetterTopic: options.deadLetterTopic,
      logger,
    });
    for (const subtopology of plan.subtopologies) {
      const task = new StreamTask({
        applicationId,
        taskId: new TaskId(subtopology.id, 0),
        subtopology,
        topicName: this.#topics.fullName,
        collector,
        endOffset: ({ topic }) => this.#ends.get(topic) ?? 0,
        maxTaskIdleMs: 0,
        deserializationHandler,
        processingHandler,
        productionHandler,
        clock: this.#clock,
        logger,
      });
      this.#tasks.set(subtopology.id, task);
    }
    this.#ready = this.#initialize();
    this.#ready.catch(() => undefined);
  }

  /** A topic to feed. Its name may match a pattern of the topology. */
  createInputTopic<K, V>(
    topic: string,
    keySerializer: Serializer<K>,
    valueSerializer: Serializer<V>,
  ): TestInputTopic<K, V> {
    if (this.#topics.input(topic) === undefined) {
      throw new IllegalStateError(
        `The topology does not read a topic '${topic}'. It reads: ${this.#topics.subscription.topics.join(', ')}.`,
      );
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
  }

  async #initialize(): Promise<void> {
    for (const task of this.#tasks.values()) await task.initialize();
  }

  async #open(): Promise<void> {
    if (this.#isClosed) throw new IllegalStateError('This test driver is closed.');
    await this.#ready;
  }

  async #pipe({ topic, key, value, timestamp, headers }: InputBytes): Promise<void> {
    await this.#open();
    this.#feed({ topic, key, value, timestamp: timestamp ?? this.#clock.now(), headers });
    await this.#completeAll();
  }

  #feed(record: Omit<CapturedRecord, 'offset' | 'partition'>): void {
    const { topic } = record;
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
        await task.drain();
        task.committed(task.committable());
      }
      const internal = this.#internal;
      this.#internal = [];
      for (const record of internal) this.#feed(record);
      progress += internal.length;
    } while (progress > 0);
  }

  #capture(record: CapturedRecord): void {
    this.#output(record.topic).push(record);
    if (this.#topics.input(record.topic) !== undefined) this.#internal.push(record);
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
