import { KafkaError } from '../../errors/errors.js';

/** A response that does not follow the protocol. What it came from cannot be trusted: drop the connection. */
export function malformedResponse(what: string): KafkaError {
  return new KafkaError(
    'MALFORMED_RESPONSE',
    `The broker's answer does not follow the Kafka protocol: ${what}. Check that a Kafka broker, and no proxy that ` +
      'changes the bytes, answers at this address.',
    { kafkaCode: '_BAD_MSG', isRetriable: true },
  );
}
