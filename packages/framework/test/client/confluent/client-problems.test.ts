import assert from 'node:assert/strict';
import { ClientProblems } from '../../../dist/client/confluent/client-problems.js';

describe('ClientProblems', () => {
  for (const [kafkaCode, reason] of [
    ['FENCED_INSTANCE_ID', 'Broker: Static consumer fenced by other consumer with same group.instance.id'],
    ['UNRELEASED_INSTANCE_ID', 'Broker: The instance ID is still used by another member in the consumer group'],
  ]) {
    it(`should say what to do about a fatal error: ${reason}`, () => {
      const problems = new ClientProblems('group member', undefined, () => undefined);
      problems.onLog({ severity: 0, fac: 'FATAL', message: `[thrd:main]: Fatal error: ${reason}` });
      assert.equal(problems.fatal?.code, 'GROUP_FENCED');
      assert.equal(problems.fatal.kafkaCode, kafkaCode);
      assert.match(problems.fatal.message, /groupInstanceId: give each its own/);
    });
  }

  it('should say what to do about a group that members of another protocol hold', () => {
    const problems = new ClientProblems('group member', undefined, () => undefined);
    const message = 'Fatal error: Broker: The group id does not exist: ConsumerGroupHeartbeat fatal error';
    problems.onLog({ severity: 0, fac: 'FATAL', message: `[thrd:main]: ${message}` });
    assert.equal(problems.fatal?.code, 'GROUP_PROTOCOL_MISMATCH');
    assert.match(problems.fatal.message, /session time-out/);
  });
});
