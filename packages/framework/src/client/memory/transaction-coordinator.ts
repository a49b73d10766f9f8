import type { Clock } from '../../time/clock.js';
import type { OffsetAndMetadata } from '../records.js';
import type { Alarm, AlarmQueue } from './alarm-queue.js';
import type { CommittedOffsets } from './committed-offsets.js';
import { producerFenced, refused, transactionTimeoutTooLong } from './kafka-failures.js';
import type { PartitionLog } from './partition-log.js';

export type TransactionOutcome = 'committed' | 'aborted';

/** The identity under which a producer writes. A later epoch of the same id fences the earlier ones. */
export interface ProducerStamp {
  readonly producerId: number;
  readonly epoch: number;
  readonly transactionalId: string | undefined;
}

interface TransactionalId {
  readonly transactionalId: string;
  readonly producerId: number;
  epoch: number;
  timeoutMs: number;
  state: 'empty' | 'ongoing' | TransactionOutcome;
  readonly logs: Set<PartitionLog>;
  readonly groups: Set<CommittedOffsets>;
  timeout: Alarm | undefined;
}

/** A broker's `transaction.max.timeout.ms` unless it is told otherwise. */
const MAX_TIMEOUT_MS = 900_000;

/** Transactional ids, their epochs and what their open transactions have touched. */
export class TransactionCoordinator {
  readonly #clock: Clock;
  readonly #alarms: AlarmQueue;
  readonly #ids = new Map<string, TransactionalId>();
  #nextProducerId = 1;

  constructor(clock: Clock, alarms: AlarmQueue) {
    this.#clock = clock;
    this.#alarms = alarms;
  }

  /** A stamp for an idempotent producer without transactions. */
  idempotent(): ProducerStamp {
    return { producerId: this.#nextProducerId++, epoch: 0, transactionalId: undefined };
  }

  /** Fences older producers of the id, aborts what they left open, and gives the next epoch. */
  init(transactionalId: string, timeoutMs: number): ProducerStamp {
    if (timeoutMs > MAX_TIMEOUT_MS) throw transactionTimeoutTooLong(timeoutMs);
    const existing = this.#ids.get(transactionalId);
    if (existing?.state === 'ongoing') this.#end(existing, 'aborted');
    const entry: TransactionalId = existing ?? {
      transactionalId,
      producerId: this.#nextProducerId++,
      epoch: -1,
      timeoutMs,
      state: 'empty',
      logs: new Set(),
      groups: new Set(),
      timeout: undefined,
    };
    this.#ids.set(transactionalId, entry);
    entry.epoch += 1;
    entry.timeoutMs = timeoutMs;
    entry.state = 'empty';
    return { producerId: entry.producerId, epoch: entry.epoch, transactionalId };
  }

  /** Makes the partition part of the producer's transaction, which begins with its first partition or group. */
  addLog(stamp: ProducerStamp, log: PartitionLog): void {
    this.#ongoing(stamp).logs.add(log);
  }

  addOffsets(stamp: ProducerStamp, group: CommittedOffsets, offsets: readonly OffsetAndMetadata[]): void {
    this.#ongoing(stamp).groups.add(group);
    group.addPending(stamp.producerId, offsets);
  }

  /** Ends the transaction; asked again after a lost answer it changes nothing. An empty transaction writes no marker. */
  end(stamp: ProducerStamp, outcome: TransactionOutcome): void {
    const entry = this.#checked(stamp);
    if (entry.state === 'ongoing') {
      this.#end(entry, outcome);
    } else if (entry.state !== 'empty' && entry.state !== outcome) {
      const message = `The transaction of '${entry.transactionalId}' was ${entry.state} already and cannot be ${outcome}`;
      throw refused('KAFKA_FAILURE', 'INVALID_TXN_STATE', message);
    }
  }

  /** The producer begins anew: a repeated `end` of the previous transaction is over. */
  begin(stamp: ProducerStamp): void {
    const entry = stamp.transactionalId === undefined ? undefined : this.#ids.get(stamp.transactionalId);
    if (entry?.epoch === stamp.epoch && entry.state !== 'ongoing') entry.state = 'empty';
  }

  /** Ids with an open transaction, sorted. */
  openTransactions(): string[] {
    return [...this.#ids.values()]
      .filter((entry) => entry.state === 'ongoing')
      .map((entry) => entry.transactionalId)
      .sort();
  }

  #checked(stamp: ProducerStamp): TransactionalId {
    const id = stamp.transactionalId ?? '';
    const entry = this.#ids.get(id);
    if (entry === undefined || entry.epoch !== stamp.epoch) throw producerFenced(id);
    return entry;
  }

  #ongoing(stamp: ProducerStamp): TransactionalId {
    const entry = this.#checked(stamp);
    if (entry.state !== 'ongoing') {
      entry.state = 'ongoing';
      entry.timeout = this.#alarms.background(this.#alarms.nowMs() + entry.timeoutMs, () => {
        // As the broker does: the producer that was too slow is fenced, so that it cannot go on unawares.
        entry.epoch += 1;
        this.#end(entry, 'aborted');
      });
    }
    return entry;
  }

  #end(entry: TransactionalId, outcome: TransactionOutcome): void {
    this.#alarms.cancel(entry.timeout);
    entry.timeout = undefined;
    entry.state = outcome;
    const logs = [...entry.logs];
    const groups = [...entry.groups];
    entry.logs.clear();
    entry.groups.clear();
    for (const log of logs) log.endTransaction(entry.producerId, outcome, this.#clock.now());
    for (const group of groups) group.endTransaction(entry.producerId, outcome);
  }
}
