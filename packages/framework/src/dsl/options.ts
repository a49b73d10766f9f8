import type { TextWriter } from '../operators/print.js';
import type { Serde } from '../serde/serde.js';
import type { OffsetResetPolicy, StreamPartitioner, TimestampExtractor } from '../topology/topology-nodes.js';

/** Options of operators that can only be named. */
export interface Named {
  /**
   * Name of the operator's node, and of internal topics that it needs. Unnamed operators are numbered, and their names
   * change when an operator is added before them. Letters, digits, '.', '_', '-'.
   */
  readonly name?: string | undefined;
}

/** How `stream()` reads its topics. */
export interface Consumed<K, V> extends Named {
  /** @default the builder's `keySerde` */
  readonly keySerde?: Serde<K> | undefined;
  /** @default the builder's `valueSerde` */
  readonly valueSerde?: Serde<V> | undefined;
  /** @default the record's own timestamp */
  readonly timestampExtractor?: TimestampExtractor<K, V> | undefined;
  /** Where to start in a topic without a committed offset. @default the application's `offsetReset` */
  readonly offsetReset?: OffsetResetPolicy | undefined;
}

/** How `to()` writes its topic. */
export interface Produced<K, V> extends Named {
  /** @default the stream's, else the builder's `keySerde` */
  readonly keySerde?: Serde<K> | undefined;
  /** @default the stream's, else the builder's `valueSerde` */
  readonly valueSerde?: Serde<V> | undefined;
  /** @default murmur2 of the serialised key, as in Java */
  readonly partitioner?: StreamPartitioner<K, V> | undefined;
}

/** How `repartition()` sends records through an internal topic. `name` becomes the topic's name. */
export interface Repartitioned<K, V> extends Produced<K, V> {
  /** Partitions of the topic. @default the largest count among the topics upstream */
  readonly partitions?: number | undefined;
}

/** How `groupByKey()` and `groupBy()` group. `name` becomes the name of the repartition topic, if there is one. */
export interface Grouped<K, V> extends Named {
  /** @default the stream's, if it keeps its keys, else the builder's `keySerde` */
  readonly keySerde?: Serde<K> | undefined;
  /** @default the stream's, else the builder's `valueSerde` */
  readonly valueSerde?: Serde<V> | undefined;
}

/** Options of `process()` and `processValues()`. */
export interface ProcessOptions<K, V> extends Named {
  /** Names of stores that the processor uses, added to the builder or brought by other operators. */
  readonly stores?: readonly string[] | undefined;
  /**
   * The processor needs all records of a key in one task. If the key may have changed since the topic was read, the stream
   * is repartitioned first; if it reads several topics, they must have equal partition counts. Otherwise nothing changes.
   * @default false
   */
  readonly keyed?: boolean | undefined;
  /** For the repartition topic of a keyed processor. @default the stream's, else the builder's `keySerde` */
  readonly keySerde?: Serde<K> | undefined;
  /** For the repartition topic of a keyed processor. @default the stream's, else the builder's `valueSerde` */
  readonly valueSerde?: Serde<V> | undefined;
}

/** Options of `mapValuesAsync()`. */
export interface MapValuesAsyncOptions extends Named {
  /** Most promises under way in one task. @default 16 */
  readonly maxInFlight?: number | undefined;
}

/** Options of `print()`. */
export interface Printed<K, V> extends Named {
  /** Stands in brackets before each record. @default the name of the node above */
  readonly label?: string | undefined;
  /** @default `key, value`; objects as Node shows them, on one line */
  readonly format?: ((value: V, key: K) => string) | undefined;
  /** @default process.stdout */
  readonly writer?: TextWriter | undefined;
}
