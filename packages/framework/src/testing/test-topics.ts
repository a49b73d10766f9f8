import { NO_HEADERS, type RecordHeaders } from '../client/records.js';
import { IllegalStateError } from '../errors/errors.js';
import type { Deserializer, Serializer } from '../serde/serde.js';
import type { CapturedRecord } from './capturing-producer.js';

export interface PipeOptions {
  /** Event time, ms. @default the driver's clock */
  readonly timestamp?: number;
  readonly headers?: RecordHeaders;
}

/** Bytes on their way into the topology. */
export interface InputBytes {
  readonly topic: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: number | undefined;
  readonly headers: RecordHeaders;
}

/** Feeds a topic of a topology under test. */
export class TestInputTopic<K, V> {
  constructor(
    readonly topic: string,
    private readonly keySerializer: Serializer<K>,
    private readonly valueSerializer: Serializer<V>,
    private readonly pipeBytes: (input: InputBytes) => Promise<void>,
  ) {}

  /** Processes one record to the end, through all subtopologies. @throws what the topology threw */
  async pipe(key: K | null, value: V | null, options: PipeOptions = {}): Promise<void> {
    const headers = options.headers ?? NO_HEADERS;
    await this.pipeBytes({
      topic: this.topic,
      key: key === null ? null : this.keySerializer.serialize(this.topic, key, headers),
      value: value === null ? null : this.valueSerializer.serialize(this.topic, value, headers),
      timestamp: options.timestamp,
      headers,
    });
  }

  /** Processes several records in order. */
  async pipeAll(records: Iterable<readonly [key: K | null, value: V | null, options?: PipeOptions]>): Promise<void> {
    for (const [key, value, options] of records) await this.pipe(key, value, options);
  }
}

/** A record that the topology under test wrote, with key and value as objects. */
export interface TestRecord<K, V> {
  readonly key: K | null;
  readonly value: V | null;
  readonly timestamp: number;
  readonly headers: RecordHeaders;
  readonly partition: number;
}

/** Reads what a topology under test wrote to a topic, each record once. */
export class TestOutputTopic<K, V> {
  constructor(
    readonly topic: string,
    private readonly keyDeserializer: Deserializer<K>,
    private readonly valueDeserializer: Deserializer<V>,
    private readonly queue: CapturedRecord[],
  ) {}

  get isEmpty(): boolean {
    return this.queue.length === 0;
  }

  get size(): number {
    return this.queue.length;
  }

  /** The oldest record not read yet. @throws IllegalStateError if there is none */
  read(): TestRecord<K, V> {
    const record = this.queue.shift();
    if (record === undefined) throw new IllegalStateError(`The topic '${this.topic}' has no record left to read.`);
    const { topic, headers, timestamp, partition } = record;
    return {
      key: record.key === null ? null : this.keyDeserializer.deserialize(topic, record.key, headers),
      value: record.value === null ? null : this.valueDeserializer.deserialize(topic, record.value, headers),
      timestamp,
      headers,
      partition,
    };
  }

  readAll(): TestRecord<K, V>[] {
    return Array.from({ length: this.queue.length }, () => this.read());
  }

  /** All records as `[key, value]`. */
  readKeyValues(): [K | null, V | null][] {
    return this.readAll().map(({ key, value }) => [key, value]);
  }

  readValues(): (V | null)[] {
    return this.readAll().map(({ value }) => value);
  }

  /** The last value of each key, as a table would hold it; tombstones are kept as null. */
  readAsMap(): Map<K | null, V | null> {
    return new Map(this.readKeyValues());
  }
}
