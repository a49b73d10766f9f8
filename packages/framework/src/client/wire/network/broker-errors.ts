import { protocolErrors, protocolErrorsCodesById } from '@platformatic/kafka';
import type { KafkaError } from '../../../errors/errors.js';
import type { ErrorPosition } from '../../../errors/streams-error.js';
import { kafkaFailure } from '../../connection/kafka-failure.js';

/** Where librdkafka has its own name: `kafkaCode` must not depend on which client met the error. */
const NATIVE_NAMES: Readonly<Record<string, string>> = {
  UNKNOWN_SERVER_ERROR: 'UNKNOWN',
  CORRUPT_MESSAGE: 'INVALID_MSG',
  UNKNOWN_TOPIC_OR_PARTITION: 'UNKNOWN_TOPIC_OR_PART',
  INVALID_FETCH_SIZE: 'INVALID_MSG_SIZE',
  NOT_LEADER_OR_FOLLOWER: 'NOT_LEADER_FOR_PARTITION',
  MESSAGE_TOO_LARGE: 'MSG_SIZE_TOO_LARGE',
  STALE_CONTROLLER_EPOCH: 'STALE_CTRL_EPOCH',
  INVALID_TOPIC_EXCEPTION: 'TOPIC_EXCEPTION',
};

/** Name of a broker's error number, as librdkafka calls it. */
export function brokerErrorName(errorCode: number): string {
  const name = protocolErrorsCodesById[errorCode];
  return name === undefined ? `ERROR_${errorCode}` : (NATIVE_NAMES[name] ?? name);
}

/**
 * The error that a broker's answer carries as a number.
 *
 * @param what what was being done, e.g. `Cannot describe topic 'flights'`
 * @param detail the broker's own words, if it gave any
 */
export function brokerFailure(
  errorCode: number,
  what: string,
  position: ErrorPosition & { readonly detail?: string } = {},
): KafkaError {
  const { detail, ...place } = position;
  const kafkaCode = brokerErrorName(errorCode);
  return kafkaFailure(what, (detail || describe(errorCode)).replace(/\.$/, ''), { kafkaCode, ...place });
}

function describe(errorCode: number): string {
  const message = protocolErrors[protocolErrorsCodesById[errorCode] ?? '']?.message;
  return message || `the broker answers with error ${errorCode}`;
}
