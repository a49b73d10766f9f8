import { SerdeError } from './errors.js';
import type { ErrorPosition } from './streams-error.js';

/**
 * The `SerdeError` to raise for what a serializer or deserializer threw, with the place of the record: a serde knows the
 * topic, only the runtime knows partition, offset, node and task. A `SerdeError` keeps its code and message; anything
 * else becomes the `cause` of one with `code`.
 */
export function withPosition(
  thrown: unknown,
  code: 'DESERIALIZATION_FAILED' | 'SERIALIZATION_FAILED',
  position: ErrorPosition,
): SerdeError {
  const where = describePosition(position);
  if (SerdeError.is(thrown) && isSerdeCode(thrown.code)) {
    const options = { ...thrown.position, ...position };
    const error = new SerdeError(
      thrown.code,
      where === '' ? thrown.message : `${thrown.message} (${where})`,
      thrown.cause === undefined ? options : { ...options, cause: thrown.cause },
    );
    // The stack of the serde says more than that of this helper.
    if (thrown.stack !== undefined) error.stack = thrown.stack.replace(thrown.message, error.message);
    return error;
  }
  const action = code === 'SERIALIZATION_FAILED' ? 'serialise' : 'deserialise';
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new SerdeError(code, `Cannot ${action} a record${where === '' ? '' : ` (${where})`}: ${reason}`, {
    ...position,
    cause: thrown,
  });
}

/** `topic flights, partition 3, offset 17`: what is known of a position, for messages. */
export function describePosition(position: ErrorPosition): string {
  const parts = (['topic', 'partition', 'offset', 'node', 'task'] as const)
    .filter((field) => position[field] !== undefined)
    .map((field) => `${field} ${position[field]}`);
  return parts.join(', ');
}

function isSerdeCode(code: string): code is ConstructorParameters<typeof SerdeError>[0] {
  return ['DESERIALIZATION_FAILED', 'SERIALIZATION_FAILED', 'WRONG_TYPE', 'INVALID_SCHEMA'].includes(code);
}
