import { KafkaError } from '../../errors/errors.js';
import type { DeliveryFailure } from '../port.js';
import type { Alarm } from './alarm-queue.js';
import type { ClientProcess } from './client-process.js';
import { recordTooLarge, refused, timedOut, topicNotFound } from './kafka-failures.js';
import type { MemoryCluster } from './memory-cluster.js';
import type { NewRecord, PartitionLog } from './partition-log.js';
import { ProducerQueue, recordBytes, type ProducerBatch } from './producer-queue.js';
import type { ProducerStamp } from './transaction-coordinator.js';

/** How long a batch that failed with a retriable error waits before it is sent again, ms. */
const RETRY_BACKOFF_MS = 100;

export interface ProducerSenderOptions {
  readonly lingerMs: number;
  readonly maxBufferedBytes: number;
  readonly deliveryTimeoutMs: number;
}

/**
 * The queue of a producer and its way to the broker: batches linger, go out in order, are sent again after retriable
 * errors, and are recognised by their sequence numbers when they arrive twice.
 */
export class ProducerSender {
  readonly #process: ClientProcess;
  readonly #cluster: MemoryCluster;
  readonly #options: ProducerSenderOptions;
  readonly #queue: ProducerQueue;
  #sequences = new Map<PartitionLog, number>();
  #stamp: ProducerStamp | undefined;
  #failures: DeliveryFailure[] = [];
  #linger: Alarm | undefined;
  #sending: Promise<void> = Promise.resolve();
  /** Told of every batch that failed. */
  onFailure: (error: KafkaError) => void = () => undefined;

  constructor(process: ClientProcess, cluster: MemoryCluster, options: ProducerSenderOptions) {
    this.#process = process;
    this.#cluster = cluster;
    this.#options = options;
    this.#queue = new ProducerQueue(options.maxBufferedBytes);
  }

  /** The identity for all records from now on; sequence numbers begin anew. */
  useStamp(stamp: ProducerStamp): void {
    this.#stamp = stamp;
    this.#sequences = new Map();
  }

  /** False if the queue is full. */
  offer(log: PartitionLog, record: NewRecord): boolean {
    const bytes = recordBytes(record);
    if (!this.#queue.hasRoom(bytes)) return false;
    const nowMs = this.#cluster.alarms.nowMs();
    this.#queue.add(log, record, bytes, nowMs);
    this.#linger ??= this.#cluster.alarms.awaited(nowMs + this.#options.lingerMs, () => {
      void this.send();
    });
    return true;
  }

  /** Sends what waits; resolves when everything queued before is answered. Never rejects. */
  send(): Promise<void> {
    this.#stopLinger();
    this.#sending = this.#sending.then(() => this.#sendWaiting());
    return this.#sending;
  }

  /** Drops what waits and resolves when nothing is under way. */
  async purge(): Promise<void> {
    this.drop();
    await this.#sending;
  }

  /** Drops what waits. */
  drop(): void {
    this.#stopLinger();
    this.#queue.purge();
  }

  takeFailures(): readonly DeliveryFailure[] {
    const failures = this.#failures;
    this.#failures = [];
    return failures;
  }

  #stopLinger(): void {
    this.#cluster.alarms.cancel(this.#linger);
    this.#linger = undefined;
  }

  async #sendWaiting(): Promise<void> {
    for (const batch of this.#queue.take()) {
      await this.#sendBatch(batch);
      this.#queue.release(batch);
    }
  }

  async #sendBatch(batch: ProducerBatch): Promise<void> {
    const { log, records, queuedMs } = batch;
    const baseSequence = this.#sequences.get(log) ?? 0;
    this.#sequences.set(log, baseSequence + records.length);
    for (;;) {
      try {
        await this.#process.call('producer.send', [log.topic, log.partition, records.length], () => {
          this.#append(log, records, baseSequence);
        });
        return;
      } catch (error) {
        if (!(error instanceof KafkaError)) throw error;
        const isLate = this.#cluster.alarms.nowMs() + RETRY_BACKOFF_MS >= queuedMs + this.#options.deliveryTimeoutMs;
        if (!error.isRetriable || isLate) return this.#fail(batch, error.isRetriable ? timedOut('A record') : error);
        await this.#cluster.clock.sleep(RETRY_BACKOFF_MS);
      }
    }
  }

  /** What the broker does with a batch. */
  #append(log: PartitionLog, records: readonly NewRecord[], baseSequence: number): void {
    const { access, topics, transactions, clock } = this.#cluster;
    const stamp = this.#stamp;
    if (stamp === undefined) return;
    access.check(this.#process.identity, 'write', 'topic', log.topic);
    const topic = topics.find(log.topic);
    if (topic === undefined || !log.isLive) throw topicNotFound(log.topic, log.partition);
    for (const record of records) {
      if (topic.isCompacted && record.key === null) {
        throw refused(
          'KAFKA_FAILURE',
          'INVALID_RECORD',
          `Compacted topic '${topic.name}' takes no records without key`,
        );
      }
      const bytes = recordBytes(record);
      if (bytes > topic.maxMessageBytes) throw recordTooLarge(topic.name, bytes, topic.maxMessageBytes);
    }
    const isTransactional = stamp.transactionalId !== undefined;
    if (isTransactional) transactions.addLog(stamp, log);
    const timed = topic.usesAppendTime ? records.map((record) => ({ ...record, timestamp: clock.now() })) : records;
    const { producerId, epoch } = stamp;
    log.append(timed, { producerId, epoch, baseSequence, isTransactional });
  }

  #fail({ log: { topic, partition }, records }: ProducerBatch, error: KafkaError): void {
    for (const record of records) this.#failures.push({ topic, partition, ...record, error });
    this.onFailure(error);
  }
}
