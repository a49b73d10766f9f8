/** Literal codes of {@link LocalKafkaError}. */
export type LocalKafkaErrorCode =
  | 'INVALID_OPTION'
  | 'JAVA_MISSING'
  | 'JAVA_TOO_OLD'
  | 'MAVEN_MISSING'
  | 'DISK_FULL'
  | 'DOWNLOAD_FAILED'
  | 'FORMAT_FAILED'
  | 'START_FAILED'
  | 'START_TIMED_OUT'
  | 'CERTIFICATE_FAILED'
  | 'PORT_IN_USE';

const brand = Symbol.for('millrace.LocalKafkaError');

/**
 * Everything that can go wrong while a local Kafka is fetched, started or stopped.
 *
 * `code` is a literal that programs may switch on. The message says what happened, where (often a log file), and what to
 * do about it.
 */
export class LocalKafkaError extends Error {
  readonly code: LocalKafkaErrorCode;

  constructor(code: LocalKafkaErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LocalKafkaError';
    this.code = code;
    Object.defineProperty(this, brand, { value: true });
  }

  /** True for a `LocalKafkaError` of any copy of this package. */
  static is(error: unknown): error is LocalKafkaError {
    return typeof error === 'object' && error !== null && brand in error;
  }
}
