import assert from 'node:assert/strict';
import type { DeliveryFailure } from '../../dist/client/port.js';
import { KafkaError } from '../../dist/errors/errors.js';
import { RefusedRecords } from '../../dist/runtime/refused-records.js';

const forbidden = new KafkaError('AUTHORIZATION_FAILED', 'no', { kafkaCode: 'TOPIC_AUTHORIZATION_FAILED' });
const tooLarge = new KafkaError('RECORD_TOO_LARGE', 'no', { kafkaCode: 'MSG_SIZE_TOO_LARGE' });
const invalid = new KafkaError('KAFKA_FAILURE', 'no', { kafkaCode: 'INVALID_RECORD' });

function failureOf(value: string, error: Error, key = 'k'): DeliveryFailure {
  const base = { topic: 'out', partition: 0, timestamp: 0, headers: [] };
  return { ...base, key: Buffer.from(key), value: Buffer.from(value), error };
}

/** A record is refused and answered, and its transaction aborted. */
function refuse(records: RefusedRecords, failure: DeliveryFailure): boolean {
  records.of(failure).answer = 'continue';
  return records.beginRound(true);
}

describe('RefusedRecords', () => {
  it('should not count transactions that got through, although a record of a task that went elsewhere is left', () => {
    const records = new RefusedRecords();
    refuse(records, failureOf('went elsewhere', forbidden, 'other'));
    for (let i = 0; i < 20; i++) {
      const failure = failureOf(`v${i}`, forbidden);
      assert.equal(records.find(failure), undefined);
      assert.ok(refuse(records, failure), `transaction ${i}`);
      assert.equal(records.find(failure)?.answer, 'continue');
      records.committed();
    }
    assert.ok(!records.isEmpty);
  });

  it('should give up on records that are others each time, whatever is committed between', () => {
    const records = new RefusedRecords();
    const rounds = Array.from({ length: 4 }, (_, i) => {
      records.committed();
      return refuse(records, failureOf(`v${i}`, invalid, `k${i}`));
    });
    assert.deepEqual(rounds, [true, true, true, false]);
  });

  it('should give up on records of one key that are others each time, if it cannot know why they are refused', () => {
    const records = new RefusedRecords();
    const rounds = Array.from({ length: 4 }, (_, i) => {
      const failure = failureOf(`v${i}`, invalid);
      assert.notEqual(records.find(failure)?.isForeseen, true);
      return refuse(records, failure);
    });
    assert.deepEqual(rounds, [true, true, true, false]);
  });

  it('should foresee what holds for other values of the key as well, until the transaction is committed', () => {
    const records = new RefusedRecords();
    refuse(records, failureOf('xxxx', tooLarge));
    assert.equal(records.find(failureOf('yyyyy', tooLarge))?.isForeseen, true);
    assert.equal(records.find(failureOf('yyy', tooLarge))?.isForeseen, false);
    assert.equal(records.find(failureOf('yyyyy', tooLarge, 'other')), undefined);
    records.committed();
    assert.equal(records.find(failureOf('zzzzz', tooLarge)), undefined);
  });
});
