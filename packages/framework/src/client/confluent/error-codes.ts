import { KafkaError } from '../../errors/errors.js';
import type { ErrorPosition } from '../../errors/streams-error.js';
import { kafkaFailure } from '../connection/kafka-failure.js';
import { CODES, type NativeError } from './addon.js';

export { clientClosed } from '../connection/kafka-failure.js';

/** librdkafka's names (without `ERR_`) by number; where two names share a number the first one wins. */
const namesByNumber = new Map<number, string>();
for (const [name, number] of Object.entries(CODES.ERRORS)) {
  if (typeof number === 'number' && !namesByNumber.has(number)) namesByNumber.set(number, name.replace(/^ERR_/, ''));
}

/** Numbers that the code switches on. */
export const NativeCode = {
  noOffset: CODES.ERRORS.ERR__NO_OFFSET,
  timedOut: CODES.ERRORS.ERR__TIMED_OUT,
  timedOutQueue: CODES.ERRORS.ERR__TIMED_OUT_QUEUE,
  transport: CODES.ERRORS.ERR__TRANSPORT,
  allBrokersDown: CODES.ERRORS.ERR__ALL_BROKERS_DOWN,
  resolve: CODES.ERRORS.ERR__RESOLVE,
  queueFull: CODES.ERRORS.ERR__QUEUE_FULL,
  state: CODES.ERRORS.ERR__STATE,
  fatal: CODES.ERRORS.ERR__FATAL,
  authentication: CODES.ERRORS.ERR__AUTHENTICATION,
  ssl: CODES.ERRORS.ERR__SSL,
  assignPartitions: CODES.ERRORS.ERR__ASSIGN_PARTITIONS,
  revokePartitions: CODES.ERRORS.ERR__REVOKE_PARTITIONS,
  maxPollExceeded: CODES.ERRORS.ERR__MAX_POLL_EXCEEDED,
  autoOffsetReset: CODES.ERRORS.ERR__AUTO_OFFSET_RESET,
  offsetOutOfRange: CODES.ERRORS.ERR_OFFSET_OUT_OF_RANGE,
  unknownTopic: CODES.ERRORS.ERR__UNKNOWN_TOPIC,
  unknownPartition: CODES.ERRORS.ERR__UNKNOWN_PARTITION,
  unknownTopicOrPartition: CODES.ERRORS.ERR_UNKNOWN_TOPIC_OR_PART,
  leaderNotAvailable: CODES.ERRORS.ERR_LEADER_NOT_AVAILABLE,
  topicAuthorizationFailed: CODES.ERRORS.ERR_TOPIC_AUTHORIZATION_FAILED,
  clusterAuthorizationFailed: CODES.ERRORS.ERR_CLUSTER_AUTHORIZATION_FAILED,
  fencedInstanceId: CODES.ERRORS.ERR_FENCED_INSTANCE_ID,
  unreleasedInstanceId: CODES.ERRORS.ERR_UNRELEASED_INSTANCE_ID,
  fenced: CODES.ERRORS.ERR__FENCED,
  purgedInQueue: CODES.ERRORS.ERR__PURGE_QUEUE,
  purgedInFlight: CODES.ERRORS.ERR__PURGE_INFLIGHT,
  groupAuthorizationFailed: CODES.ERRORS.ERR_GROUP_AUTHORIZATION_FAILED,
  coordinatorLoadInProgress: CODES.ERRORS.ERR_GROUP_LOAD_IN_PROGRESS,
  coordinatorNotAvailable: CODES.ERRORS.ERR_GROUP_COORDINATOR_NOT_AVAILABLE,
  notCoordinator: CODES.ERRORS.ERR_NOT_COORDINATOR_FOR_GROUP,
  groupIdNotFound: CODES.ERRORS.ERR_GROUP_ID_NOT_FOUND,
  staleMemberEpoch: CODES.ERRORS.ERR_STALE_MEMBER_EPOCH,
  rebalanceInProgress: CODES.ERRORS.ERR_REBALANCE_IN_PROGRESS,
  illegalGeneration: CODES.ERRORS.ERR_ILLEGAL_GENERATION,
  unknownMemberId: CODES.ERRORS.ERR_UNKNOWN_MEMBER_ID,
} as const;

/** librdkafka's name of an error number, without `ERR_`. */
export function nativeName(code: number): string {
  return namesByNumber.get(code) ?? `ERROR_${String(code)}`;
}

/** How an error becomes a {@link KafkaError}. */
export interface ErrorContext extends ErrorPosition {
  /** More that is known, e.g. the last line of the client's log. */
  readonly detail?: string | undefined;
  /** Transaction calls carry flags; where they are missing, none is guessed. @default false */
  readonly isTransactional?: boolean;
}

/**
 * Turns what the addon reports (an error number, a plain object, an `Error`) into a {@link KafkaError}.
 *
 * @param what what was being done, e.g. `Cannot create topic 'flights'`
 */
export function toKafkaError(error: unknown, what: string, context: ErrorContext = {}): KafkaError {
  if (error instanceof KafkaError) return error;
  const { detail, isTransactional = false, ...position } = context;
  const native = readNative(error);
  const name = nativeName(native.code);
  const reason = detail === undefined ? native.message : `${native.message} [${detail}]`;
  const isRetriable = native.isRetriable ?? (isTransactional ? false : undefined);
  return kafkaFailure(what, reason, {
    kafkaCode: name,
    ...(native.isFatal === undefined ? {} : { isFatal: native.isFatal }),
    ...(isRetriable === undefined ? {} : { isRetriable }),
    requiresAbort: native.isTxnRequiresAbort ?? false,
    cause: error instanceof Error ? error : undefined,
    ...position,
  });
}

function readNative(error: unknown): NativeError {
  if (typeof error === 'number') return { code: error, message: nativeName(error) };
  if (typeof error !== 'object' || error === null) return { code: -1, message: String(error) };
  const fields = error as Partial<NativeError>;
  return {
    code: typeof fields.code === 'number' ? fields.code : -1,
    message: typeof fields.message === 'string' ? fields.message : 'unknown error',
    ...(fields.isFatal === undefined ? {} : { isFatal: fields.isFatal }),
    ...(fields.isRetriable === undefined ? {} : { isRetriable: fields.isRetriable }),
    ...(fields.isTxnRequiresAbort === undefined ? {} : { isTxnRequiresAbort: fields.isTxnRequiresAbort }),
  };
}
