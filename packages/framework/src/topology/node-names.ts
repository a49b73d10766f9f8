import { TopologyError } from '../errors/errors.js';

const MAX_NAME_LENGTH = 249;
const LEGAL_NAME = /^[a-zA-Z0-9._-]+$/;

/**
 * Refuses names that could not be part of a Kafka topic name. Names of nodes and operators end up in the names of
 * internal topics, so the same rules apply to all of them, as in Kafka Streams.
 *
 * @param what what is being named, for the message, e.g. `node`
 * @throws TopologyError `INVALID_NAME`
 */
export function checkName(name: string, what: string): void {
  const problem = nameProblem(name);
  if (problem !== undefined) {
    throw new TopologyError(
      'INVALID_NAME',
      `The ${what} name '${name}' is not allowed: ${problem}. Use 1 to ${MAX_NAME_LENGTH} ASCII letters, digits, '.', '_' and '-'.`,
    );
  }
}

function nameProblem(name: string): string | undefined {
  if (name.length === 0) return 'it is empty';
  if (name === '.' || name === '..') return 'it means a directory';
  if (name.length > MAX_NAME_LENGTH) return `it has ${name.length} characters`;
  if (!LEGAL_NAME.test(name)) return 'it has a character that Kafka topic names do not allow';
  return undefined;
}
