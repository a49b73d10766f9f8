import { KafkaError } from '../../../errors/errors.js';
import type { ErrorPosition } from '../../../errors/streams-error.js';

/** Stored records that cannot be what a producer wrote: broken checksum, impossible lengths, bytes that do not unpack. */
export function corruptRecord(what: string, position: ErrorPosition, cause?: unknown): KafkaError {
  return new KafkaError(
    'CORRUPT_RECORD',
    `Cannot read the records of ${placeOf(position)}: ${what}. Look at the log of the partition's leader; another ` +
      'replica may still have them intact. To go on without them, start behind them.',
    { kafkaCode: 'CORRUPT_MESSAGE', cause, ...position },
  );
}

/** Records that are sound, but in a form that this client cannot read. */
export function unsupportedRecords(what: string, position: ErrorPosition, cause?: unknown): KafkaError {
  return new KafkaError('UNSUPPORTED_RECORDS', `Cannot read the records of ${placeOf(position)}: ${what}`, {
    kafkaCode: 'UNSUPPORTED_FOR_MESSAGE_FORMAT',
    cause,
    ...position,
  });
}

/** A batch that would unpack to more than is allowed. */
export function batchTooLarge(maxBytes: number, position: ErrorPosition): KafkaError {
  return new KafkaError(
    'BATCH_TOO_LARGE',
    `A compressed batch of ${placeOf(position)} unpacks to more than ${maxBytes} bytes, which would endanger the ` +
      'memory of this process. Have the producer write smaller batches, or start behind it.',
    { kafkaCode: 'MESSAGE_TOO_LARGE', ...position },
  );
}

function placeOf({ topic, partition, offset }: ErrorPosition): string {
  const place = topic === undefined ? 'a partition' : `${topic}-${partition ?? '?'}`;
  return offset === undefined ? place : `${place} at offset ${offset}`;
}
