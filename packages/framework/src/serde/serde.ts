import type { RecordHeaders } from '../client/records.js';

/** Turns objects into bytes. `null` and `undefined` never reach it: a null stays null on the wire. */
export interface Serializer<T> {
  serialize(topic: string, data: T, headers?: RecordHeaders): Buffer;
}

/** Turns bytes into objects. May throw anything; the runtime wraps it in a `SerdeError` with the record's position. */
export interface Deserializer<T> {
  deserialize(topic: string, bytes: Buffer, headers?: RecordHeaders): T;
}

/** A pair of serializer and deserializer. Both are synchronous: they run once per record on the hot path. */
export interface Serde<T> extends Serializer<T>, Deserializer<T> {
  /** Stable name, part of the topology fingerprint, e.g. `string`, `json`, `avro:<schema fingerprint>`. */
  readonly name: string;
}
