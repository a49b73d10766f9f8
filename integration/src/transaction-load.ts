import { setTimeout as sleep } from 'node:timers/promises';
import {
  kafkaClients,
  KafkaError,
  NO_HEADERS,
  type KafkaConnectionOptions,
  type RecordProducer,
} from '@millrace/framework';

/** What became of a transaction. `unknown`: its commit failed for good, and the brokers may have done it or not. */
export type Outcome = 'committed' | 'aborted' | 'unknown';

export interface TransactionLoadOptions {
  readonly topic: string;
  readonly partitions: number;
  readonly transactionalId: string;
  /** Records of one transaction in each partition. */
  readonly recordsPerPartition: number;
}

/** Rest between two transactions, ms. */
const PAUSE_MS = 25;
const TRANSACTION_TIMEOUT_MS = 60_000;

/**
 * Writes one transaction after the other until told to stop, through whatever befalls the brokers; each fourth it aborts.
 * The value of a record is `<transactional id> <number of the transaction> <number within the partition>`.
 */
export class TransactionLoad {
  /** By number of the transaction. */
  readonly outcomes: Outcome[] = [];
  /** Resolves when the load has ended. */
  readonly done: Promise<void>;
  readonly #connection: KafkaConnectionOptions;
  readonly #options: TransactionLoadOptions;
  #isStopped = false;
  #producer: RecordProducer | undefined;

  constructor(connection: KafkaConnectionOptions, options: TransactionLoadOptions) {
    this.#connection = connection;
    this.#options = options;
    this.done = this.#run();
    // Whoever stops it gets the error.
    this.done.catch(() => undefined);
  }

  get transactionalId(): string {
    return this.#options.transactionalId;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.done;
  }

  async #run(): Promise<void> {
    try {
      while (!this.#isStopped) {
        const outcome = await this.#transaction(this.outcomes.length);
        this.outcomes.push(outcome);
        await sleep(PAUSE_MS);
      }
    } finally {
      await this.#producer?.close();
    }
  }

  async #transaction(number: number): Promise<Outcome> {
    const producer = (this.#producer ??= await this.#open());
    let isCommitting = false;
    try {
      await producer.beginTransaction();
      await this.#produce(producer, number);
      if (number % 4 === 3) {
        await persistently(() => producer.abortTransaction());
        return 'aborted';
      }
      isCommitting = true;
      await persistently(() => producer.commitTransaction());
      return 'committed';
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      if (error.requiresAbort && (await this.#abort(producer))) return 'aborted';
      this.#producer = undefined;
      await producer.close();
      return isCommitting ? 'unknown' : 'aborted';
    }
  }

  async #produce(producer: RecordProducer, number: number): Promise<void> {
    const { topic, partitions, recordsPerPartition, transactionalId } = this.#options;
    for (let i = 0; i < recordsPerPartition; i++) {
      for (let partition = 0; partition < partitions; partition++) {
        const value = Buffer.from(`${transactionalId} ${number} ${i}`);
        while (!producer.produce(topic, partition, null, value, Date.now(), NO_HEADERS)) await producer.drain();
      }
    }
    await producer.flush();
  }

  /** Returns false if the producer is of no use any more. */
  async #abort(producer: RecordProducer): Promise<boolean> {
    try {
      await persistently(() => producer.abortTransaction());
      return true;
    } catch (error) {
      if (error instanceof KafkaError) return false;
      throw error;
    }
  }

  /** A new producer of the same id ends what the last one left open. */
  async #open(): Promise<RecordProducer> {
    const { transactionalId } = this.#options;
    const options = { transactionalId, transactionTimeoutMs: TRANSACTION_TIMEOUT_MS, lingerMs: 1 };
    const producer = kafkaClients(this.#connection).producer(options);
    await persistently(() => producer.connect());
    await persistently(() => producer.initTransactions());
    return producer;
  }
}

/** Makes the same call again as long as it fails with an error for which that is the answer. */
async function persistently(call: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await call();
      return;
    } catch (error) {
      if (!(error instanceof KafkaError) || !error.isRetriable) throw error;
    }
  }
}
