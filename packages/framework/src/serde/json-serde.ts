import type { Serde } from './serde.js';
import { badBytes, wrongType } from './serde-failures.js';
import { withTextForm } from './text-form.js';
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
  const toText = (topic: string, data: T): string => {
    let text: string | undefined;
    try {
      text = JSON.stringify(data) as string | undefined;
    } catch (cause) {
      throw wrongType('json', topic, `a value with a JSON form (${messageOf(cause)})`, data, cause);
    }
    if (text === undefined) throw wrongType('json', topic, 'a value with a JSON form', data);
    return text;
  };
  const fromText = (topic: string, text: string): T => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw badBytes('json', topic, `valid JSON (${messageOf(cause)})`, Buffer.from(text, 'utf8'), cause);
    }
    if (validate !== undefined && !validate(value)) {
      throw badBytes('json', topic, 'a value that passes the validate function', Buffer.from(text, 'utf8'));
    }
    if (parse === undefined) return value as T;
    try {
      return parse(value);
    } catch (cause) {
      const expected = `a value that the parse function accepts (${messageOf(cause)})`;
      throw badBytes('json', topic, expected, Buffer.from(text, 'utf8'), cause);
    }
  };
  const serde: Serde<T> = {
    name: 'json',
    serialize(topic: string, data: T): Buffer {
      return Buffer.from(toText(topic, data), 'utf8');
    },
    deserialize(topic: string, bytes: Buffer): T {
      const text = decodeUtf8(bytes);
      if (text === undefined) throw badBytes('json', topic, 'UTF-8 text', bytes);
      return fromText(topic, text);
    },
  };
  return withTextForm(Object.freeze(serde), { toText, fromText, isNewText: true });
}

const MESSAGE_CHARS = 300;

/** Text of a thrown value, bounded: V8's JSON errors and schema validators quote their input. */
function messageOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.length > MESSAGE_CHARS ? `${text.slice(0, MESSAGE_CHARS)}...` : text;
}
