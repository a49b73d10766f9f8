import type { GroupMembership, IsolationLevel, RecordProducer } from '../client/port.js';
import type { OffsetAndMetadata } from '../client/records.js';
import { ConfigError, KafkaError, TaskMigratedError } from '../errors/errors.js';
import type { ResolvedOptions } from './resolve-options.js';
import { retrying, type Patience } from './retry.js';

/**
 * How output, state and input offsets become permanent together. One per stream loop; it owns the producer.
 *
 * Errors tell the loop what to do: `TaskMigratedError`: everything since the last commit is lost, start anew with new
 * clients; a `KafkaError` that `requiresAbort`: call {@link abort}, go back to the committed offsets.
 */
export interface ProcessingGuarantee {
  readonly producer: RecordProducer;
  /** What readers of input and changelogs may see. */
  readonly isolationLevel: IsolationLevel;
  connect(): Promise<void>;
  /** To be called before anything is produced. */
  begin(): Promise<void>;
  /** Commits what was produced, which is flushed already, with these offsets. */
  commit(offsets: readonly OffsetAndMetadata[], membership: GroupMembership): Promise<void>;
  /** Takes back what was produced since the last commit, where that is possible. */
  abort(): Promise<void>;
  close(): Promise<void>;
}

export interface GuaranteeDeps extends Patience {
  readonly producer: RecordProducer;
}

/** Offsets are committed after the output is acknowledged: a crash in between repeats records. */
export class AtLeastOnce implements ProcessingGuarantee {
  readonly isolationLevel = 'read_uncommitted';
  readonly producer: RecordProducer;

  constructor(private readonly deps: GuaranteeDeps) {
    this.producer = deps.producer;
  }

  connect(): Promise<void> {
    return this.producer.connect();
  }

  begin(): Promise<void> {
    return Promise.resolve();
  }

  async commit(offsets: readonly OffsetAndMetadata[], membership: GroupMembership): Promise<void> {
    if (offsets.length === 0) return;
    try {
      await retrying(this.deps, 'commit offsets', () => membership.commit(offsets));
    } catch (error) {
      throw error instanceof KafkaError && error.code === 'GROUP_FENCED' ? migrated(error) : error;
    }
  }

  abort(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return this.producer.close();
  }
}

/**
 * Output, changelog records and offsets in one transaction (exactly-once v2, KIP-447): one transactional producer per
 * process, fenced by the group's generation. The native client never frees the offsets handed to a transaction (about
 * 160 bytes each, kafka-javascript 1.10.1), so only those that moved are sent.
 */
export class ExactlyOnce implements ProcessingGuarantee {
  readonly isolationLevel = 'read_committed';
  readonly producer: RecordProducer;
  #isOpen = false;

  constructor(private readonly deps: GuaranteeDeps) {
    this.producer = deps.producer;
  }

  async connect(): Promise<void> {
    await this.producer.connect();
    await this.#call('begin with the transactional id', async () => {
      try {
        await this.producer.initTransactions();
      } catch (error) {
        throw isTimeoutRefused(error) ? timeoutRefused(error) : error;
      }
    });
  }

  async begin(): Promise<void> {
    if (this.#isOpen) return;
    await this.#call('begin a transaction', () => this.producer.beginTransaction());
    this.#isOpen = true;
  }

  async commit(offsets: readonly OffsetAndMetadata[], membership: GroupMembership): Promise<void> {
    await this.begin();
    if (offsets.length > 0)
      await this.#call('add offsets to the transaction', () => this.producer.sendOffsets(offsets, membership));
    await this.#call('commit the transaction', () => this.producer.commitTransaction());
    this.#isOpen = false;
  }

  async abort(): Promise<void> {
    if (!this.#isOpen) return;
    await this.#call('abort the transaction', () => this.producer.abortTransaction());
    this.#isOpen = false;
  }

  /** Aborts what is open, so that readers need not wait for the transaction's time-out. */
  async close(): Promise<void> {
    try {
      if (this.#isOpen) await this.producer.abortTransaction();
    } catch {
      // Fenced or unreachable: the broker aborts the transaction by itself.
    } finally {
      await this.producer.close();
    }
  }

  /** The same call again while it is retriable. An outcome that stays unknown is answered by a new producer (KIP-890). */
  async #call(what: string, call: () => Promise<void>): Promise<void> {
    try {
      await retrying(this.deps, what, call);
    } catch (error) {
      if (!(error instanceof KafkaError) || error.requiresAbort) throw error;
      const isLost =
        error.isFatal || error.isRetriable || error.code === 'PRODUCER_FENCED' || error.code === 'GROUP_FENCED';
      throw isLost ? migrated(error) : error;
    }
  }
}

/**
 * What a failed call of the producer means for the loop: a producer that is fenced, or finished for another reason, takes
 * everything since the last commit with it.
 */
export function producerFailure(error: unknown): unknown {
  if (!(error instanceof KafkaError)) return error;
  // A new producer would be refused just the same.
  if (error.code === 'AUTHORIZATION_FAILED' || error.code === 'AUTHENTICATION_FAILED') return error;
  return error.isFatal || error.code === 'PRODUCER_FENCED' ? migrated(error) : error;
}

function migrated(cause: KafkaError): TaskMigratedError {
  return new TaskMigratedError(
    `Nothing more can be committed by this member, others have taken over or the outcome is unknown: ${cause.message}`,
    { cause },
  );
}

/** Only the broker knows its limit. */
function isTimeoutRefused(error: unknown): boolean {
  return error instanceof KafkaError && error.kafkaCode === 'INVALID_TRANSACTION_TIMEOUT';
}

function timeoutRefused(cause: unknown): ConfigError {
  return new ConfigError(
    'INVALID_OPTION',
    "The option 'transactionTimeoutMs' is more than the brokers allow: at most their transaction.max.timeout.ms, by " +
      'default 900000. Lower the one or raise the other.',
    { cause },
  );
}

/** The guarantee that the options ask for, with a producer of its own. */
export function guaranteeOf(options: ResolvedOptions, processId: string): ProcessingGuarantee {
  const { applicationId, kafka, clock, logger, taskTimeoutMs, transactionTimeoutMs } = options;
  if (options.processingGuarantee === 'at_least_once') {
    return new AtLeastOnce({ producer: kafka.producer(options.producer), clock, logger, taskTimeoutMs });
  }
  const transactionalId = `${applicationId}-${processId}`;
  const producer = kafka.producer({ ...options.producer, transactionalId, transactionTimeoutMs });
  return new ExactlyOnce({ producer, clock, logger, taskTimeoutMs });
}
