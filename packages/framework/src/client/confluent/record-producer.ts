import type { EventEmitter } from 'node:events';
import { IllegalStateError, KafkaError } from '../../errors/errors.js';
import type { DeliveryFailure, GroupMembership, RecordProducer, RecordProducerOptions } from '../port.js';
import { NO_HEADERS, type OffsetAndMetadata, type RecordHeaders } from '../records.js';
import { Producer, type NativeCallback, type NativeConfig, type NativeError, type NativeProducer } from './addon.js';
import { AddonHandle } from './addon-handle.js';
import type { Cluster } from './cluster.js';
import { clientClosed, NativeCode } from './error-codes.js';
import { ConfluentMembership } from './group-membership.js';
import { toNativeBytes, toNativeHeaders } from './native-bytes.js';
import { SentRecords } from './sent-records.js';

const defaultMaxBufferedBytes = 64 * 1024 * 1024;
const defaultTransactionTimeoutMs = 10_000;
/** Longest one native flush blocks a thread of the pool, ms. */
const flushAttemptMs = 500;
/** How long an abort waits for what is queued, ms. */
const abortFlushMs = 1000;
const drainPauseMs = 5;
/**
 * How long connections of a transactional producer may be idle, ms. Where the broker that coordinates a group goes away,
 * the native client's call to send offsets waits, past any time-out, until some connection opens or closes, or for ever
 * (librdkafka 2.14, issues 5456 and 5511). While it waits nothing is sent: the connections become idle and are closed.
 */
const maxIdleMs = 6_000;
/** How much longer than its time-out the call may take before it is given up, ms. */
const sendOffsetsMarginMs = 5_000;

interface DeliveryReport {
  readonly topic: string;
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp?: number;
}

/** A record that failed; without an error where the reason of the producer's end is still awaited. */
type FailedRecord = Omit<DeliveryFailure, 'error'> & { readonly error: NativeError | undefined };

const purged = new Set<number>([NativeCode.purgedInQueue, NativeCode.purgedInFlight]);

const noFailures: readonly DeliveryFailure[] = Object.freeze([]);

/**
 * {@link RecordProducer} on a producer of the addon.
 *
 * - Reports come for failed records only, polled on a thread of the native client; successes cost nothing.
 * - The report of a failed record carries neither timestamp nor headers: see {@link SentRecords}. A record that is
 *   produced again comes back, if it fails again, as the same `value` object.
 * - A timestamp of 0 means 'now' to the native client, so 1 ms is sent for it.
 * - **Leak.** The addon never frees the offsets given to `sendOffsets`: about 160 bytes per offset and call. Send only
 *   offsets that advanced; 20 of them ten times a second cost 2.5 GB a day, once a second 250 MB.
 */
export class ConfluentProducer implements RecordProducer {
  private readonly handle: AddonHandle<InstanceType<typeof Producer>, NativeProducer>;
  private failures: FailedRecord[] = [];
  private readonly sent = new SentRecords();
  /** Values that came back with a failure; undefined while nothing has failed. */
  private returned: WeakSet<Buffer> | undefined;
  /** Those of them that were produced again. */
  private retried: Buffer[] = [];
  private closing: Promise<void> | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly options: RecordProducerOptions,
  ) {
    this.handle = new AddonHandle(new Producer(this.producerConfig()), cluster, 'producer');
    const events: EventEmitter = this.handle.client;
    events.on('delivery-report', (error: unknown, report: DeliveryReport) => {
      if (error) this.onFailure(error as NativeError, report);
    });
  }

  private producerConfig(): NativeConfig {
    const {
      transactionalId,
      transactionTimeoutMs = defaultTransactionTimeoutMs,
      deliveryTimeoutMs = 120_000,
    } = this.options;
    const config: NativeConfig = {
      ...this.cluster.clientConfig(),
      'enable.idempotence': true,
      'linger.ms': this.options.lingerMs ?? 20,
      'compression.codec': this.options.compression ?? 'none',
      'queue.buffering.max.kbytes': Math.max(
        1,
        Math.floor((this.options.maxBufferedBytes ?? defaultMaxBufferedBytes) / 1024),
      ),
      'queue.buffering.max.messages': 1_000_000,
      'message.max.bytes': this.options.maxRequestBytes ?? 1_048_576,
      // The first requests of a transaction right after another are told to try again.
      'retry.backoff.ms': 15,
      'retry.backoff.max.ms': 1000,
      // How long a topic that the brokers do not know is waited for before its records fail.
      'topic.metadata.propagation.max.ms': Math.min(10_000, Math.floor(deliveryTimeoutMs / 2)),
      'delivery.report.only.error': true,
      dr_msg_cb: true,
    };
    if (transactionalId === undefined) config['message.timeout.ms'] = deliveryTimeoutMs;
    else {
      config['transactional.id'] = transactionalId;
      config['connections.max.idle.ms'] = maxIdleMs;
      config['transaction.timeout.ms'] = transactionTimeoutMs;
      // The native client refuses records that outlive their transaction.
      config['message.timeout.ms'] = Math.min(deliveryTimeoutMs, transactionTimeoutMs);
    }
    return config;
  }

  async connect(): Promise<void> {
    await this.handle.connect();
    if (this.handle.isConnected) this.handle.native.setPollInBackground(true);
  }

  produce(
    topic: string,
    partition: number,
    key: Buffer | null,
    value: Buffer | null,
    timestamp: number,
    headers: RecordHeaders,
  ): boolean {
    if (!this.handle.isConnected) throw clientClosed('Cannot produce');
    const nativeHeaders = headers.length === 0 ? undefined : toNativeHeaders(headers);
    const sentTimestamp = timestamp > 0 ? timestamp : 1;
    const code = this.handle.native.produce(
      topic,
      partition,
      toNativeBytes(value),
      toNativeBytes(key),
      sentTimestamp,
      undefined,
      nativeHeaders,
    );
    if (code === 0) {
      this.sent.note(partition, key, value, timestamp, headers);
      if (this.returned !== undefined && value !== null && this.returned.has(value)) this.retried.push(value);
      return true;
    }
    if (code === NativeCode.queueFull) return false;
    if (code === NativeCode.fatal && !this.handle.knowsFatal) {
      // The reason is on its way here from another thread: the record fails with it, at the next flush.
      this.failures.push({ topic, partition, key, value, headers, timestamp, error: undefined });
      return true;
    }
    if (code === NativeCode.state && this.options.transactionalId !== undefined) {
      // An earlier record of the transaction has failed. The native client does not say so here, but nothing else can be.
      const message = `Cannot produce to '${topic}': an earlier record of the transaction failed, so it has to be aborted (_STATE).`;
      throw new KafkaError('KAFKA_FAILURE', message, { kafkaCode: '_STATE', requiresAbort: true, topic, partition });
    }
    const bytes = (key?.length ?? 0) + (value?.length ?? 0);
    const what = `Cannot produce a record of ${String(bytes)} bytes to '${topic}' partition ${String(partition)}`;
    throw this.handle.failure(code, what, {
      topic,
      partition,
      isTransactional: this.options.transactionalId !== undefined,
    });
  }

  /** The addon does not say when the queue has room again: this waits a little, and the next `produce` shows. */
  async drain(): Promise<void> {
    this.handle.assertConnected('Cannot drain the producer');
    await new Promise((resolve) => setTimeout(resolve, drainPauseMs));
  }

  async flush(): Promise<void> {
    // A record fails by itself when its delivery time-out is over, so this ends; the limit is for a hanging client.
    await this.flushWithin((this.options.deliveryTimeoutMs ?? 120_000) + 30_000);
    await this.reportsDelivered();
    if (this.failures.length === 0) this.retried = [];
  }

  private async flushWithin(limitMs: number): Promise<void> {
    const deadline = Date.now() + limitMs;
    for (;;) {
      try {
        await this.call('Cannot flush', (done) => {
          this.handle.native.flush(flushAttemptMs, done);
        });
        break;
      } catch (error) {
        if (!(error instanceof KafkaError) || error.code !== 'TIMED_OUT' || Date.now() >= deadline) throw error;
      }
    }
  }

  /** Reports cross from the native thread to this one in portions, after the flush has ended. */
  private async reportsDelivered(): Promise<void> {
    for (let quietTurns = 0; quietTurns < 2;) {
      const before = this.failures.length;
      await new Promise((resolve) => setImmediate(resolve));
      quietTurns = this.failures.length === before ? quietTurns + 1 : 0;
    }
  }

  takeFailures(): readonly DeliveryFailure[] {
    if (this.failures.length === 0) return noFailures;
    const taken = this.failures;
    this.failures = [];
    const details = this.sent.find(taken);
    return taken.map((record, index) => {
      const { topic, partition, key } = record;
      const { timestamp, headers } = (record.error === undefined ? undefined : details[index]) ?? record;
      const value = this.sameValue(record.value);
      const what = `A record for '${topic}' partition ${String(partition)} was not delivered`;
      const error = this.handle.failure(record.error ?? NativeCode.fatal, what, { topic, partition });
      return { topic, partition, key, value, headers, timestamp, error };
    });
  }

  /** The value as it was handed out before, if this record had failed already; so the attempts can be counted. */
  private sameValue(value: Buffer | null): Buffer | null {
    if (value === null) return null;
    const index = this.retried.findIndex((known) => known.equals(value));
    const same = this.retried.splice(index, index < 0 ? 0 : 1)[0] ?? value;
    this.returned ??= new WeakSet();
    this.returned.add(same);
    return same;
  }

  private onFailure(error: NativeError, report: DeliveryReport): void {
    const { topic, partition, key, value, timestamp = -1 } = report;
    this.failures.push({ topic, partition, key, value, headers: NO_HEADERS, timestamp, error });
  }

  initTransactions(): Promise<void> {
    return this.call('Cannot initialise transactions', (done) => {
      this.handle.native.initTransactions(this.cluster.requestTimeoutMs, done);
    });
  }

  beginTransaction(): Promise<void> {
    return this.call('Cannot begin a transaction', (done) => {
      this.handle.native.beginTransaction(done);
    });
  }

  async sendOffsets(offsets: readonly OffsetAndMetadata[], membership: GroupMembership): Promise<void> {
    if (!(membership instanceof ConfluentMembership)) {
      throw new IllegalStateError('sendOffsets needs a membership of the same client factory as the producer.');
    }
    if (offsets.length === 0) return;
    const { transactionTimeoutMs = defaultTransactionTimeoutMs } = this.options;
    const limitMs = Math.min(this.cluster.requestTimeoutMs, transactionTimeoutMs) + sendOffsetsMarginMs;
    await membership.lend(offsets, (consumer) =>
      this.handle.callWithin(limitMs, 'Cannot add offsets to the transaction', (done) => {
        this.handle.native.sendOffsetsToTransaction(
          offsets.map((offset) => ({ ...offset })),
          consumer,
          this.cluster.requestTimeoutMs,
          done,
        );
      }),
    );
  }

  commitTransaction(): Promise<void> {
    return this.call('Cannot commit the transaction', (done) => {
      this.handle.native.commitTransaction(this.cluster.requestTimeoutMs, done);
    });
  }

  async abortTransaction(): Promise<void> {
    // Right after a commit the partitions of the next transaction are added with some delay. An abort that comes before
    // would end a transaction that the broker does not know yet, which the native client takes for fatal.
    await this.flushWithin(abortFlushMs).catch(() => undefined);
    await this.call('Cannot abort the transaction', (done) => {
      this.handle.native.abortTransaction(this.cluster.requestTimeoutMs, done);
    });
    // What the abort itself has thrown away has not failed.
    await this.reportsDelivered();
    this.failures = this.failures.filter(({ error }) => error === undefined || !purged.has(error.code));
  }

  private call(what: string, start: (done: NativeCallback<undefined>) => void): Promise<void> {
    return this.handle.call(what, start, this.options.transactionalId !== undefined);
  }

  /** Sends what is queued first, for at most the request time-out; an open transaction is left to the broker to abort. */
  async close(): Promise<void> {
    this.closing ??= this.shut();
    await this.closing;
  }

  private async shut(): Promise<void> {
    if (this.handle.isConnected && this.options.transactionalId === undefined) {
      await this.flushWithin(this.cluster.requestTimeoutMs).catch(() => undefined);
    }
    await this.handle.close();
  }
}
