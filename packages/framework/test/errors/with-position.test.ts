import assert from 'node:assert/strict';
import { ProcessingError, SerdeError } from '../../dist/errors/errors.js';
import { withPosition } from '../../dist/errors/with-position.js';

describe('withPosition', () => {
  const position = { topic: 'in', partition: 3, offset: 17, task: '0_3' };

  it('should keep code, message and cause of a SerdeError and add the position', () => {
    const cause = new SyntaxError('x');
    const thrown = new SerdeError('WRONG_TYPE', 'Cannot write json', { topic: 'in', node: 'sink', cause });
    const error = withPosition(thrown, 'SERIALIZATION_FAILED', position);
    assert.equal(error.code, 'WRONG_TYPE');
    assert.equal(error.message, 'Cannot write json (topic in, partition 3, offset 17, task 0_3)');
    assert.equal(error.cause, cause);
    assert.deepEqual(error.position, { ...position, node: 'sink' });
    assert.match(error.stack ?? '', /^SerdeError: Cannot write json \(topic in/);
  });

  it('should make a SerdeError of anything else', () => {
    for (const thrown of [new TypeError('boom'), 'boom', new ProcessingError('boom')]) {
      const error = withPosition(thrown, 'DESERIALIZATION_FAILED', position);
      assert.ok(error instanceof SerdeError);
      assert.equal(error.code, 'DESERIALIZATION_FAILED');
      assert.equal(error.cause, thrown);
      assert.equal(error.message, 'Cannot deserialise a record (topic in, partition 3, offset 17, task 0_3): boom');
    }
  });
});
