import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaClients } from '../client/kafka-clients.js';
import type { KafkaConnectionOptions } from '../client/options.js';
import type { KafkaClientFactory } from '../client/port.js';
import { ConfigError } from '../errors/errors.js';
import type { Logger } from '../telemetry/logger.js';
import { createPinoLogger } from '../telemetry/pino-logger.js';
import { systemClock } from '../time/clock.js';
import { checkedHandlers } from './checked-handler.js';
import {
  atLeast,
  between,
  checkConnection,
  checkOptions,
  checkProducer,
  checkStateFlush,
  objects,
  oneOf,
  text,
  type Check,
} from './nested-options.js';
import type { StreamsOptions } from './options.js';

type Optional = 'applicationServer' | 'deadLetterTopic' | 'groupInstanceId';

/** Options with all defaults filled in. `undefined` stays where absence means something. */
export type ResolvedOptions = Readonly<
  Required<Omit<StreamsOptions, 'kafka' | Optional>> & { [Name in Optional]: string | undefined } & {
    kafka: KafkaClientFactory;
  }
>;

const callback: Check = (value) => (typeof value === 'function' ? undefined : 'a function');
/** Kafka allows these in topic and group names; the id is a prefix of topic names (Topic.java). */
const applicationId: Check = (value) =>
  typeof value === 'string' && /^[a-zA-Z0-9._-]{1,200}$/.test(value)
    ? undefined
    : 'a text of 1 to 200 letters, digits, dots, underscores and hyphens';
const replication: Check = (value) =>
  value === -1 ? undefined : atLeast(1)(value) && 'a whole number of at least 1, or -1';

const hostAndPort: Check = (value) =>
  typeof value === 'string' && /^.+:[1-9]\d{0,4}$/.test(value) ? undefined : "a host and a port, e.g. 'orders-1:8080'";

const checks: Readonly<Record<keyof StreamsOptions, Check>> = {
  applicationId,
  kafka: objects,
  processingGuarantee: oneOf('at_least_once', 'exactly_once_v2'),
  commitIntervalMs: atLeast(0),
  offsetReset: oneOf('earliest', 'latest', 'none'),
  groupProtocol: oneOf('auto', 'consumer', 'classic'),
  groupInstanceId: text,
  maxPollIntervalMs: atLeast(1),
  sessionTimeoutMs: atLeast(1),
  pollMs: atLeast(1),
  maxPollRecords: atLeast(1),
  bufferedRecordsPerPartition: atLeast(1),
  maxTaskIdleMs: atLeast(-1),
  replicationFactor: replication,
  numStandbyReplicas: atLeast(0),
  applicationServer: hostAndPort,
  stateDir: text,
  cacheMaxBytes: atLeast(0),
  stateFlush: objects,
  stateCleanupDelayMs: atLeast(0),
  windowChangelogAdditionalRetentionMs: atLeast(0),
  // Below a second the native client refuses it (CONFIGURATION.md of librdkafka); the broker's field has 32 bits.
  transactionTimeoutMs: between(1_000, 2_147_483_647),
  repartitionPurgeIntervalMs: atLeast(1),
  deadLetterTopic: text,
  deserializationHandler: callback,
  processingHandler: callback,
  productionHandler: callback,
  uncaughtHandler: callback,
  taskTimeoutMs: atLeast(0),
  closeTimeoutMs: atLeast(0),
  producer: objects,
  logger: objects,
  clock: objects,
};

/** Names of all options, for checks of places where they stand beside others. */
export const streamsOptionNames: readonly string[] = Object.keys(checks);

/**
 * Checks the options and fills in the defaults; the result is frozen.
 *
 * @throws ConfigError UNKNOWN_OPTION, INVALID_OPTION or MISSING_OPTION; nothing was started
 */
export function resolveOptions(options: StreamsOptions): ResolvedOptions {
  checkOptions(options, checks, '');
  for (const name of ['applicationId', 'kafka'] as const) {
    if (options[name] === undefined) {
      throw new ConfigError('MISSING_OPTION', `The option '${name}' is missing. Every application needs it.`);
    }
  }
  if (!isFactory(options.kafka)) checkConnection(options.kafka);
  if (options.producer !== undefined) checkProducer(options.producer);
  if (options.stateFlush !== undefined) checkStateFlush(options.stateFlush);
  const logger = options.logger ?? createPinoLogger();
  return Object.freeze({
    applicationId: options.applicationId,
    kafka: clientsOf(options, logger),
    processingGuarantee: options.processingGuarantee ?? 'at_least_once',
    commitIntervalMs: options.commitIntervalMs ?? (options.processingGuarantee === 'exactly_once_v2' ? 100 : 30_000),
    offsetReset: options.offsetReset ?? 'earliest',
    groupProtocol: options.groupProtocol ?? 'auto',
    groupInstanceId: options.groupInstanceId,
    maxPollIntervalMs: options.maxPollIntervalMs ?? 300_000,
    sessionTimeoutMs: options.sessionTimeoutMs ?? 45_000,
    pollMs: options.pollMs ?? 100,
    maxPollRecords: options.maxPollRecords ?? 1_000,
    bufferedRecordsPerPartition: options.bufferedRecordsPerPartition ?? 1_000,
    maxTaskIdleMs: options.maxTaskIdleMs ?? 0,
    replicationFactor: options.replicationFactor ?? -1,
    numStandbyReplicas: options.numStandbyReplicas ?? 0,
    applicationServer: options.applicationServer,
    stateDir: options.stateDir ?? join(tmpdir(), 'millrace'),
    cacheMaxBytes: options.cacheMaxBytes ?? 10_485_760,
    stateFlush: options.stateFlush ?? {},
    stateCleanupDelayMs: options.stateCleanupDelayMs ?? 600_000,
    windowChangelogAdditionalRetentionMs: options.windowChangelogAdditionalRetentionMs ?? 86_400_000,
    transactionTimeoutMs: options.transactionTimeoutMs ?? 10_000,
    repartitionPurgeIntervalMs: options.repartitionPurgeIntervalMs ?? 30_000,
    deadLetterTopic: options.deadLetterTopic,
    ...checkedHandlers(options),
    uncaughtHandler: options.uncaughtHandler ?? (() => 'shutdown'),
    taskTimeoutMs: options.taskTimeoutMs ?? 300_000,
    closeTimeoutMs: options.closeTimeoutMs ?? 30_000,
    producer: options.producer ?? {},
    logger,
    clock: options.clock ?? systemClock,
  });
}

function clientsOf(options: StreamsOptions, logger: Logger): KafkaClientFactory {
  const { kafka } = options;
  if (isFactory(kafka)) return kafka;
  return kafkaClients(kafka, { clientId: options.applicationId, logger });
}

function isFactory(kafka: KafkaConnectionOptions | KafkaClientFactory): kafka is KafkaClientFactory {
  return 'membership' in kafka && typeof kafka.membership === 'function';
}
