import assert from 'node:assert/strict';
import { clientClosed, toKafkaError } from '../../../dist/client/confluent/error-codes.js';
import { KafkaError } from '../../../dist/errors/errors.js';

describe('toKafkaError', () => {
  for (const [number, code, kafkaCode] of [
    [-195, 'BROKER_UNREACHABLE', '_TRANSPORT'],
    [-169, 'AUTHENTICATION_FAILED', '_AUTHENTICATION'],
    [29, 'AUTHORIZATION_FAILED', 'TOPIC_AUTHORIZATION_FAILED'],
    [3, 'TOPIC_NOT_FOUND', 'UNKNOWN_TOPIC_OR_PART'],
    [36, 'TOPIC_EXISTS', 'TOPIC_ALREADY_EXISTS'],
    [17, 'INVALID_TOPIC', 'TOPIC_EXCEPTION'],
    [-140, 'OFFSET_OUT_OF_RANGE', '_AUTO_OFFSET_RESET'],
    [-185, 'TIMED_OUT', '_TIMED_OUT'],
    [-184, 'QUEUE_FULL', '_QUEUE_FULL'],
    [10, 'RECORD_TOO_LARGE', 'MSG_SIZE_TOO_LARGE'],
    [25, 'GROUP_FENCED', 'UNKNOWN_MEMBER_ID'],
    [113, 'GROUP_FENCED', 'STALE_MEMBER_EPOCH'],
    [-144, 'PRODUCER_FENCED', '_FENCED'],
    [42, 'KAFKA_FAILURE', 'INVALID_REQUEST'],
    [-9999, 'KAFKA_FAILURE', 'ERROR_-9999'],
  ] as const) {
    it(`should map ${String(number)} to ${code}`, () => {
      const error = toKafkaError(number, 'Cannot do it');
      assert.equal(error.code, code);
      assert.equal(error.kafkaCode, kafkaCode);
      assert.match(error.message, /^Cannot do it: /);
    });
  }

  it("should keep the native client's flags", () => {
    const native = { code: -144, message: 'fenced', isFatal: false, isRetriable: false, isTxnRequiresAbort: true };
    const error = toKafkaError(native, 'Cannot commit the transaction', { isTransactional: true });
    assert.deepEqual([error.isFatal, error.isRetriable, error.requiresAbort], [false, false, true]);
  });

  it('should guess that an error passes only outside of transactions', () => {
    assert.equal(toKafkaError(-185, 'x').isRetriable, true);
    assert.equal(toKafkaError(-185, 'x', { isTransactional: true }).isRetriable, false);
  });

  it('should take a fenced producer for fatal where the flag is missing', () => {
    assert.equal(toKafkaError(-144, 'x', { isTransactional: true }).isFatal, true);
  });

  it('should carry position and detail, and leave KafkaErrors as they are', () => {
    const error = toKafkaError(3, 'Cannot read', { topic: 't', partition: 2, detail: 'connection lost' });
    assert.deepEqual(error.position, { topic: 't', partition: 2 });
    assert.match(error.message, /\[connection lost\]/);
    assert.equal(toKafkaError(error, 'again'), error);
  });

  it('should understand thrown errors and anything else', () => {
    const cause = new Error('native');
    assert.equal(toKafkaError(cause, 'x').cause, cause);
    assert.match(toKafkaError('odd', 'x').message, /odd/);
    assert.ok(clientClosed('Cannot poll') instanceof KafkaError);
  });
});
