import { KafkaError, type KafkaErrorCode } from '../../errors/errors.js';
import type { ErrorPosition } from '../../errors/streams-error.js';
import { CODES, type NativeError } from './addon.js';

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

interface Meaning {
  readonly code: KafkaErrorCode;
  readonly advice?: string;
}

const authentication: Meaning = {
  code: 'AUTHENTICATION_FAILED',
  advice: 'Check the tls and sasl settings, and that the port is the listener that they are meant for.',
};
const authorization: Meaning = {
  code: 'AUTHORIZATION_FAILED',
  advice: 'Ask for the missing ACL for the user that this client authenticates as.',
};
const unreachable: Meaning = {
  code: 'BROKER_UNREACHABLE',
  advice: 'Check bootstrapServers, the network, and that the brokers advertise addresses that this host can reach.',
};
const timedOut: Meaning = { code: 'TIMED_OUT' };
const groupFenced: Meaning = { code: 'GROUP_FENCED' };
const instanceInUse: Meaning = {
  code: 'GROUP_FENCED',
  advice:
    'Another process uses the same groupInstanceId: give each its own. After a crash the broker keeps it for the session time-out.',
};
const producerFenced: Meaning = {
  code: 'PRODUCER_FENCED',
  advice: 'Another producer of this transactional id has taken over, or the transaction timed out on the broker.',
};
const topicNotFound: Meaning = { code: 'TOPIC_NOT_FOUND', advice: 'Create the topic, or correct its name.' };
const tooLarge: Meaning = {
  code: 'RECORD_TOO_LARGE',
  advice: "Raise maxRequestBytes and the topic's max.message.bytes, or send smaller records.",
};

/** What each of librdkafka's and the broker's errors means to Millrace; what is not here is `KAFKA_FAILURE`. */
const meanings: Readonly<Record<string, Meaning>> = {
  _TRANSPORT: unreachable,
  _RESOLVE: unreachable,
  _ALL_BROKERS_DOWN: unreachable,
  _AUTHENTICATION: authentication,
  _SSL: authentication,
  SASL_AUTHENTICATION_FAILED: authentication,
  UNSUPPORTED_SASL_MECHANISM: authentication,
  ILLEGAL_SASL_STATE: authentication,
  TOPIC_AUTHORIZATION_FAILED: authorization,
  GROUP_AUTHORIZATION_FAILED: authorization,
  CLUSTER_AUTHORIZATION_FAILED: authorization,
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: authorization,
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: authorization,
  _UNKNOWN_TOPIC: topicNotFound,
  _UNKNOWN_PARTITION: topicNotFound,
  UNKNOWN_TOPIC_OR_PART: topicNotFound,
  UNKNOWN_TOPIC_ID: topicNotFound,
  TOPIC_ALREADY_EXISTS: { code: 'TOPIC_EXISTS' },
  TOPIC_EXCEPTION: {
    code: 'INVALID_TOPIC',
    advice: 'A topic name has at most 249 of the characters a-z A-Z 0-9 . _ -',
  },
  INVALID_PARTITIONS: { code: 'KAFKA_FAILURE', advice: 'The number of partitions must be positive and can only grow.' },
  INVALID_REPLICATION_FACTOR: { code: 'KAFKA_FAILURE', advice: 'There must be at least as many brokers as replicas.' },
  INVALID_CONFIG: { code: 'KAFKA_FAILURE', advice: 'Check the names and values of the topic configs.' },
  POLICY_VIOLATION: { code: 'KAFKA_FAILURE', advice: "The request violates the cluster's policy." },
  OFFSET_OUT_OF_RANGE: { code: 'OFFSET_OUT_OF_RANGE' },
  _AUTO_OFFSET_RESET: { code: 'OFFSET_OUT_OF_RANGE' },
  _TIMED_OUT: timedOut,
  _TIMED_OUT_QUEUE: timedOut,
  _MSG_TIMED_OUT: timedOut,
  REQUEST_TIMED_OUT: timedOut,
  _QUEUE_FULL: { code: 'QUEUE_FULL' },
  MSG_SIZE_TOO_LARGE: tooLarge,
  RECORD_LIST_TOO_LARGE: tooLarge,
  ILLEGAL_GENERATION: groupFenced,
  UNKNOWN_MEMBER_ID: groupFenced,
  STALE_MEMBER_EPOCH: groupFenced,
  FENCED_MEMBER_EPOCH: groupFenced,
  FENCED_INSTANCE_ID: instanceInUse,
  UNRELEASED_INSTANCE_ID: instanceInUse,
  REBALANCE_IN_PROGRESS: groupFenced,
  _ASSIGNMENT_LOST: groupFenced,
  _FENCED: producerFenced,
  PRODUCER_FENCED: producerFenced,
  INVALID_PRODUCER_EPOCH: producerFenced,
  _DESTROY: { code: 'CLIENT_CLOSED' },
  UNSUPPORTED_VERSION: { code: 'KAFKA_FAILURE', advice: 'The broker is too old for this request.' },
};

/** Errors that pass by themselves; used where the addon gives no flags (everything but transaction calls). */
const retriable = new Set([
  '_TRANSPORT',
  '_ALL_BROKERS_DOWN',
  '_TIMED_OUT',
  '_TIMED_OUT_QUEUE',
  '_WAIT_COORD',
  '_WAIT_CACHE',
  '_IN_PROGRESS',
  'REQUEST_TIMED_OUT',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'REPLICA_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'NOT_CONTROLLER',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'KAFKA_STORAGE_ERROR',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'UNSTABLE_OFFSET_COMMIT',
  'THROTTLING_QUOTA_EXCEEDED',
  'CONCURRENT_TRANSACTIONS',
]);

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
  const { code, advice } = meanings[name] ?? { code: 'KAFKA_FAILURE' as const, advice: undefined };
  const reason = detail === undefined ? native.message : `${native.message} [${detail}]`;
  return new KafkaError(code, `${what}: ${reason} (${name}).${advice === undefined ? '' : ` ${advice}`}`, {
    kafkaCode: name,
    isFatal: native.isFatal ?? (code === 'PRODUCER_FENCED' || name === '_FATAL' || name === 'FENCED_INSTANCE_ID'),
    isRetriable: native.isRetriable ?? (!isTransactional && retriable.has(name)),
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

/** The error of every call on a client that is not connected. */
export function clientClosed(what: string): KafkaError {
  return new KafkaError('CLIENT_CLOSED', `${what}: the client is not connected, or already closed.`, {
    kafkaCode: '_STATE',
    isFatal: true,
  });
}
