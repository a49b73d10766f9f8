import type { KafkaClientFactory, GroupProtocol, RecordProducerOptions } from '../client/port.js';
import type { KafkaConnectionOptions } from '../client/options.js';
import type { StateFlushOptions } from '../state/state-options.js';
import type { Logger } from '../telemetry/logger.js';
import type { Clock } from '../time/clock.js';
import type { OffsetResetPolicy } from '../topology/topology-nodes.js';
import type { DeserializationHandler, ProcessingHandler, ProductionHandler, UncaughtHandler } from './handlers.js';

/** Options of one application. Names and defaults follow Kafka Streams where it has the same setting. */
export interface StreamsOptions {
  /** Consumer group, prefix of internal topics, default client id. */
  readonly applicationId: string;
  /** Where Kafka is; or a client factory, e.g. the in-memory Kafka. */
  readonly kafka: KafkaConnectionOptions | KafkaClientFactory;
  /**
   * `exactly_once_v2` commits input, state and output in one transaction; readers of the output need `read_committed`.
   * @default 'at_least_once'
   */
  readonly processingGuarantee?: 'at_least_once' | 'exactly_once_v2';
  /** Longest time between two commits, ms. @default 30000, with exactly-once 100 */
  readonly commitIntervalMs?: number;
  /** Where to start in a topic without a committed offset. @default 'earliest' */
  readonly offsetReset?: OffsetResetPolicy;
  /** @default 'auto' */
  readonly groupProtocol?: GroupProtocol | 'auto';
  /** Static membership: must be unique per process and stable over its restarts. */
  readonly groupInstanceId?: string;
  /** @default 300000 */
  readonly maxPollIntervalMs?: number;
  /** Classic protocol only. @default 45000 */
  readonly sessionTimeoutMs?: number;
  /** Longest wait for records in one poll, ms. @default 100 */
  readonly pollMs?: number;
  /** Most records one poll returns. @default 1000 */
  readonly maxPollRecords?: number;
  /** A partition with more buffered records than this is paused. @default 1000 */
  readonly bufferedRecordsPerPartition?: number;
  /**
   * How long a task waits for records of an empty partition before it goes on with the others, ms. 0: only for records
   * that the broker is known to have; -1: never waits. @default 0
   */
  readonly maxTaskIdleMs?: number;
  /** Partitions and replicas of repartition and changelog topics. -1: the broker's default. @default -1 */
  readonly replicationFactor?: number;
  /**
   * Copies of each task's state that other processes keep up to date, so that one of them can take the task over without
   * restoring it. Needs at least one process more than that; each with a `stateDir` of its own.
   * @default 0
   */
  readonly numStandbyReplicas?: number;
  /**
   * `host:port` at which other processes can reach this one. It is published in the topic `<application id>-instances`
   * for interactive queries; Millrace does not listen there itself.
   * @default none: instances of an application with stores are published without an address, others not at all
   */
  readonly applicationServer?: string;
  /** Where stores with the engine `lmdb` keep their files. @default `millrace` in the system's temporary directory */
  readonly stateDir?: string;
  /** Bytes that caches of stores hold back in this process. 0: every update is passed on. @default 10485760 */
  readonly cacheMaxBytes?: number;
  /** When state is written to disk. */
  readonly stateFlush?: StateFlushOptions;
  /** State of tasks that are elsewhere is deleted after this time, ms. @default 600000 */
  readonly stateCleanupDelayMs?: number;
  /** Added to the retention of window stores for their changelogs, ms. @default 86400000 */
  readonly windowChangelogAdditionalRetentionMs?: number;
  /**
   * With exactly-once: a transaction that takes longer is aborted by the broker, ms. At least 1000, at most the brokers'
   * `transaction.max.timeout.ms` (by default 900000).
   * @default 10000
   */
  readonly transactionTimeoutMs?: number;
  /** How often records that were processed are deleted from repartition topics, ms. @default 30000 */
  readonly repartitionPurgeIntervalMs?: number;
  /** Topic of records answered with 'dead-letter'. Required if a handler may answer so. Must exist. */
  readonly deadLetterTopic?: string;
  readonly deserializationHandler?: DeserializationHandler;
  readonly processingHandler?: ProcessingHandler;
  readonly productionHandler?: ProductionHandler;
  readonly uncaughtHandler?: UncaughtHandler;
  /** How long a retriable Kafka error may be retried before the application fails, ms. @default 300000 */
  readonly taskTimeoutMs?: number;
  /** How long `close()` waits for the last commit and for leaving the group, ms. @default 30000 */
  readonly closeTimeoutMs?: number;
  readonly producer?: Pick<
    RecordProducerOptions,
    'lingerMs' | 'compression' | 'maxBufferedBytes' | 'maxRequestBytes' | 'deliveryTimeoutMs'
  >;
  /** @default a pino logger at level 'info' on standard error */
  readonly logger?: Logger;
  /** @default the system clock */
  readonly clock?: Clock;
}
