import type { Serde } from './serde.js';
import { badBytes, wrongType } from './serde-failures.js';

/**
 * Bytes as they are. What is read may be a view of a larger buffer: copy what you keep beyond the processing of its
 * record (`Buffer.from(bytes)`).
 */
export const bytes: Serde<Buffer> = Object.freeze({
  name: 'bytes',
  serialize(topic: string, data: Buffer): Buffer {
    if (Buffer.isBuffer(data)) return data;
    const other: unknown = data;
    if (!(other instanceof Uint8Array)) throw wrongType('bytes', topic, 'a Buffer or Uint8Array', other);
    return Buffer.from(other.buffer, other.byteOffset, other.byteLength);
  },
  deserialize: (_topic: string, data: Buffer): Buffer => data,
});

/** One byte, 1 or 0: Java's `BooleanSerializer`. */
export const boolean: Serde<boolean> = Object.freeze({
  name: 'boolean',
  serialize(topic: string, data: boolean): Buffer {
    if (typeof data !== 'boolean') throw wrongType('boolean', topic, 'true or false', data);
    return Buffer.of(data ? 1 : 0);
  },
  deserialize(topic: string, data: Buffer): boolean {
    const byte = data[0];
    if (data.length !== 1 || byte === undefined || byte > 1) throw badBytes('boolean', topic, 'one byte, 0 or 1', data);
    return byte === 1;
  },
});

/**
 * Nothing at all, for keys or values that are always null: Java's `VoidSerializer`. Nulls pass by a serde, so both
 * directions only ever see what should not be there, and raise an error.
 */
export const none: Serde<null> = Object.freeze({
  name: 'void',
  serialize(topic: string, data: null): Buffer {
    throw wrongType('void', topic, 'null', data);
  },
  deserialize(topic: string, data: Buffer): null {
    throw badBytes('void', topic, 'null', data);
  },
});
