import { ConfigError } from '../../errors/errors.js';
import type { KafkaConnectionOptions, SaslOptions } from '../options.js';
import { requestTimeoutMs as timeoutOf } from '../connection/cluster-connection.js';
import type { OauthTokens } from '../connection/oauth-tokens.js';
import { bootstrapServers, isTlsOn } from '../connection/server-address.js';
import { ADDON_FEATURES, type NativeConfig } from './addon.js';

/** The settings that every client of a cluster shares, in librdkafka's names. */
export function connectionConfig(connection: KafkaConnectionOptions, clientId: string | undefined): NativeConfig {
  const requestTimeoutMs = timeoutOf(connection);
  const config: NativeConfig = {
    'bootstrap.servers': bootstrapServers(connection).join(','),
    'socket.connection.setup.timeout.ms': Math.max(1000, Math.min(requestTimeoutMs, 30_000)),
    'socket.keepalive.enable': true,
    'reconnect.backoff.ms': 50,
    'reconnect.backoff.max.ms': 1000,
    // Idle connections are closed by the broker every ten minutes: that is no error.
    'log.connection.close': false,
  };
  if (clientId !== undefined) config['client.id'] = clientId;
  if (connection.rack !== undefined) config['client.rack'] = connection.rack;
  return { ...config, ...securityConfig(connection) };
}

function securityConfig(connection: KafkaConnectionOptions): NativeConfig {
  const { tls, sasl } = connection;
  const isTls = isTlsOn(connection);
  const transport = isTls ? 'ssl' : 'plaintext';
  const config: NativeConfig = { 'security.protocol': sasl === undefined ? transport : `sasl_${transport}` };
  if (isTls) {
    const options = typeof tls === 'object' ? tls : {};
    if (options.ca === undefined) config['ssl.ca.location'] = 'probe';
    else config['ssl.ca.pem'] = options.ca;
    if (options.cert !== undefined) config['ssl.certificate.pem'] = options.cert;
    if (options.key !== undefined) config['ssl.key.pem'] = options.key;
    if (options.passphrase !== undefined) config['ssl.key.password'] = options.passphrase;
    config['ssl.endpoint.identification.algorithm'] = options.verifyHostname === false ? 'none' : 'https';
  }
  return sasl === undefined ? config : { ...config, ...saslConfig(sasl) };
}

/** Tokens are not among the settings: see {@link tokenConfig}. */
function saslConfig(sasl: SaslOptions): NativeConfig {
  const config: NativeConfig = { 'sasl.mechanisms': sasl.mechanism };
  if (sasl.mechanism === 'GSSAPI') {
    if (!ADDON_FEATURES.includes('sasl_gssapi')) throw withoutKerberos();
    config['sasl.kerberos.service.name'] = sasl.serviceName ?? 'kafka';
    if (sasl.principal !== undefined) config['sasl.kerberos.principal'] = sasl.principal;
    if (sasl.keytab !== undefined) config['sasl.kerberos.keytab'] = sasl.keytab;
    if (sasl.kinitCommand !== undefined) config['sasl.kerberos.kinit.cmd'] = sasl.kinitCommand;
  } else if (sasl.mechanism !== 'OAUTHBEARER') {
    config['sasl.username'] = sasl.username;
    config['sasl.password'] = sasl.password;
  }
  return config;
}

function withoutKerberos(): ConfigError {
  return new ConfigError(
    'INVALID_OPTION',
    'sasl.mechanism is GSSAPI, but this build of the Kafka addon has no Kerberos: the prebuilt ones lack it. Build the ' +
      'addon where the development files of SASL are installed (Debian: libsasl2-dev and libsasl2-modules-gssapi-mit), ' +
      'with `npm rebuild @confluentinc/kafka-javascript --build-from-source`, or use another mechanism.',
  );
}

type TokenCallback = (error: unknown, token?: object) => void;

/** What the addon calls for a token: once before it connects, then each time when four fifths of a token's life are over. */
export function tokenConfig(tokens: OauthTokens): NativeConfig {
  return {
    oauthbearer_token_refresh_cb: (_config: string, done: TokenCallback) => {
      tokens.get().then(({ value, expiresAtMs, principal = '', extensions = {} }) => {
        done(null, { tokenValue: value, lifetime: expiresAtMs, principal, extensions });
      }, done);
    },
  };
}
