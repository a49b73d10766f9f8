import { isUtf8 } from 'node:buffer';
import type { Serde } from './serde.js';
import { badBytes, wrongType } from './serde-failures.js';
import { withTextForm } from './text-form.js';

/**
 * Text of UTF-8 bytes, or undefined if they are none. The replacement character is the only trace that a decoder leaves
 * of bad bytes, so the bytes are checked only where it occurs.
 */
export function decodeUtf8(bytes: Buffer): string | undefined {
  const text = bytes.toString('utf8');
  return text.includes('\uFFFD') && !isUtf8(bytes) ? undefined : text;
}

/**
 * UTF-8 text: Java's `StringSerializer`. Bytes that are not UTF-8 are an error (Java puts U+FFFD in their place). A lone
 * surrogate is written as U+FFFD (Java writes `?`).
 */
export const string: Serde<string> = withTextForm(
  Object.freeze({
    name: 'string',
    serialize(topic: string, data: string): Buffer {
      return Buffer.from(checkedString(topic, data), 'utf8');
    },
    deserialize(topic: string, bytes: Buffer): string {
      const text = decodeUtf8(bytes);
      if (text === undefined) throw badBytes('string', topic, 'UTF-8 text', bytes);
      return text;
    },
  }),
  { toText: checkedString, fromText: (_topic, text) => text, isNewText: false },
);

function checkedString(topic: string, data: string): string {
  if (typeof data !== 'string') throw wrongType('string', topic, 'a string', data);
  return data;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const UUID_FORM = 'a UUID as text, e.g. 123e4567-e89b-12d3-a456-426614174000';

/** A UUID as 36 characters of text, in lower case: Java's `UUIDSerializer`. */
export const uuid: Serde<string> & { readonly sizeBytes: number } = Object.freeze({
  name: 'uuid',
  sizeBytes: 36,
  serialize(topic: string, data: string): Buffer {
    if (typeof data !== 'string' || !UUID.test(data)) throw wrongType('uuid', topic, UUID_FORM, data);
    return Buffer.from(data.toLowerCase(), 'latin1');
  },
  deserialize(topic: string, bytes: Buffer): string {
    const text = bytes.toString('latin1');
    if (!UUID.test(text)) throw badBytes('uuid', topic, UUID_FORM, bytes);
    return text.toLowerCase();
  },
});
