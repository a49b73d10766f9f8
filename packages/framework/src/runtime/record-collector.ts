import type { DeliveryFailure, RecordProducer } from '../client/port.js';
import { NO_HEADERS, type RecordHeaders } from '../client/records.js';
import { ProductionError, TaskMigratedError } from '../errors/errors.js';
import type { Logger } from '../telemetry/logger.js';
import { DefaultPartitioner } from '../topology/partitioner.js';
import { deadLetterOf } from './dead-letter.js';
import type { FailedRecord, ProductionHandler } from './handlers.js';
import type { StreamCounters } from './stream-counters.js';
import { producerFailure } from './processing-guarantee.js';
import type { TopicPartitions } from './topic-partitions.js';

interface PendingSend {
  readonly topic: string;
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: number;
  readonly headers: RecordHeaders;
}

export interface RecordCollectorDeps {
  readonly producer: RecordProducer;
  readonly topics: TopicPartitions;
  readonly productionHandler: ProductionHandler;
  readonly deadLetterTopic: string | undefined;
  readonly counters: StreamCounters;
  readonly logger: Logger;
}

/** What tasks use of it. */
export type TaskOutput = Pick<RecordCollector, 'send' | 'partitionCount' | 'deadLetter'>;

/**
 * All output of one stream loop: chooses partitions, waits when the producer is full, answers failed deliveries. Keeps
 * the order of what is sent to it, also while it waits.
 */
export class RecordCollector {
  readonly #partitioner = new DefaultPartitioner();
  readonly #attempts = new WeakMap<object, number>();
  #overflow: PendingSend[] = [];
  #draining: Promise<void> | undefined;

  constructor(private readonly deps: RecordCollectorDeps) {}

  /**
   * Sends to the partition given, or to the default one of the key.
   * @returns a promise only while the producer is full or the topic's partition count is not known yet
   */
  send(
    topic: string,
    partition: number | undefined,
    key: Buffer | null,
    value: Buffer | null,
    timestamp: number,
    headers: RecordHeaders,
  ): void | Promise<void> {
    const count = this.deps.topics.count(topic);
    if (count === undefined) {
      return this.deps.topics.lookup(topic).then(() => this.send(topic, partition, key, value, timestamp, headers));
    }
    const target = partition ?? this.#partitioner.partition(topic, key, value === null ? 0 : value.length, count);
    if (target >= count || target < 0 || !Number.isInteger(target)) {
      throw new ProductionError(
        `Partition ${target} was chosen for a record to '${topic}', which has partitions 0 to ${count - 1}. Correct the partitioner.`,
        { topic, partition: target },
      );
    }
    this.deps.counters.sentRecords++;
    this.deps.counters.sentBytes += (key === null ? 0 : key.length) + (value === null ? 0 : value.length);
    try {
      if (this.#overflow.length === 0 && this.deps.producer.produce(topic, target, key, value, timestamp, headers))
        return;
    } catch (error) {
      throw producerFailure(error);
    }
    this.#overflow.push({ topic, partition: target, key, value, timestamp, headers });
    this.#draining ??= this.#drainOverflow();
    return this.#draining;
  }

  /** Number of partitions of a topic, for a user's partitioner; a promise at the first use of a topic. */
  partitionCount(topic: string): number | Promise<number> {
    return this.deps.topics.count(topic) ?? this.deps.topics.lookup(topic);
  }

  /** Writes the original record to the dead-letter topic. */
  deadLetter(record: FailedRecord, error: unknown): void | Promise<void> {
    const topic = this.deps.deadLetterTopic;
    if (topic === undefined) {
      throw new ProductionError(
        "A handler answered 'dead-letter', but no dead-letter topic is configured. Set the option deadLetterTopic.",
        { cause: error, topic: record.topic, partition: record.partition, offset: record.offset },
      );
    }
    const letter = deadLetterOf(record, error);
    return this.send(topic, undefined, letter.key, letter.value, letter.timestamp, letter.headers);
  }

  /**
   * Waits until all that was sent is acknowledged; failed deliveries go to the production handler.
   * @throws TaskMigratedError if the producer is fenced; a retriable KafkaError if the answer did not come: call it again
   */
  async flush(): Promise<void> {
    do {
      if (this.#draining !== undefined) await this.#draining;
      await this.#ofProducer(this.deps.producer.flush());
    } while (await this.answerFailures());
  }

  /**
   * Gives deliveries that failed to the production handler.
   * @returns true if a record was sent again
   * @throws ProductionError if the handler answers 'fail'
   */
  async answerFailures(): Promise<boolean> {
    const failures = this.deps.producer.takeFailures();
    let hasResent = false;
    for (const failure of failures) {
      const reason = producerFailure(failure.error);
      // Not the record's fault: no record can be written any more.
      if (reason instanceof TaskMigratedError) throw reason;
      const attempt = (this.#attempts.get(failure.value ?? failure) ?? 0) + 1;
      const answer = this.deps.productionHandler(failure.error, failure, attempt);
      if (answer === 'fail') throw deliveryError(failure);
      if (answer === 'retry') {
        if (failure.value !== null) this.#attempts.set(failure.value, attempt);
        hasResent = true;
        await this.send(
          failure.topic,
          failure.partition,
          failure.key,
          failure.value,
          failure.timestamp,
          failure.headers,
        );
      } else {
        this.deps.counters.droppedRecords++;
        const { topic, partition } = failure;
        this.deps.logger.warn(
          { topic, partition, err: failure.error },
          `Output record not delivered; answer: ${answer}`,
        );
        if (answer === 'dead-letter') {
          hasResent = true;
          await this.deadLetter({ ...failure, headers: failure.headers ?? NO_HEADERS, offset: -1 }, failure.error);
        }
      }
    }
    return hasResent;
  }

  /** Number of records sent so far. */
  get recordsSent(): number {
    return this.deps.counters.sentRecords;
  }

  /** Forgets what waits for room in the producer, after the transaction it belongs to was aborted. */
  clear(): void {
    this.#overflow = [];
    this.deps.producer.takeFailures();
  }

  #produce({ topic, partition, key, value, timestamp, headers }: PendingSend): boolean {
    try {
      return this.deps.producer.produce(topic, partition, key, value, timestamp, headers);
    } catch (error) {
      throw producerFailure(error);
    }
  }

  async #ofProducer(call: Promise<void>): Promise<void> {
    try {
      await call;
    } catch (error) {
      throw producerFailure(error);
    }
  }

  async #drainOverflow(): Promise<void> {
    const { producer } = this.deps;
    try {
      while (this.#overflow.length > 0) {
        await this.#ofProducer(producer.drain());
        let sent = 0;
        for (const send of this.#overflow) {
          if (!this.#produce(send)) break;
          sent++;
        }
        this.#overflow.splice(0, sent);
      }
    } finally {
      this.#draining = undefined;
    }
  }
}

function deliveryError(failure: DeliveryFailure): ProductionError {
  const { topic, partition, error } = failure;
  return new ProductionError(`A record could not be written to ${topic}-${partition}: ${error.message}`, {
    cause: error,
    topic,
    partition,
  });
}
