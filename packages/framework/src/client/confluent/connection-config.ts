import type { KafkaConnectionOptions } from '../options.js';
import type { NativeConfig } from './addon.js';

/** @default request timeout of {@link KafkaConnectionOptions}, ms */
export const defaultRequestTimeoutMs = 30_000;

/** The servers as `host:port` strings. */
export function bootstrapServers(connection: KafkaConnectionOptions): string[] {
  const servers = connection.bootstrapServers;
  const list = typeof servers === 'string' ? servers.split(',') : servers;
  return list.map((server) => server.trim()).filter((server) => server !== '');
}

/** The settings that every client of a cluster shares, in librdkafka's names. */
export function connectionConfig(connection: KafkaConnectionOptions, clientId: string | undefined): NativeConfig {
  const requestTimeoutMs = connection.requestTimeoutMs ?? defaultRequestTimeoutMs;
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

function securityConfig({ tls, sasl }: KafkaConnectionOptions): NativeConfig {
  const isTls = tls !== undefined && tls !== false;
  const transport = isTls ? 'ssl' : 'plaintext';
  const config: NativeConfig = { 'security.protocol': sasl === undefined ? transport : `sasl_${transport}` };
  if (isTls) {
    const options = tls === true ? {} : tls;
    if (options.ca === undefined) config['ssl.ca.location'] = 'probe';
    else config['ssl.ca.pem'] = options.ca;
    if (options.cert !== undefined) config['ssl.certificate.pem'] = options.cert;
    if (options.key !== undefined) config['ssl.key.pem'] = options.key;
    if (options.passphrase !== undefined) config['ssl.key.password'] = options.passphrase;
    config['ssl.endpoint.identification.algorithm'] = options.verifyHostname === false ? 'none' : 'https';
  }
  if (sasl !== undefined) {
    config['sasl.mechanisms'] = sasl.mechanism;
    config['sasl.username'] = sasl.username;
    config['sasl.password'] = sasl.password;
  }
  return config;
}
