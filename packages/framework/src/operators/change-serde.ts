import type { RecordHeaders } from '../client/records.js';
import { IllegalStateError, SerdeError } from '../errors/errors.js';
import type { Serde } from '../serde/serde.js';
import type { Change } from './change.js';

const OLD = 0;
const NEW = 1;
const BOTH = 2;
/** The first flag of those that Kafka Streams reads, but does not write yet: they have a byte 'is latest' before them. */
const FIRST_WITH_LATEST = 3;

/**
 * Changes in the repartition topic of a grouped table, in the bytes of Kafka Streams 3.5 and later (KIP-904,
 * `ChangedSerializer`); the last byte says what comes before it:
 *
 *   old value                                                      0
 *   new value                                                      1
 *   length of the new value (zigzag varint), new value, old value  2
 */
export class ChangeSerde<V> implements Serde<Change<V>> {
  readonly name: string;

  constructor(private readonly values: Serde<V>) {
    this.name = `change(${values.name})`;
  }

  serialize(topic: string, { newValue, oldValue }: Change<V>, headers?: RecordHeaders): Buffer {
    const added = newValue === null ? undefined : this.values.serialize(topic, newValue, headers);
    const removed = oldValue === null ? undefined : this.values.serialize(topic, oldValue, headers);
    if (added !== undefined && removed !== undefined) {
      return Buffer.concat([zigzagVarint(added.length), added, removed, Buffer.of(BOTH)]);
    }
    if (added !== undefined) return Buffer.concat([added, Buffer.of(NEW)]);
    if (removed !== undefined) return Buffer.concat([removed, Buffer.of(OLD)]);
    throw new IllegalStateError(`A change to '${topic}' has neither an old nor a new value.`);
  }

  deserialize(topic: string, bytes: Buffer, headers?: RecordHeaders): Change<V> {
    let flag = bytes[bytes.length - 1] ?? -1;
    let end = bytes.length - 1;
    if (flag >= FIRST_WITH_LATEST) {
      flag -= FIRST_WITH_LATEST;
      end--;
    }
    const read = (from: number, to: number): V => this.values.deserialize(topic, bytes.subarray(from, to), headers);
    if (flag === OLD && end >= 0) return { newValue: null, oldValue: read(0, end) };
    if (flag === NEW && end >= 0) return { newValue: read(0, end), oldValue: null };
    if (flag === BOTH) {
      const { value: length, next } = readZigzagVarint(bytes);
      const middle = next + length;
      if (length >= 0 && middle <= end) return { newValue: read(next, middle), oldValue: read(middle, end) };
    }
    throw new SerdeError(
      'DESERIALIZATION_FAILED',
      `A record of '${topic}' is not a change of a table: its ${bytes.length} bytes end in 0x${bytes.subarray(-1).toString('hex')}. ` +
        `Topics written by Kafka Streams before 3.5 (or with upgrade.from) must be read to their end by that application first.`,
      { topic },
    );
  }
}

/** Kafka's `ByteUtils.writeVarint`: zigzag, then 7 bits a byte, lowest first. */
function zigzagVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value * 2;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

function readZigzagVarint(bytes: Buffer): { readonly value: number; readonly next: number } {
  let raw = 0;
  let scale = 1;
  for (let at = 0; at < Math.min(5, bytes.length); at++, scale *= 128) {
    const byte = bytes[at] ?? 0;
    raw += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value: raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2, next: at + 1 };
  }
  return { value: -1, next: 0 };
}
