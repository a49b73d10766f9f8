import type { DeliveryFailure, RecordProducer } from '../client/port.js';
import type { RecordHeaders } from '../client/records.js';
import { KafkaError, ProductionError, TaskMigratedError } from '../errors/errors.js';
import { DefaultPartitioner } from '../topology/partitioner.js';
import { deadLetterOf } from './dead-letter.js';
import type { FailedRecord, ProductionHandler } from './handlers.js';
import type { StreamCounters } from './stream-counters.js';
import { producerFailure } from './processing-guarantee.js';
import { isOfBatch, isOutage, RefusedRecords } from './refused-records.js';
import { retrying, type Patience } from './retry.js';
import type { TopicPartitions } from './topic-partitions.js';

type PendingSend = Omit<DeliveryFailure, 'error'>;

interface PendingAnswer {
  readonly failure: DeliveryFailure;
  answer?: 'continue' | 'dead-letter' | 'send';
}

export interface RecordCollectorDeps extends Patience {
  readonly producer: RecordProducer;
  /** A record that is not delivered makes the transaction abort: its answer counts when it comes up again. */
  readonly isTransactional: boolean;
  /** Changelogs must have every record, whatever the handler says. */
  readonly isChangelog: (topic: string) => boolean;
  readonly topics: TopicPartitions;
  readonly productionHandler: ProductionHandler;
  readonly deadLetterTopic: string | undefined;
  readonly counters: StreamCounters;
}

/** What tasks use of it. */
export type TaskOutput = Pick<RecordCollector, 'send' | 'partitionCount' | 'deadLetter'>;

/**
 * All output of one stream loop: chooses partitions, waits when the producer is full, answers failed deliveries. Keeps
 * the order of what is sent to it, also while it waits.
 */
export class RecordCollector {
  readonly #partitioner = new DefaultPartitioner();
  readonly #refused = new RefusedRecords();
  /** A record of the open transaction was refused. */
  #hasRefused = false;
  #overflow: PendingSend[] = [];
  /** Records that the producer would not take when their turn came. */
  #neverSent: DeliveryFailure[] = [];
  #draining: Promise<void> | undefined;
  /** Taken from the producer. One leaves it only when nothing can fail before its answer is acted on. */
  readonly #unanswered: PendingAnswer[] = [];

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
    if (!(timestamp >= 0 && Number.isSafeInteger(timestamp))) {
      throw new ProductionError(
        `A record to '${topic}' has the timestamp ${String(timestamp)}. Give it a whole number of milliseconds, at least 0.`,
        { topic, partition: target },
      );
    }
    let isAlone = false;
    if (!this.#refused.isEmpty) {
      const refusal = this.#refused.find({ topic, partition: target, key, value });
      if (refusal !== undefined) {
        const failure = { topic, partition: target, key, value, timestamp, headers, error: refusal.error };
        if (refusal.isForeseen && refusal.attempts === 0) this.#ask(failure);
        if (refusal.answer !== undefined) return this.#leaveOut(failure, refusal.answer);
      }
      isAlone = refusal?.isAlone === true;
    }
    this.deps.counters.sentRecords++;
    this.deps.counters.sentBytes += (key === null ? 0 : key.length) + (value === null ? 0 : value.length);
    try {
      const canQueue = !isAlone && this.#overflow.length === 0;
      if (canQueue && this.deps.producer.produce(topic, target, key, value, timestamp, headers)) return;
    } catch (error) {
      throw producerFailure(error);
    }
    return this.#sendLater({ topic, partition: target, key, value, timestamp, headers });
  }

  #sendLater(record: PendingSend): Promise<void> {
    this.#overflow.push(record);
    return this.#drainOverflow();
  }

  #drainOverflow(): Promise<void> {
    if (this.#draining !== undefined) return this.#draining;
    const queue = this.#overflow;
    const draining = this.#drain(queue).finally(() => {
      if (this.#draining === draining) this.#draining = undefined;
    });
    this.#draining = draining;
    return draining;
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
      // Something may be left although nobody drains: the call that did got no answer.
      if (this.#overflow.length > 0) await this.#drainOverflow();
      await this.#ofProducer(this.deps.producer.flush());
    } while (await this.answerFailures());
  }

  /**
   * Gives deliveries that failed to the production handler. A record that may have failed because of others in its batch
   * is sent again on its own first.
   *
   * @returns true if a record was sent again
   * @throws ProductionError if the handler answers 'fail'
   * @throws KafkaError that requires abort, in a transaction: what was answered counts when the records come up again
   */
  async answerFailures(): Promise<boolean> {
    for (const failure of this.deps.producer.takeFailures()) this.#unanswered.push({ failure });
    let hasResent = false;
    let abort: KafkaError | undefined;
    for (const failure of this.#neverSent.splice(0)) {
      const answer = this.deps.productionHandler(failure.error, failure, 1);
      // The same record again would be refused again.
      if (answer === 'fail' || answer === 'retry' || this.deps.isChangelog(failure.topic)) throw deliveryError(failure);
      await this.#leaveOut(failure, answer);
      hasResent ||= answer === 'dead-letter';
    }
    for (let first; (first = this.#unanswered[0]) !== undefined;) {
      const { failure } = first;
      const reason = producerFailure(failure.error);
      // Not the record's fault: no record can be written any more.
      if (reason instanceof TaskMigratedError) throw reason;
      if (!this.deps.isTransactional) hasResent = (await this.#answer(first)) || hasResent;
      else {
        this.#unanswered.shift();
        // What did not arrive in time is done again with the whole transaction.
        if (!isOutage(reason)) {
          this.#ask(failure);
          this.#hasRefused = true;
        }
        abort ??= abortFor(failure);
      }
    }
    if (abort !== undefined) throw abort;
    return hasResent;
  }

  /** @returns true if a record was sent again */
  async #answer(pending: PendingAnswer): Promise<boolean> {
    const { failure } = pending;
    const answer = (pending.answer ??= this.#ask(failure));
    if (answer === 'dead-letter') await this.#knowDeadLetterTopic();
    this.#unanswered.shift();
    if (answer === 'send') await this.#sendLater(failure);
    else await this.#leaveOut(failure, answer);
    return answer !== 'continue';
  }

  /** Sending to it cannot fail from then on: it may only have to wait. */
  async #knowDeadLetterTopic(): Promise<void> {
    const { deadLetterTopic, topics } = this.deps;
    if (deadLetterTopic !== undefined && topics.count(deadLetterTopic) === undefined) {
      await topics.lookup(deadLetterTopic);
    }
  }

  /** @throws ProductionError for the answer 'fail' */
  #ask(failure: DeliveryFailure): 'continue' | 'dead-letter' | 'send' {
    const refusal = this.#refused.of(failure);
    if (isOfBatch(failure.error) && !refusal.isAlone) {
      refusal.isAlone = true;
      return 'send';
    }
    const answer = this.deps.productionHandler(failure.error, failure, ++refusal.attempts);
    if (answer === 'fail') throw deliveryError(failure);
    if (answer === 'retry') return 'send';
    if (this.deps.isChangelog(failure.topic)) {
      throw deliveryError(
        failure,
        `; the production handler answered '${answer}', but its changelog must have all that is in a store`,
      );
    }
    // In a transaction it counts when the record comes up again.
    if (this.deps.isTransactional) refusal.answer = answer;
    return answer;
  }

  /** A record is not written, and what the handler wants instead is done. */
  #leaveOut(failure: DeliveryFailure, answer: 'continue' | 'dead-letter'): void | Promise<void> {
    const { topic, partition, error } = failure;
    this.deps.counters.droppedRecords++;
    this.deps.logger.warn({ topic, partition, err: error }, `Output record not delivered; answer: ${answer}`);
    if (answer === 'continue') return;
    // A client may have forgotten the time of a record that failed late.
    const timestamp = Math.max(0, failure.timestamp);
    return this.deadLetter({ ...failure, timestamp, offset: -1 }, error);
  }

  /** What was sent is committed, or acknowledged and its offsets committed. */
  committed(): void {
    this.#refused.committed();
  }

  /** The transaction is about to be aborted: forgets what waits for room in the producer. */
  clear(): void {
    this.#overflow = [];
    this.#neverSent = [];
    this.#draining = undefined;
  }

  /**
   * The transaction was aborted: records that made it fail are answered now, so that they do not do so again.
   *
   * @throws ProductionError if the handler answers 'fail', or if it fails each time for other records
   */
  async aborted(): Promise<void> {
    try {
      await this.answerFailures();
    } catch (error) {
      if (!(error instanceof KafkaError && error.requiresAbort)) throw error;
    }
    const hasRefused = this.#hasRefused;
    this.#hasRefused = false;
    if (this.#refused.beginRound(hasRefused)) return;
    throw new ProductionError(
      'Records of a transaction are refused each time it is done again, and each time they have other bytes, so that those ' +
        'of before cannot be left out. Make the processing deterministic, or the records small enough and permitted.',
    );
  }

  /** Number of records sent so far. */
  get recordsSent(): number {
    return this.deps.counters.sentRecords;
  }

  /** @returns false if there is no room */
  #produce(record: PendingSend): boolean {
    const { topic, partition, key, value, timestamp, headers } = record;
    try {
      return this.deps.producer.produce(topic, partition, key, value, timestamp, headers);
    } catch (error) {
      const isTooLarge = error instanceof KafkaError && error.code === 'RECORD_TOO_LARGE' && !error.requiresAbort;
      if (!isTooLarge) throw producerFailure(error);
      this.#neverSent.push({ ...record, error });
      return true;
    }
  }

  async #ofProducer(call: Promise<void>): Promise<void> {
    try {
      await call;
    } catch (error) {
      throw producerFailure(error);
    }
  }

  /** Works a queue off, unless {@link clear} has put another in its place. */
  async #drain(queue: PendingSend[]): Promise<void> {
    const { producer } = this.deps;
    while (queue.length > 0) {
      await this.#ofProducer(producer.drain());
      if (queue !== this.#overflow) return;
      const first = queue[0];
      if (first !== undefined && this.#isAlone(first)) {
        await this.#flushAround();
        if (queue !== this.#overflow) return;
        if (!this.#produce(first)) continue;
        await this.#flushAround();
        queue.shift();
        continue;
      }
      let sent = 0;
      for (const send of queue) {
        if (this.#isAlone(send) || !this.#produce(send)) break;
        sent++;
      }
      queue.splice(0, sent);
    }
  }

  /** Before and after a record that goes out alone. A task waits here in the middle of a record: it cannot call again. */
  async #flushAround(): Promise<void> {
    await this.#ofProducer(retrying(this.deps, 'flush the producer', () => this.deps.producer.flush()));
  }

  #isAlone(record: PendingSend): boolean {
    return !this.#refused.isEmpty && this.#refused.find(record)?.isAlone === true;
  }
}

function deliveryError(failure: DeliveryFailure, note = ''): ProductionError {
  const { topic, partition, error } = failure;
  return new ProductionError(`A record could not be written to ${topic}-${partition}: ${error.message}${note}`, {
    cause: error,
    topic,
    partition,
  });
}

/** The native client lets no transaction commit in which a record failed. */
function abortFor({ topic, partition, error }: DeliveryFailure): KafkaError {
  const { code, kafkaCode } = error instanceof KafkaError ? error : { code: 'KAFKA_FAILURE' as const, kafkaCode: '' };
  const message = `A record for ${topic}-${partition} was not delivered: ${error.message}`;
  return new KafkaError(code, message, { kafkaCode, requiresAbort: true, cause: error, topic, partition });
}
