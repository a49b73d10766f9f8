import { StreamsError, type StreamsErrorOptions } from './streams-error.js';

/** A bad option, found before anything starts. */
export class ConfigError extends StreamsError {
  constructor(
    code: 'UNKNOWN_OPTION' | 'INVALID_OPTION' | 'MISSING_OPTION',
    message: string,
    options?: StreamsErrorOptions,
  ) {
    super(code, message, options);
  }
}

/** The topology cannot be built or does not fit the topics it names. Raised before records are processed. */
export class TopologyError extends StreamsError {}

/** Literal codes of {@link SerdeError}. */
export type SerdeErrorCode = 'DESERIALIZATION_FAILED' | 'SERIALIZATION_FAILED' | 'WRONG_TYPE' | 'INVALID_SCHEMA';

/** A record's key or value could not be turned into an object, or an object into bytes. */
export class SerdeError extends StreamsError {
  declare readonly code: SerdeErrorCode;

  constructor(code: SerdeErrorCode, message: string, options?: StreamsErrorOptions) {
    super(code, message, options);
  }
}

/**
 * A processor (user code) threw while it worked on a record. The thrown value is `cause`. The message ends with the place
 * of the record.
 */
export class ProcessingError extends StreamsError {
  constructor(message: string, options?: StreamsErrorOptions) {
    super('PROCESSING_FAILED', `${message}${placeOf(options)}`, options);
  }
}

function placeOf(options: StreamsErrorOptions | undefined): string {
  const { topic, partition, offset } = options ?? {};
  if (topic === undefined || partition === undefined || offset === undefined) return '';
  return ` (record in ${topic}-${partition} at offset ${offset})`;
}

/** A record could not be delivered to its topic. */
export class ProductionError extends StreamsError {
  constructor(message: string, options?: StreamsErrorOptions) {
    super('PRODUCTION_FAILED', message, options);
  }
}

/** This member no longer owns the task: drop what is not committed and rejoin the group. */
export class TaskMigratedError extends StreamsError {
  constructor(message: string, options?: StreamsErrorOptions) {
    super('TASK_MIGRATED', message, options);
  }
}

/** A method was called in a state that does not allow it. */
export class IllegalStateError extends StreamsError {
  constructor(message: string, options?: StreamsErrorOptions) {
    super('ILLEGAL_STATE', message, options);
  }
}

export interface KafkaErrorOptions extends StreamsErrorOptions {
  /** The broker's or client's own name of the error, e.g. `TOPIC_AUTHORIZATION_FAILED`, `_TRANSPORT`. */
  readonly kafkaCode: string;
  readonly isRetriable?: boolean;
  readonly isFatal?: boolean;
  readonly requiresAbort?: boolean;
}

/** Literal codes of {@link KafkaError}. */
export type KafkaErrorCode =
  | 'BROKER_UNREACHABLE'
  | 'AUTHENTICATION_FAILED'
  | 'AUTHORIZATION_FAILED'
  | 'TOPIC_NOT_FOUND'
  | 'TOPIC_EXISTS'
  | 'INVALID_TOPIC'
  | 'OFFSET_OUT_OF_RANGE'
  | 'TIMED_OUT'
  | 'QUEUE_FULL'
  | 'RECORD_TOO_LARGE'
  | 'GROUP_FENCED'
  | 'GROUP_PROTOCOL_MISMATCH'
  | 'PRODUCER_FENCED'
  | 'CLIENT_CLOSED'
  | 'CORRUPT_RECORD'
  | 'UNSUPPORTED_RECORDS'
  | 'BATCH_TOO_LARGE'
  | 'MALFORMED_RESPONSE'
  | 'KAFKA_FAILURE';

/**
 * An error of a Kafka client. The three flags name the reaction: `isFatal` (fenced: this client is finished, make a new
 * one), `requiresAbort` (abort the transaction, then go on), `isRetriable` (make the same call again). None set: treat
 * as fatal.
 */
export class KafkaError extends StreamsError {
  declare readonly code: KafkaErrorCode;
  readonly kafkaCode: string;
  readonly isRetriable: boolean;
  readonly isFatal: boolean;
  readonly requiresAbort: boolean;

  constructor(code: KafkaErrorCode, message: string, options: KafkaErrorOptions) {
    const { kafkaCode, isRetriable = false, isFatal = false, requiresAbort = false, ...rest } = options;
    super(code, message, rest);
    this.kafkaCode = kafkaCode;
    this.isRetriable = isRetriable;
    this.isFatal = isFatal;
    this.requiresAbort = requiresAbort;
  }
}

/** Literal codes of {@link StateStoreError}. */
export type StateStoreErrorCode =
  | 'STORE_CLOSED'
  | 'STORE_NOT_FOUND'
  | 'STORE_WRONG_TYPE'
  | 'STORE_READ_ONLY'
  | 'STORE_INVALID_KEY'
  | 'STORE_INVALID_TIME'
  | 'STORE_INVALID_OPTION'
  | 'ITERATOR_CLOSED'
  | 'STATE_UNAVAILABLE'
  | 'STATE_ENGINE_FAILED'
  | 'STATE_DIRECTORY_LOCKED'
  | 'STATE_DIRECTORY_FOREIGN'
  | 'STATE_DIRECTORY_FAILED'
  | 'STATE_FORMAT_UNSUPPORTED'
  | 'STATE_INCOMPATIBLE';

/** A state store or its directory cannot do what was asked. */
export class StateStoreError extends StreamsError {
  declare readonly code: StateStoreErrorCode;

  constructor(code: StateStoreErrorCode, message: string, options?: StreamsErrorOptions) {
    super(code, message, options);
  }
}
