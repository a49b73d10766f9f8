/** Where an error happened. Every field is optional: an error carries what is known at its place. */
export interface ErrorPosition {
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: number;
  /** Name of the topology node, e.g. `KSTREAM-MAPVALUES-0000000003`. */
  readonly node?: string;
  /** `<subtopology>_<partition>`. */
  readonly task?: string;
}

export interface StreamsErrorOptions extends ErrorPosition {
  readonly cause?: unknown;
}

const brand = Symbol.for('millrace.StreamsError');

/**
 * Root of all errors that Millrace raises.
 *
 * `code` is a literal that programs may switch on; every code is listed in `docs/errors.md`. The message says what
 * happened, where, and what to do about it. Use {@link StreamsError.is} rather than `instanceof` where two copies of
 * the package may be loaded.
 */
export class StreamsError extends Error {
  readonly code: string;
  readonly position: ErrorPosition;

  constructor(code: string, message: string, options: StreamsErrorOptions = {}) {
    const { cause, ...position } = options;
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.position = Object.freeze(position);
    Object.defineProperty(this, brand, { value: true });
  }

  /** True for a `StreamsError` of any copy of this package. */
  static is(error: unknown): error is StreamsError {
    return typeof error === 'object' && error !== null && brand in error;
  }
}
