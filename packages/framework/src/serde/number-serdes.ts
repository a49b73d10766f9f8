import type { Serde } from './serde.js';
import { badBytes, wrongType } from './serde-failures.js';

/** A serde whose every value takes the same number of bytes. Lists leave out the length of such elements. */
export interface FixedSizeSerde<T> extends Serde<T> {
  readonly sizeBytes: number;
}

interface FixedSizeCodec<T> {
  readonly name: string;
  readonly sizeBytes: number;
  /** What a value must be, for messages. */
  readonly expected: string;
  isValid(data: unknown): data is T;
  write(bytes: Buffer, data: T): void;
  /** @throws SerdeError if the bytes, of the right number, hold a value that `T` cannot. */
  read(bytes: Buffer, topic: string): T;
}

function fixedSize<T>(codec: FixedSizeCodec<T>): FixedSizeSerde<T> {
  const { name, sizeBytes, expected } = codec;
  return Object.freeze({
    name,
    sizeBytes,
    serialize(topic: string, data: T): Buffer {
      if (!codec.isValid(data)) throw wrongType(name, topic, expected, data);
      const bytes = Buffer.allocUnsafe(sizeBytes);
      codec.write(bytes, data);
      return bytes;
    },
    deserialize(topic: string, bytes: Buffer): T {
      if (bytes.length !== sizeBytes) {
        throw badBytes(name, topic, `${sizeBytes} bytes but there are ${bytes.length}`, bytes);
      }
      return codec.read(bytes, topic);
    },
  });
}

function integerCodec(bits: 16 | 32): Pick<FixedSizeCodec<number>, 'expected' | 'isValid'> {
  const max = 2 ** (bits - 1) - 1;
  const min = -max - 1;
  return {
    expected: `an integer from ${min} to ${max}`,
    isValid: (data): data is number => Number.isInteger(data) && (data as number) >= min && (data as number) <= max,
  };
}

/** 2 bytes, big-endian: Java's `ShortSerializer`. */
export const int16: FixedSizeSerde<number> = fixedSize({
  ...integerCodec(16),
  name: 'int16',
  sizeBytes: 2,
  write: (bytes, data) => bytes.writeInt16BE(data),
  read: (bytes) => bytes.readInt16BE(),
});

/** 4 bytes, big-endian: Java's `IntegerSerializer`. */
export const int32: FixedSizeSerde<number> = fixedSize({
  ...integerCodec(32),
  name: 'int32',
  sizeBytes: 4,
  write: (bytes, data) => bytes.writeInt32BE(data),
  read: (bytes) => bytes.readInt32BE(),
});

const TWO_32 = 2 ** 32;

/**
 * 8 bytes, big-endian: Java's `LongSerializer`, as a number. Values outside of +-(2^53 - 1), which a number cannot hold
 * exactly, are errors in both directions; use {@link bigint64} for them. The bytes of the two are the same.
 */
export const int64: FixedSizeSerde<number> = fixedSize({
  name: 'int64',
  sizeBytes: 8,
  expected: 'an integer from -(2^53 - 1) to 2^53 - 1 (serdes.bigint64 takes larger ones)',
  isValid: (data): data is number => Number.isSafeInteger(data),
  write(bytes, data) {
    const high = Math.floor(data / TWO_32);
    bytes.writeInt32BE(high);
    bytes.writeUInt32BE(data - high * TWO_32, 4);
  },
  read(bytes, topic) {
    const data = bytes.readInt32BE() * TWO_32 + bytes.readUInt32BE(4);
    if (!Number.isSafeInteger(data)) {
      throw badBytes('int64', topic, 'at most 2^53 - 1 in magnitude (serdes.bigint64 reads larger ones)', bytes);
    }
    return data;
  },
});

const MAX_BIGINT64 = 2n ** 63n - 1n;

/** 8 bytes, big-endian: Java's `LongSerializer`, as a bigint, in the full range. Slower than {@link int64}. */
export const bigint64: FixedSizeSerde<bigint> = fixedSize({
  name: 'int64',
  sizeBytes: 8,
  expected: 'a bigint from -2^63 to 2^63 - 1',
  isValid: (data): data is bigint => typeof data === 'bigint' && data <= MAX_BIGINT64 && data >= -MAX_BIGINT64 - 1n,
  write: (bytes, data) => bytes.writeBigInt64BE(data),
  read: (bytes) => bytes.readBigInt64BE(),
});

/** 4 bytes, IEEE 754 single precision, big-endian: Java's `FloatSerializer`. Written values are rounded to it. */
export const float32: FixedSizeSerde<number> = fixedSize({
  name: 'float32',
  sizeBytes: 4,
  expected: 'a number that fits single precision',
  // A finite number that would become Infinity is an error, not a rounding.
  isValid: (data): data is number =>
    typeof data === 'number' && (Number.isFinite(Math.fround(data)) || !Number.isFinite(data)),
  write: (bytes, data) => bytes.writeFloatBE(data),
  read: (bytes) => bytes.readFloatBE(),
});

/** 8 bytes, IEEE 754 double precision, big-endian: Java's `DoubleSerializer`. */
export const float64: FixedSizeSerde<number> = fixedSize({
  name: 'float64',
  sizeBytes: 8,
  expected: 'a number',
  isValid: (data): data is number => typeof data === 'number',
  write: (bytes, data) => bytes.writeDoubleBE(data),
  read: (bytes) => bytes.readDoubleBE(),
});
