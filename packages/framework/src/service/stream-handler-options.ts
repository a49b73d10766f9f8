import type { RecordHeaders } from '../client/records.js';
import type { TaskId } from '../processor/processor-context.js';
import type { StreamRecord } from '../processor/record.js';
import type { Serde } from '../serde/serde.js';
import type { Logger } from '../telemetry/logger.js';
import type {
  OffsetResetPolicy,
  StreamPartitioner,
  TimestampExtractor,
  TopicNameExtractor,
} from '../topology/topology-nodes.js';

/**
 * Options of `@StreamHandler`.
 *
 * @typeParam V value read; `null` reaches the handler where the topic has tombstones: say so in the serde's type
 * @typeParam K key read
 * @typeParam VOut value written
 * @typeParam KOut key written
 */
export interface StreamHandlerOptions<V = unknown, K = unknown, VOut = unknown, KOut = unknown> {
  /** Topic to read, several, or a pattern for whole topic names. */
  readonly from: string | readonly string[] | RegExp;
  /** Topic to write, or a function that chooses it per record. Without it what the handler returns is ignored. */
  readonly to?: string | TopicNameExtractor<KOut, VOut>;
  readonly valueSerde: Serde<V>;
  /** @default serdes.bytes: keys pass through untouched */
  readonly keySerde?: Serde<K>;
  /** @default valueSerde */
  readonly outValueSerde?: Serde<VOut>;
  /** @default keySerde */
  readonly outKeySerde?: Serde<KOut>;
  /** Names the nodes: `<name>-source`, `<name>`, `<name>-sink`. @default the method's name */
  readonly name?: string;
  /** @default murmur2 of the serialised key, as in Java */
  readonly partitioner?: StreamPartitioner<KOut, VOut>;
  /** @default the record's own timestamp */
  readonly timestampExtractor?: TimestampExtractor<K, V>;
  /** @default the application's `offsetReset` */
  readonly offsetReset?: OffsetResetPolicy;
}

/** What `emit` takes from the input record unless told otherwise. */
export interface EmitOptions<KOut> {
  readonly key?: KOut;
  /** Milliseconds since the epoch. */
  readonly timestamp?: number;
  readonly headers?: RecordHeaders;
}

/**
 * The record that a handler works on, and what the handler can do besides returning. One object per task, used again
 * for each record: read it before the handler is done, and do not keep it.
 */
export interface HandlerContext<K = unknown, VOut = unknown, KOut = unknown> {
  readonly key: K;
  /** Event time, milliseconds since the epoch. */
  readonly timestamp: number;
  readonly headers: RecordHeaders;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly taskId: TaskId;
  /** Logger whose lines carry task and node. */
  readonly logger: Logger;
  /**
   * Writes one more record to the handler's output topic, with key, timestamp and headers of the input unless `options`
   * say otherwise; `null` is a tombstone. Sent when the handler is done, before what it returns, in the order of the
   * calls; a handler that throws sends nothing.
   * @throws IllegalStateError `ILLEGAL_STATE` outside of the handler's call, or without an output topic
   */
  emit(value: VOut | null, options?: EmitOptions<KOut>): void;
}

/**
 * What a handler returns: a value to write with key, timestamp and headers of the input; a whole record to write as it
 * is; nothing (`null`, `undefined`) to write nothing. An array is a value like any other: write several records with
 * {@link HandlerContext.emit}, tombstones too.
 */
export type HandlerResult<VOut = unknown, KOut = unknown> =
  VOut | StreamRecord<KOut, VOut | null> | null | undefined | void;

/** A method with `@StreamHandler`. A promise is awaited before the task takes its next record. */
export type HandlerMethod<V = unknown, K = unknown, VOut = unknown, KOut = unknown> = (
  value: V,
  context: HandlerContext<K, VOut, KOut>,
) => HandlerResult<VOut, KOut> | Promise<HandlerResult<VOut, KOut>>;
