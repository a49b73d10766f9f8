import { StreamsError } from '../errors/streams-error.js';
import type { Logger } from '../telemetry/logger.js';

/**
 * Exit codes of a service process.
 *
 * - `ok`: it was asked to stop and did, everything that was processed is committed
 * - `failed`: it failed at run time; starting it again may help
 * - `misconfigured`: options, topology, topics, credentials or permissions are wrong; starting it again does not help
 */
export const EXIT_CODES = Object.freeze({ ok: 0, failed: 1, misconfigured: 2 });

/** Kafka's answers that stay the same until somebody changes settings or permissions. */
const LASTING_KAFKA_CODES: ReadonlySet<string> = new Set([
  'AUTHENTICATION_FAILED',
  'AUTHORIZATION_FAILED',
  'TOPIC_NOT_FOUND',
  'INVALID_TOPIC',
]);

/** Codes of the errors that stand for wrong configuration. The class is not asked: two copies may be loaded. */
const MISCONFIGURED_NAMES: ReadonlySet<string> = new Set(['ConfigError', 'TopologyError']);

/** Exit code for what ended a service. */
export function exitCodeOf(error: unknown): number {
  if (!StreamsError.is(error)) return EXIT_CODES.failed;
  const isLasting =
    MISCONFIGURED_NAMES.has(error.name) || (error.name === 'KafkaError' && LASTING_KAFKA_CODES.has(error.code));
  return isLasting ? EXIT_CODES.misconfigured : EXIT_CODES.failed;
}

/**
 * Logs what ended a service: what Millrace raised in one line with its code and place, since its messages say what to do;
 * the stack only where somebody's code may be the reason.
 */
export function reportFailure(logger: Logger, what: string, error: unknown): void {
  const message = `${what}: ${messageOf(error)}`;
  if (StreamsError.is(error) && !(error.cause instanceof Error && !StreamsError.is(error.cause))) {
    logger.error({ code: error.code, ...error.position }, message);
  } else if (StreamsError.is(error)) {
    logger.error({ code: error.code, ...error.position, error: error.cause }, message);
  } else {
    logger.error({ error }, message);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
