import { ProcessingError } from '../errors/errors.js';
import type { StreamsErrorOptions } from '../errors/streams-error.js';
import type { StreamRecord } from './record.js';

export interface DeferredFailure {
  /** The record that failed, as the failing processor got it. */
  readonly record: StreamRecord<unknown, unknown>;
  readonly retry: () => void;
  /** How often the record was tried, from 1. */
  readonly attempt: number;
}

/**
 * A failure that a processor working asynchronously reports later, from `forwardReady` or `drain`: when the task has no
 * record in hand. `position` says where the failed record came from.
 *
 * The processor has dropped the record and goes on with the next when it is called again. {@link retry} puts the record
 * back in its place first, so that it is tried again.
 */
export class DeferredProcessingError extends ProcessingError {
  readonly record: StreamRecord<unknown, unknown>;
  /** To be called at most once. */
  readonly retry: () => void;
  readonly attempt: number;

  constructor(message: string, failure: DeferredFailure, options?: StreamsErrorOptions) {
    super(message, options);
    this.record = failure.record;
    this.retry = failure.retry;
    this.attempt = failure.attempt;
  }
}
