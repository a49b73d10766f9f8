import type { Serde } from './serde.js';
import { badBytes, wrongType } from './serde-failures.js';

const CONSTANT_SIZE = 0;
const VARIABLE_SIZE = 1;
const NULL_LENGTH = -1;

/**
 * A list of values of one serde; `null` elements are kept. The bytes are those of Java's `ListSerializer`
 * (org.apache.kafka.common.serialization, KIP-466): one byte for the strategy; with elements of fixed size the count
 * and the indexes of the nulls; the count of elements; the elements, each after its length (-1: null) unless the size is
 * fixed. All numbers are int32, big-endian.
 *
 * @param inner serde of the elements
 */
export function list<T>(inner: Serde<T> & { readonly sizeBytes?: number }): Serde<(T | null)[]> {
  const name = `list:${inner.name}`;
  const { sizeBytes } = inner;
  return Object.freeze({
    name,
    serialize(topic: string, data: (T | null)[]): Buffer {
      if (!Array.isArray(data)) throw wrongType(name, topic, 'an array', data);
      return sizeBytes === undefined ? writeVariable(topic, inner, data) : writeConstant(topic, inner, data);
    },
    deserialize(topic: string, bytes: Buffer): (T | null)[] {
      const fail = (expected: string): never => {
        throw badBytes(name, topic, expected, bytes);
      };
      const reader = new ListReader(bytes, fail);
      const strategy = reader.strategy();
      if (strategy !== (sizeBytes === undefined ? VARIABLE_SIZE : CONSTANT_SIZE)) {
        fail(`a list whose elements have ${sizeBytes === undefined ? 'their length before them' : 'a fixed size'}`);
      }
      const nulls = new Set<number>();
      if (sizeBytes !== undefined) for (let left = reader.count(4); left > 0; left -= 1) nulls.add(reader.int32());
      // A null of fixed size takes no bytes, so the count of elements is bounded by the bytes and the nulls.
      const count = reader.count(sizeBytes === undefined ? 4 : sizeBytes, nulls.size);
      const elements: (T | null)[] = [];
      for (let index = 0; index < count; index += 1) {
        const length = nulls.has(index) ? NULL_LENGTH : (sizeBytes ?? reader.int32());
        elements.push(length === NULL_LENGTH ? null : inner.deserialize(topic, reader.take(length)));
      }
      reader.end();
      return elements;
    },
  });
}

function writeConstant<T>(topic: string, inner: Serde<T>, data: readonly (T | null)[]): Buffer {
  const nulls = [...data.keys()].filter((index) => isNull(data[index]));
  const elements = data.filter((element) => !isNull(element)).map((element) => inner.serialize(topic, element as T));
  return Buffer.concat([Buffer.of(CONSTANT_SIZE), int32s(nulls.length, ...nulls, data.length), ...elements]);
}

function writeVariable<T>(topic: string, inner: Serde<T>, data: readonly (T | null)[]): Buffer {
  const parts = [Buffer.of(VARIABLE_SIZE), int32s(data.length)];
  for (const element of data) {
    if (isNull(element)) {
      parts.push(int32s(NULL_LENGTH));
    } else {
      const bytes = inner.serialize(topic, element as T);
      parts.push(int32s(bytes.length), bytes);
    }
  }
  return Buffer.concat(parts);
}

function isNull(element: unknown): boolean {
  return element === null || element === undefined;
}

function int32s(...values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(4 * values.length);
  values.forEach((value, index) => bytes.writeInt32BE(value, 4 * index));
  return bytes;
}

class ListReader {
  private position = 0;

  constructor(
    private readonly bytes: Buffer,
    private readonly fail: (expected: string) => never,
  ) {}

  strategy(): number {
    return this.take(1)[0] ?? -1;
  }

  int32(): number {
    return this.take(4).readInt32BE();
  }

  /** A count of things that take `sizeBytes` each, except for `free` of them. */
  count(sizeBytes: number, free = 0): number {
    const count = this.int32();
    const possible = Math.floor((this.bytes.length - this.position) / sizeBytes) + free;
    return count < 0 || count > possible ? this.fail(`a count from 0 to ${possible} but it is ${count}`) : count;
  }

  take(length: number): Buffer {
    const left = this.bytes.length - this.position;
    if (length < 0 || length > left) this.fail(`${length} more bytes at ${this.position} but there are ${left}`);
    this.position += length;
    return this.bytes.subarray(this.position - length, this.position);
  }

  end(): void {
    if (this.position < this.bytes.length) this.fail(`the list to end at byte ${this.position}`);
  }
}
