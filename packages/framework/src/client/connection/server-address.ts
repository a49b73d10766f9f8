import net from 'node:net';
import type tls from 'node:tls';
import { ConfigError } from '../../errors/errors.js';
import type { KafkaConnectionOptions } from '../options.js';

/** Where a broker listens. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** The bootstrap servers as `host:port` strings. */
export function bootstrapServers(connection: KafkaConnectionOptions): string[] {
  const servers = connection.bootstrapServers;
  const list = typeof servers === 'string' ? servers.split(',') : servers;
  return list.map((server) => server.trim()).filter((server) => server !== '');
}

/** @throws ConfigError `INVALID_OPTION` */
export function parseServer(server: string): ServerAddress {
  const match = /^(?:[A-Z_]+:\/\/)?\[?([^\]]+?)\]?:(\d+)$/.exec(server);
  const port = Number(match?.[2]);
  if (match?.[1] === undefined || port < 1 || port > 65_535) {
    throw new ConfigError('INVALID_OPTION', `bootstrapServers: '${server}' is not of the form host:port.`);
  }
  return { host: match[1], port };
}

/** Do the options ask for TLS? */
export function isTlsOn(connection: KafkaConnectionOptions): boolean {
  return connection.tls !== undefined && connection.tls !== false;
}

/** Node's TLS settings for one host: its name is sent (SNI) and checked, unless it is an address or not to be checked. */
export function tlsOptions(connection: KafkaConnectionOptions, host: string): tls.ConnectionOptions {
  const { ca, cert, key, passphrase, verifyHostname } = typeof connection.tls === 'object' ? connection.tls : {};
  return {
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(verifyHostname === false ? { checkServerIdentity: () => undefined } : {}),
  };
}
