import { KafkaError, type KafkaErrorCode, type KafkaErrorOptions } from '../../errors/errors.js';
import { partitionKey } from '../records.js';

/* The errors of the in-memory Kafka, with the names and flags that a broker and librdkafka give them. */

export function clientClosed(client: string): KafkaError {
  return new KafkaError('CLIENT_CLOSED', `The ${client} is closed or was never connected: open a new one`, {
    kafkaCode: '_STATE',
    isFatal: true,
  });
}

export function illegalCall(message: string): KafkaError {
  return new KafkaError('KAFKA_FAILURE', message, { kafkaCode: '_STATE' });
}

export function topicNotFound(topic: string, partition?: number): KafkaError {
  const what = partition === undefined ? `Topic '${topic}'` : `Partition ${partitionKey(topic, partition)}`;
  return new KafkaError('TOPIC_NOT_FOUND', `${what} does not exist: create it, or check the name`, {
    kafkaCode: 'UNKNOWN_TOPIC_OR_PARTITION',
    topic,
    ...(partition === undefined ? {} : { partition }),
  });
}

export function offsetOutOfRange(topic: string, partition: number, offset: number, range: string): KafkaError {
  return new KafkaError(
    'OFFSET_OUT_OF_RANGE',
    `Offset ${offset} of ${partitionKey(topic, partition)} is out of range, the partition holds ${range}: reset the position`,
    { kafkaCode: 'OFFSET_OUT_OF_RANGE', topic, partition, offset },
  );
}

export function groupFenced(groupId: string, kafkaCode: string, flags: Partial<KafkaErrorOptions> = {}): KafkaError {
  return new KafkaError(
    'GROUP_FENCED',
    `This member no longer holds these partitions of group '${groupId}' (${kafkaCode}): drop their work, it belongs to another member`,
    { kafkaCode, ...flags },
  );
}

export function producerFenced(transactionalId: string): KafkaError {
  return new KafkaError(
    'PRODUCER_FENCED',
    `Another producer with transactional id '${transactionalId}' took over, or the transaction timed out: open a new producer`,
    { kafkaCode: 'INVALID_PRODUCER_EPOCH', isFatal: true },
  );
}

export function transactionTimeoutTooLong(timeoutMs: number): KafkaError {
  return new KafkaError(
    'KAFKA_FAILURE',
    `A transaction timeout of ${timeoutMs} ms is more than transaction.max.timeout.ms: lower it`,
    { kafkaCode: 'INVALID_TRANSACTION_TIMEOUT', isFatal: true },
  );
}

export function timedOut(what: string): KafkaError {
  return new KafkaError('TIMED_OUT', `${what} was not answered in time: make the same call again`, {
    kafkaCode: '_TIMED_OUT',
    isRetriable: true,
  });
}

export function recordTooLarge(topic: string, bytes: number, maxBytes: number): KafkaError {
  return new KafkaError(
    'RECORD_TOO_LARGE',
    `A record of ${bytes} bytes for topic '${topic}' is larger than ${maxBytes} bytes: raise maxRequestBytes and the topic's max.message.bytes`,
    { kafkaCode: 'MSG_SIZE_TOO_LARGE', topic },
  );
}

/** A refusal of the broker without a code of its own in the port. */
export function refused(code: KafkaErrorCode, kafkaCode: string, message: string): KafkaError {
  return new KafkaError(code, message, { kafkaCode });
}
