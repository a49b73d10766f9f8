import { KafkaError } from '../../errors/errors.js';
import type { DeliveryFailure, GroupMembership, RecordProducer, RecordProducerOptions } from '../port.js';
import type { OffsetAndMetadata, RecordHeaders } from '../records.js';
import type { ClientCallKind } from './failure-injection.js';
import type { ClientProcess } from './client-process.js';
import { clientClosed, illegalCall, recordTooLarge } from './kafka-failures.js';
import type { MemoryCluster } from './memory-cluster.js';
import { checkMetadata, MemoryMembership } from './memory-membership.js';
import { ProducerSender } from './producer-sender.js';
import { recordBytes } from './producer-queue.js';
import type { ProducerStamp } from './transaction-coordinator.js';

/*
 * connect                 initTransactions        beginTransaction               commit / abort
 * created --> open (idempotent producer)
 * created --> uninitialised --> ready --> in-transaction --> committing / aborting --> ready
 *                                               \--> must-abort --> aborting --> ready
 * any --> fatal (fenced) --> closed
 */
type ProducerState =
  | 'created'
  | 'open'
  | 'uninitialised'
  | 'ready'
  | 'in-transaction'
  | 'must-abort'
  | 'committing'
  | 'aborting'
  | 'fatal'
  | 'closed';

/** Producer of the in-memory Kafka: idempotent, transactional when it has a transactional id. */
export class MemoryProducer implements RecordProducer {
  readonly #process: ClientProcess;
  readonly #cluster: MemoryCluster;
  readonly #options: RecordProducerOptions;
  readonly #maxRequestBytes: number;
  readonly #sender: ProducerSender;
  #state: ProducerState = 'created';
  /** Why the state is `fatal` or `must-abort`. */
  #reason: KafkaError | undefined;
  #stamp: ProducerStamp | undefined;

  constructor(process: ClientProcess, cluster: MemoryCluster, options: RecordProducerOptions) {
    this.#process = process;
    this.#cluster = cluster;
    this.#options = options;
    this.#maxRequestBytes = options.maxRequestBytes ?? 1_048_576;
    const { lingerMs = 20, maxBufferedBytes = 67_108_864, deliveryTimeoutMs = 120_000 } = options;
    this.#sender = new ProducerSender(process, cluster, { lingerMs, maxBufferedBytes, deliveryTimeoutMs });
    this.#sender.onFailure = (error) => this.#failed(error);
    process.onCrash(() => this.#sender.drop());
  }

  connect(): Promise<void> {
    return this.#process.call('producer.connect', [], () => {
      if (this.#state !== 'created') throw illegalCall('The producer was connected before');
      if (this.#options.transactionalId === undefined) {
        this.#state = 'open';
        this.#stamp = this.#cluster.transactions.idempotent();
        this.#sender.useStamp(this.#stamp);
      } else {
        this.#state = 'uninitialised';
      }
    });
  }

  produce(
    topic: string,
    partition: number,
    key: Buffer | null,
    value: Buffer | null,
    timestamp: number,
    headers: RecordHeaders,
  ): boolean {
    if (!this.#process.hasInjector) return this.#queue(topic, partition, key, value, timestamp, headers);
    return this.#process.callNow('producer.produce', [topic, partition, key, value, timestamp, headers], () =>
      this.#queue(topic, partition, key, value, timestamp, headers),
    );
  }

  drain(): Promise<void> {
    return this.#process.call('producer.drain', [], () => {
      this.#assertUsable();
      // Whatever record was refused, an empty queue takes it.
      return this.#sender.send();
    });
  }

  flush(): Promise<void> {
    return this.#process.call('producer.flush', [], () => {
      this.#assertUsable();
      return this.#sender.send();
    });
  }

  takeFailures(): readonly DeliveryFailure[] {
    return this.#sender.takeFailures();
  }

  async initTransactions(): Promise<void> {
    await this.#transactional('producer.initTransactions', [], (transactionalId) => {
      if (this.#state !== 'uninitialised' && this.#state !== 'ready') {
        throw illegalCall(`initTransactions() is not possible in state '${this.#state}'`);
      }
      this.#cluster.access.check(this.#process.identity, 'write', 'transactionalId', transactionalId);
      const { transactionTimeoutMs = 10_000 } = this.#options;
      this.#stamp = this.#cluster.transactions.init(transactionalId, transactionTimeoutMs);
      this.#sender.useStamp(this.#stamp);
    });
    this.#become('ready', 'uninitialised');
  }

  beginTransaction(): Promise<void> {
    return this.#transactional('producer.beginTransaction', [], () => {
      if (this.#state !== 'ready' || this.#stamp === undefined) {
        throw illegalCall(`beginTransaction() is not possible in state '${this.#state}'`);
      }
      this.#cluster.transactions.begin(this.#stamp);
      this.#state = 'in-transaction';
    });
  }

  sendOffsets(offsets: readonly OffsetAndMetadata[], membership: GroupMembership): Promise<void> {
    return this.#transactional('producer.sendOffsets', [offsets], (_, stamp) => {
      this.#assertInTransaction('sendOffsets()');
      if (!(membership instanceof MemoryMembership))
        throw illegalCall('sendOffsets() needs a membership of this cluster');
      const { group, memberId, epoch } = membership.groupMetadata();
      const { access, transactions } = this.#cluster;
      access.check(this.#process.identity, 'read', 'group', group.groupId);
      for (const { metadata } of offsets) checkMetadata(metadata);
      group.checkEpoch(memberId, epoch, true);
      transactions.addOffsets(stamp, group.offsets, offsets);
    });
  }

  async commitTransaction(): Promise<void> {
    await this.#transactional('producer.commitTransaction', [], async (_, stamp) => {
      // Asked again after its answer was lost, it goes on where it was.
      if (this.#state !== 'committing') this.#assertInTransaction('commitTransaction()');
      await this.#sender.send();
      if (this.#reason !== undefined) throw this.#reason;
      this.#state = 'committing';
      this.#cluster.transactions.end(stamp, 'committed');
    });
    this.#become('ready', 'committing');
  }

  async abortTransaction(): Promise<void> {
    await this.#transactional('producer.abortTransaction', [], async (_, stamp) => {
      if (this.#state !== 'must-abort' && this.#state !== 'aborting') this.#assertInTransaction('abortTransaction()');
      this.#state = 'aborting';
      await this.#sender.purge();
      this.#cluster.transactions.end(stamp, 'aborted');
    });
    this.#become('ready', 'aborting');
  }

  /** Sends what is queued. An open transaction stays open until its timeout, or until its id is used again. */
  close(): Promise<void> {
    return this.#process.call('producer.close', [], async () => {
      if (this.#state === 'closed') return;
      if (this.#state !== 'fatal') await this.#sender.send();
      this.#state = 'closed';
      this.#sender.drop();
    });
  }

  #queue(
    topic: string,
    partition: number,
    key: Buffer | null,
    value: Buffer | null,
    timestamp: number,
    headers: RecordHeaders,
  ): boolean {
    this.#process.assertAlive();
    this.#assertUsable();
    if (this.#state !== 'open') this.#assertInTransaction('produce()');
    const record = { key: copy(key), value: copy(value), timestamp, headers };
    const bytes = recordBytes(record);
    if (bytes > this.#maxRequestBytes) throw recordTooLarge(topic, bytes, this.#maxRequestBytes);
    return this.#sender.offer(this.#cluster.topics.log(topic, partition), record);
  }

  /** A transactional call: checks the state, and lets the flags of a failure decide the next one. */
  #transactional(
    kind: ClientCallKind,
    args: readonly unknown[],
    effect: (transactionalId: string, stamp: ProducerStamp) => void | Promise<void>,
  ): Promise<void> {
    const { transactionalId } = this.#options;
    const call = this.#process.call(kind, args, () => {
      this.#assertUsable();
      if (transactionalId === undefined) throw illegalCall('This producer has no transactional id');
      return effect(transactionalId, this.#stamp ?? { producerId: -1, epoch: -1, transactionalId });
    });
    return call.catch((error: unknown) => {
      if (error instanceof KafkaError && (error.isFatal || error.requiresAbort)) this.#failed(error);
      throw error;
    });
  }

  /** The answer of a call has come; meanwhile the producer may have been closed or fenced. */
  #become(state: 'ready', from: 'uninitialised' | 'committing' | 'aborting'): void {
    if (this.#state !== from) return;
    this.#state = state;
    this.#reason = undefined;
  }

  /** A failed call or batch: nothing is possible any more, or the transaction can only be aborted. */
  #failed(error: KafkaError): void {
    if (this.#state === 'closed' || this.#state === 'fatal') return;
    if (error.isFatal) {
      this.#state = 'fatal';
      this.#reason = error;
      this.#sender.drop();
    } else if (this.#state === 'in-transaction' || this.#state === 'committing') {
      this.#state = 'must-abort';
      const { code, kafkaCode, message } = error;
      this.#reason = error.requiresAbort
        ? error
        : new KafkaError(code, `${message}; the transaction has to be aborted`, {
            kafkaCode,
            requiresAbort: true,
            cause: error,
          });
    }
  }

  #assertUsable(): void {
    if (this.#state === 'fatal' && this.#reason !== undefined) throw this.#reason;
    if (this.#state === 'created' || this.#state === 'closed') throw clientClosed('producer');
  }

  #assertInTransaction(call: string): void {
    if (this.#state === 'must-abort' && this.#reason !== undefined) throw this.#reason;
    if (this.#state !== 'in-transaction') throw illegalCall(`${call} is not possible in state '${this.#state}'`);
  }
}

function copy(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes);
}
