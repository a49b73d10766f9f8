import type { KafkaConnectionOptions } from '../client/options.js';
import type { KafkaClientFactory } from '../client/port.js';
import type { StreamsBuilderOptions } from '../dsl/streams-builder.js';
import { ConfigError } from '../errors/errors.js';
import type { StreamsOptions } from '../runtime/options.js';
import { createPinoLogger } from '../telemetry/pino-logger.js';
import type { Logger } from '../telemetry/logger.js';
import { readEnvironment, type ServiceEnvironment } from './environment.js';
import { checkOptionNames, OPTION_NAMES } from './option-names.js';
import type { Provider } from './provider.js';
import type { ServiceOverrides, StreamServiceOptions, WorkerRestartOptions } from './stream-service-options.js';

/** What the decorator, the environment and the call of `runService` say together. */
export interface ResolvedServiceOptions {
  readonly streams: StreamsOptions & { readonly logger: Logger };
  readonly builder: StreamsBuilderOptions;
  /** The decorator's, then those of the call, which replace them token by token. */
  readonly providers: readonly Provider[];
  readonly workers: number;
  readonly workerRestart: Required<WorkerRestartOptions>;
}

/** Where options come from, weakest first. */
export interface ServiceOptionSources {
  readonly className: string;
  readonly declared: StreamServiceOptions;
  readonly env: NodeJS.ProcessEnv;
  readonly overrides: ServiceOverrides;
  /** Index of this worker, undefined without a supervisor. */
  readonly worker?: number | undefined;
}

const RESTART_DEFAULTS: Required<WorkerRestartOptions> = {
  initialDelayMs: 1_000,
  maxDelayMs: 30_000,
  healthyAfterMs: 60_000,
  maxFailures: 5,
};

/**
 * Merges the options: the call of `runService` wins over the environment, the environment over the decorator. The
 * runtime checks the values of its own options when the client is made.
 *
 * @throws ConfigError if an option is unknown, invalid or missing
 */
export function resolveServiceOptions(sources: ServiceOptionSources): ResolvedServiceOptions {
  const { className, declared, overrides, worker } = sources;
  checkNames(declared, `@StreamService of ${className}`);
  checkNames(overrides, `the options given to runService(${className})`);
  const environment = readEnvironment(sources.env);
  const { kafka: _connection, ...fromEnvironment } = environment;
  const merged = { ...declared, ...fromEnvironment, ...overrides };
  const { keySerde, valueSerde, requireExplicitNames, optimize, ...others } = merged;
  const { providers: _providers, workers = 1, workerRestart: _restart, groupInstanceId, ...streams } = others;
  const { applicationId } = merged;
  const kafka = resolveKafka(sources, environment);
  const isWorker = worker !== undefined;
  return {
    streams: {
      ...streams,
      kafka: isWorker && !isFactory(kafka) ? withWorkerClientId(kafka, applicationId, worker) : kafka,
      ...(groupInstanceId === undefined
        ? {}
        : { groupInstanceId: isWorker ? `${groupInstanceId}-${worker}` : groupInstanceId }),
      logger: (merged.logger ?? createPinoLogger({ env: sources.env })).child({
        service: applicationId,
        ...(isWorker ? { worker } : {}),
      }),
    },
    builder: { keySerde, valueSerde, requireExplicitNames, optimize },
    providers: [...(declared.providers ?? []), ...(overrides.providers ?? [])],
    workers: wholeNumber('workers', workers),
    workerRestart: resolveRestart({ ...declared.workerRestart, ...overrides.workerRestart }),
  };
}

function checkNames(options: ServiceOverrides, place: string): void {
  checkOptionNames(options, OPTION_NAMES.service, place);
  if (options.workerRestart !== undefined) {
    checkOptionNames(options.workerRestart, OPTION_NAMES.workerRestart, `'workerRestart' in ${place}`);
  }
  const { kafka } = options;
  if (kafka === undefined || isFactory(kafka)) return;
  checkOptionNames(kafka, OPTION_NAMES.kafka, `'kafka' in ${place}`);
  if (typeof kafka.tls === 'object') checkOptionNames(kafka.tls, OPTION_NAMES.tls, `'kafka.tls' in ${place}`);
  if (kafka.sasl !== undefined) checkOptionNames(kafka.sasl, OPTION_NAMES.sasl, `'kafka.sasl' in ${place}`);
}

function resolveKafka(
  { className, declared, overrides }: ServiceOptionSources,
  environment: ServiceEnvironment,
): KafkaConnectionOptions | KafkaClientFactory {
  if (overrides.kafka !== undefined && isFactory(overrides.kafka)) return overrides.kafka;
  if (overrides.kafka === undefined && declared.kafka !== undefined && isFactory(declared.kafka)) return declared.kafka;
  const inCode = declared.kafka !== undefined && !isFactory(declared.kafka) ? declared.kafka : {};
  const { bootstrapServers, ...connection } = { ...inCode, ...environment.kafka, ...overrides.kafka };
  if (bootstrapServers === undefined || bootstrapServers.length === 0) {
    throw new ConfigError(
      'MISSING_OPTION',
      `${className} does not know where Kafka is. Set the environment variable KAFKA_BOOTSTRAP_SERVERS, or ` +
        "'kafka.bootstrapServers' in @StreamService, to host:port.",
    );
  }
  return { ...connection, bootstrapServers };
}

function withWorkerClientId(
  kafka: KafkaConnectionOptions,
  applicationId: string,
  worker: number,
): KafkaConnectionOptions {
  return { ...kafka, clientId: `${kafka.clientId ?? applicationId}-${worker}` };
}

function resolveRestart(given: WorkerRestartOptions): Required<WorkerRestartOptions> {
  const restart = { ...RESTART_DEFAULTS, ...given };
  wholeNumber('workerRestart.maxFailures', restart.maxFailures);
  for (const name of ['initialDelayMs', 'maxDelayMs', 'healthyAfterMs'] as const) {
    if (!Number.isFinite(restart[name]) || restart[name] < 0) {
      throw new ConfigError('INVALID_OPTION', `The option 'workerRestart.${name}' must be at least 0 ms.`);
    }
  }
  return restart;
}

function wholeNumber(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new ConfigError(
    'INVALID_OPTION',
    `The option '${name}' must be a whole number of at least 1, but is ${value}.`,
  );
}

/** True for client factories, such as the in-memory Kafka. */
function isFactory(kafka: Partial<KafkaConnectionOptions> | KafkaClientFactory): kafka is KafkaClientFactory {
  return 'membership' in kafka && typeof kafka.membership === 'function';
}
