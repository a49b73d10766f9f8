import avro, { type Schema, type Type } from 'avsc';
import { SerdeError } from '../errors/errors.js';
import type { Serde } from './serde.js';
import { badBytes, wrongType } from './serde-failures.js';

/** An Avro schema as JSON (object, array for a union, or name of a primitive type). */
export type AvroSchema = string | object;

export interface AvroSerdeOptions {
  /**
   * Schema of the bytes on the wire, if it is another one than that of the values: records are resolved from it to the
   * values' schema by Avro's rules (fields dropped, defaults added, numbers widened) as they are read, and written in it.
   */
  readonly writerSchema?: AvroSchema;
}

/**
 * Avro's binary encoding without a schema registry and without any header: the schema is in the code, and the same on
 * both ends unless `writerSchema` says otherwise. The name contains the fingerprint (MD5 of the canonical form) of the
 * schema on the wire.
 *
 * @param schema schema of the values in the program
 * @throws SerdeError `INVALID_SCHEMA` if a schema is no Avro schema, or the two cannot be resolved
 * @example
 * ```ts
 * const delays = avroSerde<Delay>({
 *   type: 'record', name: 'Delay',
 *   fields: [{ name: 'airport', type: 'string' }, { name: 'minutes', type: 'int' }],
 * });
 * ```
 */
export function avroSerde<T>(schema: AvroSchema, options: AvroSerdeOptions = {}): Serde<T> {
  const readerType = parseSchema(schema, 'schema');
  const wireType = options.writerSchema === undefined ? readerType : parseSchema(options.writerSchema, 'writerSchema');
  const resolver = wireType === readerType ? undefined : resolve(readerType, wireType);
  const name = `avro:${wireType.fingerprint().toString('hex')}`;
  const label = `avro ${typeName(readerType)}`;
  return Object.freeze({
    name,
    serialize(topic: string, data: T): Buffer {
      try {
        return wireType.toBuffer(data);
      } catch (cause) {
        throw wrongType(label, topic, whatIsWrong(wireType, data), data, cause);
      }
    },
    deserialize(topic: string, bytes: Buffer): T {
      try {
        return readerType.fromBuffer(bytes, resolver) as T;
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw badBytes(label, topic, `bytes written with the schema ${typeName(wireType)} (${reason})`, bytes, cause);
      }
    },
  });
}

function parseSchema(schema: AvroSchema, option: string): Type {
  try {
    return avro.Type.forSchema(schema as Schema);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SerdeError('INVALID_SCHEMA', `The ${option} of an Avro serde is no Avro schema: ${reason}`, { cause });
  }
}

function resolve(readerType: Type, wireType: Type): ReturnType<Type['createResolver']> {
  try {
    return readerType.createResolver(wireType);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SerdeError(
      'INVALID_SCHEMA',
      `Avro records of the writerSchema ${typeName(wireType)} cannot be read as ${typeName(readerType)}: ${reason}. ` +
        "A field that is only in the reader's schema needs a default.",
      { cause },
    );
  }
}

function typeName(type: Type): string {
  return type.branchName ?? type.typeName;
}

/** Names the first part of the value that does not fit. Only called after a failure: the check walks the whole value. */
function whatIsWrong(type: Type, data: unknown): string {
  let found: string | undefined;
  type.isValid(data, {
    errorHook(path: string[], _value: unknown, expected: Type) {
      found ??= `${typeName(expected)} at ${path.length === 0 ? 'the top' : path.join('.')}`;
    },
  });
  return found ?? `a value of the schema ${typeName(type)}`;
}
