import type { KafkaError } from '../../../errors/errors.js';
import { kafkaFailure } from '../../connection/kafka-failure.js';
import { brokerErrorName, brokerFailure } from '../network/broker-errors.js';
import type { AssignedPartition } from './assigned-partition.js';

/** Error numbers of the protocol guide that a fetch may bring for a partition. */
export const FetchError = Object.freeze({
  none: 0,
  offsetOutOfRange: 1,
  corruptMessage: 2,
  unknownTopicOrPartition: 3,
  leaderNotAvailable: 5,
  notLeaderOrFollower: 6,
  replicaNotAvailable: 9,
  topicAuthorizationFailed: 29,
  kafkaStorageError: 56,
  fencedLeaderEpoch: 74,
  unknownLeaderEpoch: 75,
  unsupportedCompressionType: 76,
  offsetNotAvailable: 78,
  unknownTopicId: 100,
  inconsistentTopicId: 103,
});

/**
 * What to do about a partition's error, after `FetchCollector.java`:
 *
 * - `fail`: it cannot be read, the caller has to know
 * - `range`: the offset does not exist
 * - `move`: ask who leads it
 * - `identify`: the topic's id is refused: ask for its id, too
 * - `wait`: ask the same broker again, later
 */
export type Reaction = 'fail' | 'range' | 'move' | 'identify' | 'wait';

export function reactionTo(errorCode: number): Reaction {
  switch (errorCode) {
    case FetchError.offsetOutOfRange:
      return 'range';
    case FetchError.unknownTopicId:
    case FetchError.inconsistentTopicId:
      return 'identify';
    case FetchError.unknownTopicOrPartition:
    case FetchError.leaderNotAvailable:
    case FetchError.notLeaderOrFollower:
    case FetchError.replicaNotAvailable:
    case FetchError.kafkaStorageError:
    case FetchError.fencedLeaderEpoch:
      return 'move';
    case FetchError.corruptMessage:
    case FetchError.topicAuthorizationFailed:
    case FetchError.unsupportedCompressionType:
      return 'fail';
    default:
      // UNKNOWN_LEADER_EPOCH, OFFSET_NOT_AVAILABLE: the broker is behind. Everything else may pass, too.
      return 'wait';
  }
}

/** Why a partition cannot be read. */
export function errorOfPartition({ topic, partition, fetchOffset }: AssignedPartition, errorCode: number): KafkaError {
  const position = { topic, partition, offset: fetchOffset };
  return brokerFailure(errorCode, `Cannot read '${topic}' partition ${partition}`, position);
}

/** @param range first and last offset, if the broker has told them */
export function outOfRange(
  { topic, partition, fetchOffset: offset }: AssignedPartition,
  range: { readonly first: number; readonly end: number } | undefined,
): KafkaError {
  const has = range === undefined ? '' : `it has ${range.first} to ${range.end}. `;
  return kafkaFailure(
    `Cannot read '${topic}' partition ${partition}`,
    `offset ${offset} does not exist: ${has}The records were deleted by retention, or the topic was created anew`,
    { kafkaCode: 'OFFSET_OUT_OF_RANGE', topic, partition, offset },
  );
}

/** The leader's log is another one than the one that was read (Java's `LogTruncationException`). */
export function truncated(
  { topic, partition, fetchOffset: offset, fetchedEpoch }: AssignedPartition,
  divergingAt: number | undefined,
): KafkaError {
  const where = divergingAt === undefined ? '' : ` from offset ${divergingAt} on`;
  return kafkaFailure(
    `Cannot read '${topic}' partition ${partition}`,
    `its log was truncated: records before offset ${offset}, read under leader epoch ${fetchedEpoch}, were lost${where} ` +
      'in an unclean leader election, and others may stand in their place',
    { kafkaCode: 'OFFSET_OUT_OF_RANGE', topic, partition, offset },
  );
}

/** A fetch request that was refused as a whole. */
export function errorOfRequest(errorCode: number, brokerId: number): KafkaError {
  return kafkaFailure(`Cannot fetch from broker ${brokerId}`, 'it refuses the request', {
    kafkaCode: brokerErrorName(errorCode),
    isRetriable: true,
  });
}
