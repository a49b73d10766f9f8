import net from 'node:net';
import type { ConnectionOptions } from '@platformatic/kafka';
import type { ClusterConnection } from '../../connection/cluster-connection.js';
import type { KafkaConnectionOptions } from '../../options.js';
import { isTlsOn, tlsOptions } from '../../connection/server-address.js';
import type { SaslLogin } from './sasl-login.js';

const MOST_CONNECT_MS = 10_000;
/** The largest delay of a timer: never, for all purposes. */
const NEVER_MS = 2 ** 31 - 1;
const MOST_IN_FLIGHT = 100;

/**
 * Why brokers of this connection can be spoken to by the addon alone: of all settings, Kerberos is what this client cannot
 * do. `undefined` if it can.
 */
export function wireObstacle({ sasl }: KafkaConnectionOptions): string | undefined {
  return sasl?.mechanism === 'GSSAPI' ? 'sasl.mechanism is GSSAPI (Kerberos), which only the addon can do' : undefined;
}

/** How long a connection may take from the first packet to the end of the login, ms. */
export function connectTimeoutMs(cluster: ClusterConnection): number {
  return Math.min(cluster.requestTimeoutMs, MOST_CONNECT_MS);
}

/**
 * The library's settings of one connection, from the user's connection options alone.
 *
 * Its request time-out is not used: after it the library leaves the late answer unread, and nothing behind it is ever read
 * (1.35, `Connection.#onData`). `WireConnection` keeps time itself, and drops the connection.
 */
export function connectionSettings(
  cluster: ClusterConnection,
  host: string,
  login: SaslLogin | undefined,
): ConnectionOptions {
  return {
    connectTimeout: connectTimeoutMs(cluster),
    requestTimeout: NEVER_MS,
    maxInflights: MOST_IN_FLIGHT,
    ...(isTlsOn(cluster.options) ? { tls: tlsOptions(cluster.options, host) } : {}),
    ...(login === undefined ? {} : { sasl: login.settings() }),
  };
}

/** `host:port`, as it can be read. */
export function serverName({ host, port }: { readonly host: string; readonly port: number }): string {
  return net.isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}
