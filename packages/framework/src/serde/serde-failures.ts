import { SerdeError } from '../errors/errors.js';
import { previewBytes, previewValue } from './preview.js';

/** Bytes of a topic that are not what the serde reads. */
export function badBytes(
  serde: string,
  topic: string,
  expected: string,
  bytes: Uint8Array,
  cause?: unknown,
): SerdeError {
  return new SerdeError(
    'DESERIALIZATION_FAILED',
    `Cannot read ${serde} from topic '${topic}': expected ${expected}, got ${previewBytes(bytes)}`,
    cause === undefined ? { topic } : { topic, cause },
  );
}

/** A value that the serde does not write. */
export function wrongType(serde: string, topic: string, expected: string, value: unknown, cause?: unknown): SerdeError {
  return new SerdeError(
    'WRONG_TYPE',
    `Cannot write ${serde} to topic '${topic}': expected ${expected}, got ${previewValue(value)}`,
    cause === undefined ? { topic } : { topic, cause },
  );
}
