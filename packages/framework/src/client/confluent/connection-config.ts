import type { KafkaConnectionOptions } from '../options.js';
import { requestTimeoutMs as timeoutOf } from '../connection/cluster-connection.js';
import { bootstrapServers, isTlsOn } from '../connection/server-address.js';
import type { NativeConfig } from './addon.js';

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
  if (sasl !== undefined) {
    config['sasl.mechanisms'] = sasl.mechanism;
    config['sasl.username'] = sasl.username;
    config['sasl.password'] = sasl.password;
  }
  return config;
}
