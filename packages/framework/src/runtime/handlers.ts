import type { ConsumedRecord } from '../client/records.js';
import type { ProcessingError, SerdeError } from '../errors/errors.js';
import type { StreamRecord } from '../processor/record.js';
import type { DeliveryFailure } from '../client/port.js';

/**
 * `fail` stops the application with the error; `continue` drops the record (counted and logged); `dead-letter` drops
 * it after writing the original record to the dead-letter topic; `retry` tries the same step again.
 */
export type HandlerAnswer = 'fail' | 'continue' | 'dead-letter';
export type RetryableHandlerAnswer = HandlerAnswer | 'retry';

/** The input record that was being processed. */
export interface FailedRecord extends ConsumedRecord {
  readonly topic: string;
  readonly partition: number;
}

/** A record's key or value could not be deserialised. @default answers 'fail' */
export type DeserializationHandler = (error: SerdeError, record: FailedRecord) => HandlerAnswer;

/** A processor threw. `attempt` counts from 1. @default answers 'fail' */
export type ProcessingHandler = (
  error: ProcessingError,
  record: StreamRecord<unknown, unknown> | undefined,
  attempt: number,
) => RetryableHandlerAnswer;

/**
 * A record could not be serialised (`record` undefined) or delivered. Those that shared their batch with a refused record
 * are sent again on their own before anybody is asked. With exactly-once a refused record makes its transaction abort: it
 * is done again, and the answer is acted on then; records that only timed out are done again without a question. A record
 * that has other bytes then, as caches make them, is asked about without being sent where its partition and key are those
 * of one that was not permitted, or too large and not longer. A changelog record is never left out: 'continue' and
 * 'dead-letter' end the application there, as 'fail' does.
 * @default answers 'fail'
 */
export type ProductionHandler = (
  error: Error,
  record: DeliveryFailure | undefined,
  attempt: number,
) => RetryableHandlerAnswer;

/**
 * Everything else that ends the loop. `replace` closes all tasks without committing and starts a new loop in this
 * process from the committed offsets; `shutdown` ends this process's client.
 * @default answers 'shutdown'
 */
export type UncaughtHandler = (error: Error) => 'replace' | 'shutdown';
