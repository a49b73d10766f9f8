import type {
  KafkaConnectionOptions,
  SaslKerberosOptions,
  SaslOauthBearerOptions,
  SaslPasswordOptions,
  TlsOptions,
} from '../client/options.js';
import type { StreamsBuilderOptions } from '../dsl/streams-builder.js';
import { ConfigError } from '../errors/errors.js';
import { closestName } from '../runtime/closest-name.js';
import { streamsOptionNames } from '../runtime/resolve-options.js';
import type { StreamHandlerOptions } from './stream-handler-options.js';
import type { StreamServiceOptions, WorkerRestartOptions } from './stream-service-options.js';

/** Names of an options interface; the compiler sees to it that none is missing. */
type Names<T> = Readonly<Record<keyof T, true>>;

/** Options of the builder that `@Topology` methods get. */
const BUILDER: Names<StreamsBuilderOptions> = {
  keySerde: true,
  valueSerde: true,
  requireExplicitNames: true,
  optimize: true,
};

/** Options of the service host alone. */
const HOST: Names<Pick<StreamServiceOptions, 'providers' | 'workers' | 'workerRestart'>> = {
  providers: true,
  workers: true,
  workerRestart: true,
};

const HANDLER: Names<StreamHandlerOptions> = {
  from: true,
  to: true,
  valueSerde: true,
  keySerde: true,
  outValueSerde: true,
  outKeySerde: true,
  name: true,
  partitioner: true,
  timestampExtractor: true,
  offsetReset: true,
};

const WORKER_RESTART: Names<WorkerRestartOptions> = {
  initialDelayMs: true,
  maxDelayMs: true,
  healthyAfterMs: true,
  maxFailures: true,
};

const KAFKA: Names<KafkaConnectionOptions> = {
  bootstrapServers: true,
  clientId: true,
  tls: true,
  sasl: true,
  rack: true,
  fetcher: true,
  requestTimeoutMs: true,
  connectTimeoutMs: true,
};

const TLS: Names<TlsOptions> = { ca: true, cert: true, key: true, passphrase: true, verifyHostname: true };
/** Of all mechanisms together; which of them one has is checked with the values. */
const SASL: Names<SaslPasswordOptions & SaslOauthBearerOptions & SaslKerberosOptions> = {
  mechanism: true,
  username: true,
  password: true,
  token: true,
  serviceName: true,
  principal: true,
  keytab: true,
  kinitCommand: true,
};

/** Names of the options of each place where a user of the service host writes some. */
export const OPTION_NAMES = Object.freeze({
  service: [...streamsOptionNames, ...Object.keys(BUILDER), ...Object.keys(HOST)],
  handler: Object.keys(HANDLER),
  workerRestart: Object.keys(WORKER_RESTART),
  kafka: Object.keys(KAFKA),
  tls: Object.keys(TLS),
  sasl: Object.keys(SASL),
});

/**
 * Refuses names that no option has.
 *
 * @param place where they were written, for the message, e.g. `@StreamService of FlightsEtl`
 * @throws ConfigError `UNKNOWN_OPTION`, naming the option that was probably meant
 */
export function checkOptionNames(options: object, known: readonly string[], place: string): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const meant = closestName(name, known);
    const hint = meant === undefined ? `Known options: ${known.join(', ')}.` : `Did you mean '${meant}'?`;
    throw new ConfigError('UNKNOWN_OPTION', `There is no option '${name}' in ${place}. ${hint}`);
  }
}
