import type {
  KafkaConnectionOptions,
  SaslKerberosOptions,
  SaslOauthBearerOptions,
  SaslOptions,
  SaslPasswordOptions,
  TlsOptions,
} from '../client/options.js';
import { ConfigError } from '../errors/errors.js';
import type { StateFlushOptions } from '../state/state-options.js';
import { closestName } from './closest-name.js';
import type { StreamsOptions } from './options.js';

/** What a value must be, in words, or undefined if it is that. */
export type Check = (value: unknown) => string | undefined;

type Checks<T> = Readonly<Record<keyof T, Check>>;

export const text: Check = (value) =>
  typeof value === 'string' && value !== '' ? undefined : 'a text that is not empty';
export const objects: Check = (value) => (typeof value === 'object' && value !== null ? undefined : 'an object');
export const atLeast =
  (least: number): Check =>
  (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= least
      ? undefined
      : `a whole number of at least ${least}`;
export const between =
  (least: number, most: number): Check =>
  (value) =>
    atLeast(least)(value) === undefined && Number(value) <= most
      ? undefined
      : `a whole number from ${least} to ${most}`;
export const oneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && values.includes(value)
      ? undefined
      : `one of ${values.map((name) => `'${name}'`).join(', ')}`;
const plainText: Check = (value) => (typeof value === 'string' ? undefined : 'a text');
const yesOrNo: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false');
const servers: Check = (value) =>
  (Array.isArray(value) && value.length > 0 ? value : [value]).every((server) => text(server) === undefined)
    ? undefined
    : "'host:port', several separated by commas or as a list";

const connection: Checks<KafkaConnectionOptions> = {
  bootstrapServers: servers,
  clientId: text,
  tls: (value) => (typeof value === 'boolean' ? undefined : objects(value) && 'true, false or an object'),
  sasl: objects,
  rack: text,
  requestTimeoutMs: atLeast(1),
  connectTimeoutMs: atLeast(1),
  fetcher: oneOf('wire', 'addon'),
};
const tls: Checks<TlsOptions> = {
  ca: text,
  cert: text,
  key: text,
  passphrase: plainText,
  verifyHostname: yesOrNo,
};
const mechanism = oneOf('PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER', 'GSSAPI');
const password: Checks<SaslPasswordOptions> = { mechanism, username: text, password: plainText };
const oauth: Checks<SaslOauthBearerOptions> = {
  mechanism,
  token: (value) => (typeof value === 'function' ? undefined : 'a function'),
};
const kerberos: Checks<SaslKerberosOptions> = {
  mechanism,
  serviceName: text,
  principal: text,
  keytab: text,
  kinitCommand: plainText,
};
const producer: Checks<NonNullable<StreamsOptions['producer']>> = {
  lingerMs: atLeast(0),
  compression: oneOf('none', 'gzip', 'snappy', 'lz4', 'zstd'),
  maxBufferedBytes: atLeast(1),
  maxRequestBytes: atLeast(1),
  deliveryTimeoutMs: atLeast(1),
};

const stateFlush: Checks<StateFlushOptions> = {
  earlyWriteBytes: atLeast(1),
  maxOpenBytes: atLeast(1),
  flushBytes: atLeast(0),
  flushIntervalMs: atLeast(0),
};

/** Checks `kafka`. @throws ConfigError UNKNOWN_OPTION, INVALID_OPTION or MISSING_OPTION */
export function checkConnection(options: KafkaConnectionOptions): void {
  checkOptions(options, connection, 'kafka.');
  require(options, ['bootstrapServers'], 'kafka.');
  if (typeof options.tls === 'object') checkOptions(options.tls, tls, 'kafka.tls.');
  if (options.sasl !== undefined) {
    checkSasl(options.sasl);
  }
}

/** Which options there are depends on the mechanism. */
function checkSasl(sasl: SaslOptions): void {
  require(sasl, ['mechanism'], 'kafka.sasl.');
  switch (sasl.mechanism) {
    case 'OAUTHBEARER':
      checkOptions(sasl, oauth, 'kafka.sasl.');
      require(sasl, ['token'], 'kafka.sasl.');
      return;
    case 'GSSAPI':
      checkOptions(sasl, kerberos, 'kafka.sasl.');
      return;
    default:
      checkOptions(sasl, password, 'kafka.sasl.');
      require(sasl, ['username', 'password'], 'kafka.sasl.');
  }
}

/** Checks `producer`. @throws ConfigError UNKNOWN_OPTION or INVALID_OPTION */
export function checkProducer(options: NonNullable<StreamsOptions['producer']>): void {
  checkOptions(options, producer, 'producer.');
}

/** Checks `stateFlush`. @throws ConfigError UNKNOWN_OPTION or INVALID_OPTION */
export function checkStateFlush(options: StateFlushOptions): void {
  checkOptions(options, stateFlush, 'stateFlush.');
}

/**
 * Checks names and values; one that is undefined counts as not given.
 *
 * @param prefix what stands before the names in messages
 * @throws ConfigError UNKNOWN_OPTION or INVALID_OPTION
 */
export function checkOptions(options: object, checks: Readonly<Record<string, Check>>, prefix: string): void {
  const known = Object.keys(checks);
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined) {
      const meant = closestName(name, known);
      const hint = meant === undefined ? `Known options: ${known.join(', ')}.` : `Did you mean '${prefix}${meant}'?`;
      throw new ConfigError('UNKNOWN_OPTION', `There is no option '${prefix}${name}'. ${hint}`);
    }
    const expected = value === undefined ? undefined : check(value);
    if (expected !== undefined) {
      throw new ConfigError(
        'INVALID_OPTION',
        `The option '${prefix}${name}' must be ${expected}, but is ${shown(value)}.`,
      );
    }
  }
}

function require<T extends object>(options: T, names: readonly (keyof T & string)[], prefix: string): void {
  for (const name of names) {
    if (options[name] === undefined) {
      throw new ConfigError('MISSING_OPTION', `The option '${prefix}${name}' is missing.`);
    }
  }
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : typeof value === 'number' ? String(value) : typeof value;
}
