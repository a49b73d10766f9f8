import type { Serde } from './serde.js';
import { badBytes, wrongType } from './serde-failures.js';
import { decodeUtf8 } from './text-serdes.js';

export interface JsonSerdeOptions<T> {
  /**
   * Checks what was parsed and returns it, or something made of it; throws if it is not a `T`. A validator's own parse
   * function fits, e.g. `(value) => schema.parse(value)`.
   */
  readonly parse?: (value: unknown) => T;
  /** Checks what was parsed: an answer of `false` makes the record unreadable. Runs before `parse`. */
  readonly validate?: (value: unknown) => boolean;
}

/**
 * JSON as UTF-8 text. Without options nothing is checked: `T` is what you claim it to be.
 *
 * @example
 * ```ts
 * const flights = serdes.json<Flight>({ parse: (value) => flightSchema.parse(value) });
 * ```
 */
export function json<T>(options: JsonSerdeOptions<T> = {}): Serde<T> {
  const { parse, validate } = options;
  return Object.freeze({
    name: 'json',
    serialize(topic: string, data: T): Buffer {
      let text: string | undefined;
      try {
        text = JSON.stringify(data) as string | undefined;
      } catch (cause) {
        throw wrongType('json', topic, `a value with a JSON form (${messageOf(cause)})`, data, cause);
      }
      if (text === undefined) throw wrongType('json', topic, 'a value with a JSON form', data);
      return Buffer.from(text, 'utf8');
    },
    deserialize(topic: string, bytes: Buffer): T {
      const text = decodeUtf8(bytes);
      if (text === undefined) throw badBytes('json', topic, 'UTF-8 text', bytes);
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch (cause) {
        throw badBytes('json', topic, `valid JSON (${messageOf(cause)})`, bytes, cause);
      }
      if (validate !== undefined && !validate(value)) {
        throw badBytes('json', topic, 'a value that passes the validate function', bytes);
      }
      if (parse === undefined) return value as T;
      try {
        return parse(value);
      } catch (cause) {
        throw badBytes('json', topic, `a value that the parse function accepts (${messageOf(cause)})`, bytes, cause);
      }
    },
  });
}

const MESSAGE_CHARS = 300;

/** Text of a thrown value, bounded: V8's JSON errors and schema validators quote their input. */
function messageOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.length > MESSAGE_CHARS ? `${text.slice(0, MESSAGE_CHARS)}...` : text;
}
