import { readFileSync } from 'node:fs';
import type { KafkaConnectionOptions, SaslOptions, TlsOptions } from '../client/options.js';
import { ConfigError } from '../errors/errors.js';

/** What the environment says about a service. */
export interface ServiceEnvironment {
  readonly applicationId?: string;
  readonly groupInstanceId?: string;
  readonly workers?: number;
  readonly stateDir?: string;
  readonly kafka: Partial<KafkaConnectionOptions>;
}

type Env = Readonly<Record<string, string | undefined>>;

const PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const;
const FETCHERS = ['wire', 'addon'] as const;
const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

/**
 * Reads the variables that `docs/services.md` lists. Empty ones count as not set.
 *
 * @throws ConfigError naming the variable, if one has no valid value or another is missing beside it
 */
export function readEnvironment(env: Env): ServiceEnvironment {
  const applicationId = text(env, 'MILLRACE_APPLICATION_ID');
  const groupInstanceId = text(env, 'MILLRACE_GROUP_INSTANCE_ID');
  const workers = wholeNumber(env, 'MILLRACE_WORKERS');
  const stateDir = text(env, 'MILLRACE_STATE_DIR');
  const bootstrapServers = text(env, 'KAFKA_BOOTSTRAP_SERVERS');
  const clientId = text(env, 'KAFKA_CLIENT_ID');
  const rack = text(env, 'KAFKA_CLIENT_RACK');
  const fetcher = oneOf(env, 'KAFKA_FETCHER', FETCHERS);
  return {
    ...(applicationId === undefined ? {} : { applicationId }),
    ...(groupInstanceId === undefined ? {} : { groupInstanceId }),
    ...(workers === undefined ? {} : { workers }),
    ...(stateDir === undefined ? {} : { stateDir }),
    kafka: {
      ...(bootstrapServers === undefined ? {} : { bootstrapServers }),
      ...(clientId === undefined ? {} : { clientId }),
      ...(rack === undefined ? {} : { rack }),
      ...(fetcher === undefined ? {} : { fetcher }),
      ...readSecurity(env),
    },
  };
}

function readSecurity(env: Env): Pick<KafkaConnectionOptions, 'tls' | 'sasl'> {
  const protocol = oneOf(env, 'KAFKA_SECURITY_PROTOCOL', PROTOCOLS);
  const tls = readTls(env);
  const sasl = readSasl(env);
  if (protocol === undefined) return { ...(tls === undefined ? {} : { tls }), ...(sasl === undefined ? {} : { sasl }) };
  if (protocol.startsWith('SASL') && sasl === undefined) {
    throw missing('KAFKA_SASL_USERNAME', `KAFKA_SECURITY_PROTOCOL is ${protocol}`);
  }
  if (!protocol.startsWith('SASL') && sasl !== undefined) {
    throw contradiction(protocol, 'KAFKA_SASL_USERNAME');
  }
  if (!protocol.endsWith('SSL') && tls !== undefined) throw contradiction(protocol, 'a KAFKA_SSL_... variable');
  return { tls: protocol.endsWith('SSL') ? (tls ?? true) : false, ...(sasl === undefined ? {} : { sasl }) };
}

function readTls(env: Env): TlsOptions | undefined {
  const ca = file(env, 'KAFKA_SSL_CA_FILE');
  const cert = file(env, 'KAFKA_SSL_CERT_FILE');
  const key = file(env, 'KAFKA_SSL_KEY_FILE');
  const passphrase = secret(env, 'KAFKA_SSL_KEY_PASSPHRASE');
  const verify = oneOf(env, 'KAFKA_SSL_VERIFY_HOSTNAME', ['true', 'false'] as const);
  if (cert !== undefined && key === undefined) throw missing('KAFKA_SSL_KEY_FILE', 'KAFKA_SSL_CERT_FILE is set');
  if (key !== undefined && cert === undefined) throw missing('KAFKA_SSL_CERT_FILE', 'KAFKA_SSL_KEY_FILE is set');
  const tls: TlsOptions = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(verify === undefined ? {} : { verifyHostname: verify === 'true' }),
  };
  return Object.keys(tls).length === 0 ? undefined : tls;
}

function readSasl(env: Env): SaslOptions | undefined {
  const username = text(env, 'KAFKA_SASL_USERNAME');
  if (username === undefined) return undefined;
  const password = secret(env, 'KAFKA_SASL_PASSWORD');
  if (password === undefined) throw missing('KAFKA_SASL_PASSWORD', 'KAFKA_SASL_USERNAME is set');
  return { mechanism: oneOf(env, 'KAFKA_SASL_MECHANISM', MECHANISMS) ?? 'PLAIN', username, password };
}

function text(env: Env, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

function wholeNumber(env: Env, name: string): number | undefined {
  const value = text(env, name);
  if (value === undefined) return undefined;
  if (!/^[1-9]\d{0,3}$/.test(value)) throw invalid(name, value, 'a whole number from 1 to 9999');
  return Number(value);
}

function oneOf<T extends string>(env: Env, name: string, allowed: readonly T[]): T | undefined {
  const value = text(env, name);
  if (value === undefined) return undefined;
  const found = allowed.find((candidate) => candidate.toLowerCase() === value.toLowerCase());
  if (found === undefined) throw invalid(name, value, `one of ${allowed.join(', ')}`);
  return found;
}

function file(env: Env, name: string): string | undefined {
  const path = text(env, name);
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError(
      'INVALID_OPTION',
      `The file that the environment variable ${name} names cannot be read: ${path}`,
      {
        cause,
      },
    );
  }
}

/** The variable itself, or the content of the file that `<name>_FILE` names, as container secrets are mounted. */
function secret(env: Env, name: string): string | undefined {
  const value = env[name];
  if (value !== undefined && value !== '') return value;
  return file(env, `${name}_FILE`)?.replace(/\r?\n$/, '');
}

function invalid(name: string, value: string, expected: string): ConfigError {
  return new ConfigError('INVALID_OPTION', `The environment variable ${name} is '${value}', but must be ${expected}.`);
}

function missing(name: string, reason: string): ConfigError {
  return new ConfigError('MISSING_OPTION', `The environment variable ${name} is missing: ${reason}.`);
}

function contradiction(protocol: string, other: string): ConfigError {
  return new ConfigError(
    'INVALID_OPTION',
    `KAFKA_SECURITY_PROTOCOL is ${protocol}, but ${other} is set, which it does not use. Change one of them.`,
  );
}
