import assert from 'node:assert/strict';
import { ClientProblems } from '../../../dist/client/confluent/client-problems.js';

describe('ClientProblems', () => {
  for (const reason of [
    'Broker: Static consumer fenced by other consumer with same group.instance.id',
    'Broker: The instance ID is still used by another member in the consumer group',
  ]) {
    it(`should say what to do about a fatal error: ${reason}`, () => {
      const problems = new ClientProblems('group member', undefined, () => undefined);
      problems.onLog({ severity: 0, fac: 'FATAL', message: `[thrd:main]: Fatal error: ${reason}` });
      assert.equal(problems.fatal?.code, 'GROUP_FENCED');
      assert.equal(problems.fatal.kafkaCode, 'FENCED_INSTANCE_ID');
      assert.match(problems.fatal.message, /groupInstanceId: give each its own/);
    });
  }
});
