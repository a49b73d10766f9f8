import { SerdeError, StateStoreError } from '../../errors/errors.js';
import type { Serde } from '../../serde/serde.js';
import { textFormOf, type TextForm } from '../../serde/text-form.js';
import { decodeInt64, encodeInt64, isAscii, toBuffer, toByteString, type ByteString } from '../engine/byte-string.js';
import { assertStoreTime } from './store-time.js';

/** V8 makes strings that share the memory of a larger one from this length on. */
const SHORTEST_SHARED = 13;

/** Turns keys or values of one store into bytes and back; errors name the store. */
export class SerdeCodec<T> {
  /** The last text encoded, because most keys are read and then written. */
  #lastText: T | undefined;
  #lastBytes: ByteString = '';
  readonly #text: TextForm<T> | undefined;

  constructor(
    readonly storeName: string,
    private readonly topic: string,
    private readonly part: 'key' | 'value',
    private readonly serde: Serde<T>,
  ) {
    this.#text = textFormOf(serde);
  }

  /** @throws StateStoreError `STORE_INVALID_KEY` for a null key. @throws SerdeError if the serde does. */
  encode(data: T): ByteString {
    if (data === null || data === undefined) {
      throw new StateStoreError('STORE_INVALID_KEY', `Store ${this.storeName}: a ${this.part} must not be null.`);
    }
    if (data === this.#lastText && this.part === 'key') return this.#lastBytes;
    try {
      const bytes = this.#text === undefined ? this.#bytesOf(data) : this.#textOf(data, this.#text);
      if (typeof data === 'string') {
        this.#lastText = data;
        this.#lastBytes = bytes;
      }
      return bytes;
    } catch (cause) {
      const reason = (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, '');
      const message = `Store ${this.storeName}: the ${this.part} could not be serialised by serde ${this.serde.name}: ${reason}. Give the store a serde that fits what you put.`;
      throw new SerdeError('SERIALIZATION_FAILED', message, { cause, topic: this.topic });
    }
  }

  /** @throws SerdeError if the serde does */
  decode(bytes: ByteString): T {
    try {
      // ASCII text is its own byte string.
      if (this.#text !== undefined && isAscii(bytes)) return this.#text.fromText(this.topic, bytes);
      return this.serde.deserialize(this.topic, toBuffer(bytes));
    } catch (cause) {
      const message = `Store ${this.storeName}: a stored ${this.part} could not be deserialised by serde ${this.serde.name}. Was the store written with another serde? Then use a new store name.`;
      throw new SerdeError('DESERIALIZATION_FAILED', message, { cause, topic: this.topic });
    }
  }

  #bytesOf(data: T): ByteString {
    return toByteString(this.serde.serialize(this.topic, data));
  }

  #textOf(data: T, form: TextForm<T>): ByteString {
    const text = form.toText(this.topic, data);
    if (!isAscii(text)) return toByteString(Buffer.from(text, 'utf8'));
    // A byte string is kept: it must not keep a larger text in memory.
    return form.isNewText || text.length < SHORTEST_SHARED ? text : toByteString(Buffer.from(text, 'latin1'));
  }
}

/** A value and the event time of the record it came from, ms. */
export interface ValueAndTimestamp<V> {
  readonly value: V;
  readonly timestampMs: number;
}

/** How values of a store are kept, and what of it goes to the changelog. */
export interface ValueCodec<V> {
  readonly name: string;
  encode(value: V): ByteString;
  decode(stored: ByteString): V;
  /** Timestamp of the changelog record; undefined: that of the record being processed. */
  timestampOf(value: V): number | undefined;
  toChangelog(stored: ByteString): ByteString;
  fromChangelog(value: ByteString, timestampMs: number): ByteString;
}

/** The value's own bytes, in the store and in the changelog. */
export class PlainValueCodec<V> implements ValueCodec<V> {
  readonly name = 'plain';

  constructor(private readonly serde: SerdeCodec<V>) {}

  encode(value: V): ByteString {
    return this.serde.encode(value);
  }

  decode(stored: ByteString): V {
    return this.serde.decode(stored);
  }

  timestampOf(): undefined {
    return undefined;
  }

  toChangelog(stored: ByteString): ByteString {
    return stored;
  }

  fromChangelog(value: ByteString): ByteString {
    return value;
  }
}

/**
 * In the store 8 bytes of big-endian time before the value's bytes; in the changelog the plain value, with the time as
 * the record's timestamp (Kafka Streams' `ValueAndTimestampSerializer`, KIP-258).
 */
export class TimestampedValueCodec<V> implements ValueCodec<ValueAndTimestamp<V>> {
  readonly name = 'timestamped';

  constructor(private readonly serde: SerdeCodec<V>) {}

  encode({ value, timestampMs }: ValueAndTimestamp<V>): ByteString {
    assertStoreTime(this.serde.storeName, 'the timestamp of a value', timestampMs);
    return encodeInt64(timestampMs) + this.serde.encode(value);
  }

  decode(stored: ByteString): ValueAndTimestamp<V> {
    return { value: this.serde.decode(stored.slice(8)), timestampMs: decodeInt64(stored, 0) };
  }

  timestampOf({ timestampMs }: ValueAndTimestamp<V>): number {
    return timestampMs;
  }

  toChangelog(stored: ByteString): ByteString {
    return stored.slice(8);
  }

  fromChangelog(value: ByteString, timestampMs: number): ByteString {
    return encodeInt64(timestampMs) + value;
  }
}
