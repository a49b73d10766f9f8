import kafka from '@confluentinc/kafka-javascript';
import type { TopicPartition } from '../records.js';

/*
 * The addon's native objects as this package uses them. The published typings leave out part of their methods
 * (incrementalAssign, assignmentLost, the end-of-partition list of consume, delivery reports with a payload), and the
 * JavaScript classes around them add a guard and an event per call: the hot paths call the native object, which the
 * public `getClient()` hands out, and guard themselves (see `AddonHandle`).
 *
 * A native method that returns a number returns an error code, 0 for success. The native object has no check of its own
 * in several places (`assignmentLost`, `setPollInBackground`, the consumer given to `sendOffsetsToTransaction`): called
 * without a connection they end the process.
 */

export const { KafkaConsumer, Producer, AdminClient, CODES, OffsetSpec } = kafka;
/** What librdkafka was built with, e.g. `sasl_gssapi`. */
export const ADDON_FEATURES: readonly string[] = kafka.features;

export type AddonClient = InstanceType<typeof KafkaConsumer> | InstanceType<typeof Producer>;

/** An error as the addon reports it: an `Error` in some places, a plain object in others. */
export interface NativeError {
  readonly code: number;
  readonly message: string;
  readonly isFatal?: boolean;
  readonly isRetriable?: boolean;
  readonly isTxnRequiresAbort?: boolean;
}

export type NativeCallback<T> = (error: NativeError | null | undefined, value: T) => void;

/** A topic partition; `offset` is absent if there is none. */
export interface NativePartition extends TopicPartition {
  readonly offset?: number;
  readonly metadata?: string;
}

/** A record as the addon builds it. Each header is an object with one property, named after the header. */
export interface NativeRecord extends TopicPartition {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: readonly NativeHeader[];
}

export type NativeHeader = Readonly<Record<string, Buffer | string>>;

export interface NativeEofEvent extends TopicPartition {
  readonly offset: number;
}

export interface NativeMetadata {
  readonly brokers: readonly { readonly id: number; readonly host: string; readonly port: number }[];
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly id: number; readonly leader: number }[];
  }[];
}

export interface NativeClient {
  getMetadata(
    options: { readonly allTopics: boolean; readonly topic?: string; readonly timeout: number },
    done: NativeCallback<NativeMetadata>,
  ): void;
}

export interface NativeConsumer extends NativeClient {
  consume(
    timeoutMs: number,
    maxRecords: number,
    isTimeoutOnlyForFirst: boolean,
    done: (
      error: NativeError | null | undefined,
      records: readonly NativeRecord[],
      eofEvents: readonly NativeEofEvent[],
    ) => void,
  ): void;
  subscribe(topics: readonly string[]): number;
  unsubscribe(): number;
  assign(partitions: readonly NativePartition[]): void;
  unassign(): void;
  incrementalAssign(partitions: readonly NativePartition[]): void;
  incrementalUnassign(partitions: readonly TopicPartition[]): void;
  assignmentLost(): boolean;
  pause(partitions: readonly TopicPartition[]): number;
  resume(partitions: readonly TopicPartition[]): number;
  commit(offsets: readonly NativePartition[]): number;
  committed(
    partitions: readonly TopicPartition[],
    timeoutMs: number,
    done: NativeCallback<readonly (NativePartition | Error)[]>,
  ): void;
  position(partitions: readonly TopicPartition[]): readonly (NativePartition | Error)[] | number;
  getWatermarkOffsets(topic: string, partition: number): { lowOffset: number; highOffset: number } | number;
  queryWatermarkOffsets(
    topic: string,
    partition: number,
    timeoutMs: number,
    done: NativeCallback<{ lowOffset: number; highOffset: number }>,
  ): void;
}

export interface NativeProducer extends NativeClient {
  produce(
    topic: string,
    partition: number,
    value: Buffer | null,
    key: Buffer | null,
    timestamp: number,
    opaque: undefined,
    headers: readonly NativeHeader[] | undefined,
  ): number;
  flush(timeoutMs: number, done: NativeCallback<undefined>): void;
  setPollInBackground(isOn: boolean): void;
  initTransactions(timeoutMs: number, done: NativeCallback<undefined>): void;
  beginTransaction(done: NativeCallback<undefined>): void;
  commitTransaction(timeoutMs: number, done: NativeCallback<undefined>): void;
  abortTransaction(timeoutMs: number, done: NativeCallback<undefined>): void;
  sendOffsetsToTransaction(
    offsets: readonly NativePartition[],
    consumer: NativeConsumer,
    timeoutMs: number,
    done: NativeCallback<undefined>,
  ): void;
}

/** Settings of librdkafka by their own names; callbacks are functions. */
export type NativeConfig = Record<string, string | number | boolean | ((...args: never[]) => void)>;

/** Logical offset: the end of the partition. */
export const OFFSET_END = -1;
/** Logical offset: none known. */
export const OFFSET_INVALID = -1001;
