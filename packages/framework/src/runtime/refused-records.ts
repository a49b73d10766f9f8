import { createHash } from 'node:crypto';
import type { DeliveryFailure } from '../client/port.js';
import { KafkaError } from '../errors/errors.js';

/** What tells an output record from others. */
export type OutputRecord = Pick<DeliveryFailure, 'topic' | 'partition' | 'key' | 'value'>;

/** What is known of a record that was not delivered, or that will not be. */
export interface Refusal {
  /** Its own, or that of a record like it. */
  readonly error: Error;
  /** It goes out without others: those of its batch shared its fate, or it theirs. */
  isAlone: boolean;
  /** How often the handler was asked. */
  attempts: number;
  /** What the handler said; undefined: to be sent (again). */
  answer: 'continue' | 'dead-letter' | undefined;
  /** It came up again since the last commit or abort. */
  isSeen: boolean;
  /** It has not been sent: one like it was refused for a reason that it shares. The handler is to be asked. */
  isForeseen: boolean;
}

/** What {@link RefusedRecords} adds: what finds records like it. */
interface Entry extends Refusal {
  /** Topic, partition and key. */
  readonly place: string;
  readonly valueBytes: number;
  /** Suspected since the last abort, not recognised. */
  isSuspect: boolean;
  /** Something was committed since; what is processed now need not have to do with it. */
  isPast: boolean;
}

/** A transaction that fails this often with none of its records recognised is not deterministic. */
const MAX_STRANGE_ROUNDS = 3;
/** After so many commits a record that did not come up again is forgotten: its task may have gone elsewhere. */
const MAX_COMMITS = 100;

/**
 * Records that failed, until they are committed or left out. A refused record makes its transaction abort; when it comes
 * up again, it is recognised by its bytes. What a cache puts out depends on when the transaction ends, and has other bytes
 * each time: while a transaction is done again, records with the partition and key of a refused one go out alone, and are
 * answered without being sent where the reason is certain to hold for them, too.
 * Empty unless something has failed: asking costs nothing then.
 */
export class RefusedRecords {
  readonly #refusals = new Map<string, Entry>();
  /** By place, of the transaction that is being done again: of those answered the shortest, or one not answered yet. */
  readonly #examples = new Map<string, Entry>();
  #strangeRounds = 0;
  #commits = 0;

  get isEmpty(): boolean {
    return this.#refusals.size === 0;
  }

  /** What is known of a record that is to be sent. */
  find(record: OutputRecord): Refusal | undefined {
    const place = placeOf(record);
    const print = printOf(place, record);
    let refusal = this.#refusals.get(print);
    if (refusal === undefined) {
      const example = this.#examples.get(place);
      if (example === undefined) return undefined;
      refusal = this.#add(print, place, record, example.error);
      refusal.isAlone = example.isAlone;
      refusal.isForeseen = isCertain(example, refusal);
      refusal.isSuspect = !refusal.isForeseen;
    }
    refusal.isSeen = true;
    return refusal;
  }

  /** The entry of a failed record, made if there is none. */
  of(failure: DeliveryFailure): Refusal {
    const place = placeOf(failure);
    const print = printOf(place, failure);
    const refusal = this.#refusals.get(print) ?? this.#add(print, place, failure, failure.error);
    refusal.isPast = false;
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
    const isStrange = hasRefused && !refusals.some(({ isSeen, isSuspect }) => isSeen && !isSuspect);
    this.#commits = 0;
    this.#strangeRounds = isStrange ? this.#strangeRounds + 1 : 0;
    this.#examples.clear();
    for (const refusal of refusals) {
      refusal.isSeen = false;
      refusal.isSuspect = false;
      if (!refusal.isPast && isBetter(refusal, this.#examples.get(refusal.place))) {
        this.#examples.set(refusal.place, refusal);
      }
    }
    return this.#strangeRounds <= MAX_STRANGE_ROUNDS;
  }

  /** All that was sent is committed. */
  committed(): void {
    if (this.isEmpty) return;
    const isOver = ++this.#commits >= MAX_COMMITS;
    this.#examples.clear();
    for (const [print, refusal] of this.#refusals) {
      if (refusal.isSeen || isOver) this.#refusals.delete(print);
      // A transaction with a record that was recognised is through: what fails from now on is another one. Those that are
      // left may never come up here again.
      if ((refusal.isSeen && !refusal.isSuspect) || isOver) this.#strangeRounds = 0;
      refusal.isPast = true;
    }
    if (!this.isEmpty) return;
    this.#strangeRounds = 0;
    this.#commits = 0;
  }

  #add(print: string, place: string, { value }: OutputRecord, error: Error): Entry {
    const entry: Entry = {
      ...{ error, isAlone: false, attempts: 0, answer: undefined, isSeen: false, isForeseen: false },
      ...{ place, valueBytes: value?.length ?? 0, isSuspect: false, isPast: false },
    };
    this.#refusals.set(print, entry);
    return entry;
  }
}

function isBetter(refusal: Entry, example: Entry | undefined): boolean {
  if (example === undefined) return true;
  if (refusal.answer === undefined || example.answer === undefined) return refusal.answer !== undefined;
  return refusal.valueBytes < example.valueBytes;
}

/** Whether what an answered record was refused for holds for another one of its partition and key. */
function isCertain({ answer, error, valueBytes }: Entry, other: Entry): boolean {
  if (answer === undefined || !(error instanceof KafkaError)) return false;
  if (error.code === 'AUTHORIZATION_FAILED') return true;
  return error.code === 'RECORD_TOO_LARGE' && other.valueBytes >= valueBytes;
}

function placeOf({ topic, partition, key }: OutputRecord): string {
  return `${topic}-${partition}/${digestOf(key)}`;
}

function printOf(place: string, { value }: OutputRecord): string {
  return `${place}/${digestOf(value)}`;
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
