import { KafkaError, type KafkaErrorCode, type KafkaErrorOptions } from '../../errors/errors.js';

/*
 * What the errors of Kafka mean to Millrace, by the names that librdkafka gives them (without `ERR_`): its own errors
 * begin with `_`, the broker's are those of the protocol guide, a few under older names. Both clients of a real cluster
 * report them through here, so that an error reads the same whichever of the two met it.
 */

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
const groupOfAnotherProtocol: Meaning = {
  code: 'GROUP_PROTOCOL_MISMATCH',
  advice:
    'The group has members of another protocol or assignor, such as Kafka Streams. Stop them; one that did not leave (Kafka ' +
    "Streams never does) is forgotten after its session time-out, 45 s by default. If Kafka Streams ran with group.protocol=streams, start once with groupProtocol: 'classic'.",
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

/** What each error means to Millrace; what is not here is `KAFKA_FAILURE`. */
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
  INVALID_PARTITIONS: { code: 'INVALID_TOPIC', advice: 'The number of partitions must be positive and can only grow.' },
  INVALID_REPLICATION_FACTOR: { code: 'INVALID_TOPIC', advice: 'There must be at least as many brokers as replicas.' },
  INVALID_CONFIG: { code: 'INVALID_TOPIC', advice: 'Check the names and values of the topic configs.' },
  POLICY_VIOLATION: { code: 'INVALID_TOPIC', advice: "The request violates the cluster's policy." },
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
  INCONSISTENT_GROUP_PROTOCOL: groupOfAnotherProtocol,
  // Of a heartbeat: there is such a group, but not for members of this kind.
  GROUP_ID_NOT_FOUND: groupOfAnotherProtocol,
  _ASSIGNMENT_LOST: groupFenced,
  _FENCED: producerFenced,
  PRODUCER_FENCED: producerFenced,
  INVALID_PRODUCER_EPOCH: producerFenced,
  _DESTROY: { code: 'CLIENT_CLOSED' },
  UNSUPPORTED_VERSION: { code: 'KAFKA_FAILURE', advice: 'The broker is too old for this request.' },
};

/** Errors that pass by themselves; used where a client gives no flags (everything but the addon's transaction calls). */
const retriable: ReadonlySet<string> = new Set([
  '_TRANSPORT',
  '_ALL_BROKERS_DOWN',
  '_TIMED_OUT',
  '_TIMED_OUT_QUEUE',
  '_WAIT_COORD',
  '_WAIT_CACHE',
  '_IN_PROGRESS',
  // Thrown away unsent with its transaction, because another record of it failed.
  '_PURGE_QUEUE',
  '_PURGE_INFLIGHT',
  'REQUEST_TIMED_OUT',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'OFFSET_NOT_AVAILABLE',
  'BROKER_NOT_AVAILABLE',
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

/**
 * The {@link KafkaError} of an error that is known by name.
 *
 * @param what what was being done, e.g. `Cannot create topic 'flights'`
 * @param reason how the broker or the client put it
 * @param options flags that are left out follow from the name
 */
export function kafkaFailure(what: string, reason: string, options: KafkaErrorOptions): KafkaError {
  const { kafkaCode } = options;
  const { code, advice } = meanings[kafkaCode] ?? { code: 'KAFKA_FAILURE' as const, advice: undefined };
  return new KafkaError(code, `${what}: ${reason} (${kafkaCode}).${advice === undefined ? '' : ` ${advice}`}`, {
    isFatal: code === 'PRODUCER_FENCED' || kafkaCode === '_FATAL' || kafkaCode === 'FENCED_INSTANCE_ID',
    isRetriable: isRetriableByName(kafkaCode),
    ...options,
  });
}

/** Does this error pass by itself? */
export function isRetriableByName(kafkaCode: string): boolean {
  return retriable.has(kafkaCode);
}

/** The error of every call on a client that is not connected. */
export function clientClosed(what: string): KafkaError {
  return new KafkaError('CLIENT_CLOSED', `${what}: the client is not connected, or already closed.`, {
    kafkaCode: '_STATE',
    isFatal: true,
  });
}
