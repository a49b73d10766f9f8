import { createHash } from 'node:crypto';
import type { DeliveryFailure } from '../client/port.js';
import { KafkaError } from '../errors/errors.js';

/** What tells an output record from others. */
export type OutputRecord = Pick<DeliveryFailure, 'topic' | 'partition' | 'key' | 'value'>;

/** What is known of a record that was not delivered. */
export interface Refusal {
  readonly error: Error;
  /** It goes out without others: those of its batch shared its fate, or it theirs. */
  isAlone: boolean;
  /** How often the handler was asked. */
  attempts: number;
  /** What the handler said; undefined: to be sent (again). */
  answer: 'continue' | 'dead-letter' | undefined;
  /** It came up again since the last commit or abort. */
  isSeen: boolean;
}

/** A transaction that fails this often with none of its records recognised is not deterministic. */
const MAX_STRANGE_ROUNDS = 3;
/** After so many commits a record that did not come up again is forgotten: its task may have gone elsewhere. */
const MAX_COMMITS = 100;

/**
 * Records that failed, until they are committed or left out. A refused record makes its transaction abort; when it comes
 * up again, it is recognised by its bytes. Empty unless something has failed: asking costs nothing then.
 */
export class RefusedRecords {
  readonly #refusals = new Map<string, Refusal>();
  #strangeRounds = 0;
  #commits = 0;

  get isEmpty(): boolean {
    return this.#refusals.size === 0;
  }

  /** What is known of a record that is to be sent. */
  find(record: OutputRecord): Refusal | undefined {
    const refusal = this.#refusals.get(printOf(record));
    if (refusal !== undefined) refusal.isSeen = true;
    return refusal;
  }

  /** The entry of a failed record, made if there is none. */
  of(failure: DeliveryFailure): Refusal {
    const print = printOf(failure);
    let refusal = this.#refusals.get(print);
    if (refusal === undefined) {
      refusal = { error: failure.error, isAlone: false, attempts: 0, answer: undefined, isSeen: false };
      this.#refusals.set(print, refusal);
    }
    return refusal;
  }

  /**
   * The transaction is aborted and its records come again.
   *
   * @param hasRefused whether a refused record was the reason
   * @returns false if that has proved to be in vain
   */
  beginRound(hasRefused: boolean): boolean {
    const refusals = [...this.#refusals.values()];
    this.#commits = 0;
    this.#strangeRounds = hasRefused && !refusals.some(({ isSeen }) => isSeen) ? this.#strangeRounds + 1 : 0;
    for (const refusal of refusals) refusal.isSeen = false;
    return this.#strangeRounds <= MAX_STRANGE_ROUNDS;
  }

  /** All that was sent is committed. */
  committed(): void {
    if (this.isEmpty) return;
    const isOver = ++this.#commits >= MAX_COMMITS;
    for (const [print, { isSeen }] of this.#refusals) if (isSeen || isOver) this.#refusals.delete(print);
    if (!this.isEmpty) return;
    this.#strangeRounds = 0;
    this.#commits = 0;
  }
}

function printOf({ topic, partition, key, value }: OutputRecord): string {
  return `${topic}-${partition}/${digestOf(key)}/${digestOf(value)}`;
}

function digestOf(bytes: Buffer | null): string {
  return bytes === null ? '' : createHash('sha256').update(bytes).digest('base64');
}

const SHARED = new Set(['INVALID_RECORD', 'INVALID_RECORD_STATE', '_INVALID_DIFFERENT_RECORD']);

/**
 * Whether an error may be that of another record in the same batch: brokers measure and check whole batches, and the
 * native client does not split those that are refused.
 */
export function isOfBatch(error: Error): boolean {
  return error instanceof KafkaError && (error.code === 'RECORD_TOO_LARGE' || SHARED.has(error.kafkaCode));
}

/** Whether the record was not refused, but could not be delivered in time. */
export function isOutage(error: unknown): error is KafkaError {
  return error instanceof KafkaError && (error.isRetriable || error.code === 'TIMED_OUT');
}
