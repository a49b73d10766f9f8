import net from 'node:net';
import tls from 'node:tls';
import { ConfigError, KafkaError } from '../../errors/errors.js';
import type { KafkaConnectionOptions } from '../options.js';
import { ProbeReader, ProbeRequest } from './probe-protocol.js';

/** What a broker says of itself. */
export interface BrokerFeatures {
  /** The broker can and may serve KIP-848 groups. */
  readonly hasConsumerProtocol: boolean;
}

const apiVersions = 18;
const saslHandshake = 17;
const metadata = 3;
const consumerGroupHeartbeat = 68;
const unsupportedSaslMechanism = 33;
const unsupportedVersion = 35;

/**
 * Connects to the first bootstrap server that answers, asks for its API versions (KIP-511) and finalized features
 * (KIP-584), and checks that the listener wants what the options say: TLS or not, SASL or not, the mechanism. No
 * credentials are sent.
 *
 * @throws KafkaError `BROKER_UNREACHABLE` if no server answers within `timeoutMs`; `AUTHENTICATION_FAILED` as soon as
 * a server refuses these settings
 */
export async function probeBroker(
  connection: KafkaConnectionOptions,
  servers: readonly string[],
  timeoutMs: number,
  isCancelled: () => boolean,
): Promise<BrokerFeatures> {
  if (servers.length === 0) throw new ConfigError('MISSING_OPTION', 'bootstrapServers names no server.');
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const reasons: string[] = [];
    for (const server of servers) {
      try {
        return await probeServer(connection, server, Math.max(200, Math.min(deadline - Date.now(), 5000)));
      } catch (error) {
        if (error instanceof KafkaError || error instanceof ConfigError) throw error;
        reasons.push(`${server}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    if (Date.now() >= deadline || isCancelled()) throw unreachable(reasons, timeoutMs);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

function unreachable(reasons: readonly string[], timeoutMs: number): KafkaError {
  return new KafkaError(
    'BROKER_UNREACHABLE',
    `No Kafka broker answered within ${String(timeoutMs)} ms (${reasons.join('; ')}). Check that the brokers run, and ` +
      'that bootstrapServers is the host and port of one of their listeners as seen from this host.',
    { kafkaCode: '_TRANSPORT', isRetriable: true },
  );
}

function refused(server: string, reason: string, kafkaCode: string, cause?: unknown): KafkaError {
  return new KafkaError('AUTHENTICATION_FAILED', `Kafka broker ${server} refuses this client: ${reason}`, {
    kafkaCode,
    isFatal: true,
    cause,
  });
}

async function probeServer(
  connection: KafkaConnectionOptions,
  server: string,
  timeoutMs: number,
): Promise<BrokerFeatures> {
  const socket = await openSocket(connection, server, timeoutMs);
  try {
    const exchange = new Exchange(socket, timeoutMs);
    const features = await readFeatures(exchange, connection, server);
    await checkSasl(exchange, connection, server);
    return features;
  } finally {
    socket.destroy();
  }
}

function openSocket(connection: KafkaConnectionOptions, server: string, timeoutMs: number): Promise<net.Socket> {
  const { host, port } = parseServer(server);
  const isTls = connection.tls !== undefined && connection.tls !== false;
  return new Promise((resolve, reject) => {
    const socket = isTls ? tls.connect(tlsOptions(connection, host, port)) : net.connect({ host, port });
    const timer = setTimeout(() => {
      socket.destroy(new Error(`no connection within ${String(timeoutMs)} ms`));
    }, timeoutMs);
    let isConnected = false;
    socket.once('connect', () => {
      isConnected = true;
    });
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      // A plaintext listener of Kafka closes the connection when it reads a TLS greeting.
      const isTlsFailure =
        isTls && (error.code === 'ECONNRESET' ? isConnected : error.syscall === undefined && error.code !== undefined);
      reject(isTlsFailure ? tlsFailure(server, error) : error);
    });
  });
}

function parseServer(server: string): { host: string; port: number } {
  const match = /^(?:[A-Z_]+:\/\/)?\[?([^\]]+?)\]?:(\d+)$/.exec(server);
  const port = Number(match?.[2]);
  if (match?.[1] === undefined || port < 1 || port > 65_535) {
    throw new ConfigError('INVALID_OPTION', `bootstrapServers: '${server}' is not of the form host:port.`);
  }
  return { host: match[1], port };
}

function tlsOptions(connection: KafkaConnectionOptions, host: string, port: number): tls.ConnectionOptions {
  const { ca, cert, key, passphrase, verifyHostname } = typeof connection.tls === 'object' ? connection.tls : {};
  return {
    host,
    port,
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(verifyHostname === false ? { checkServerIdentity: () => undefined } : {}),
  };
}

function tlsFailure(server: string, error: NodeJS.ErrnoException): KafkaError {
  const isPlaintext = ['ERR_SSL_WRONG_VERSION_NUMBER', 'EPROTO', 'ECONNRESET'].includes(error.code ?? '');
  const advice = isPlaintext
    ? 'Is this port a plaintext listener? Then leave tls out.'
    : "Check tls.ca, tls.cert and tls.key, and that the broker's certificate names this host.";
  return refused(server, `TLS failed: ${error.message}. ${advice}`, '_SSL', error);
}

/** One request at a time over one connection. */
class Exchange {
  private received = Buffer.alloc(0);
  private waiting: { resolve: (response: Buffer) => void; reject: (error: Error) => void } | undefined;
  private failure: Error | undefined;

  constructor(
    private readonly socket: net.Socket,
    private readonly timeoutMs: number,
  ) {
    socket.removeAllListeners('error');
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.deliver();
    });
    socket.on('error', (error: Error) => {
      this.fail(error);
    });
    socket.on('close', () => {
      this.fail(new ConnectionClosed('the broker closed the connection'));
    });
  }

  send(request: Buffer): Promise<Buffer> {
    return new Promise<Buffer>((resolve, reject) => {
      if (this.failure !== undefined) {
        reject(this.failure);
        return;
      }
      const timer = setTimeout(() => {
        reject(new Error(`no answer within ${String(this.timeoutMs)} ms`));
      }, this.timeoutMs);
      this.waiting = {
        resolve: (response) => {
          clearTimeout(timer);
          resolve(response);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.socket.write(request);
    });
  }

  private deliver(): void {
    if (this.received.length < 4) return;
    const length = this.received.readInt32BE(0);
    // A TLS alert or an HTTP answer read as a length: not Kafka.
    if (length < 4 || length > 10_000_000) {
      this.fail(new ConnectionClosed('what answers there does not speak the Kafka protocol'));
      return;
    }
    if (this.received.length < 4 + length) return;
    const response = this.received.subarray(4, 4 + length);
    this.received = this.received.subarray(4 + length);
    this.waiting?.resolve(response);
    this.waiting = undefined;
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.waiting?.reject(this.failure);
    this.waiting = undefined;
  }
}

/** The broker ended the conversation: the sign of settings that it does not accept. */
class ConnectionClosed extends Error {}

async function readFeatures(
  exchange: Exchange,
  connection: KafkaConnectionOptions,
  server: string,
): Promise<BrokerFeatures> {
  let response;
  try {
    response = await exchange.send(
      new ProbeRequest(apiVersions, 3).flexible().compactString('millrace').compactString('1').tags().finish(),
    );
  } catch (error) {
    const isTls = connection.tls !== undefined && connection.tls !== false;
    if (!(error instanceof ConnectionClosed) || isTls) throw error;
    throw refused(server, `${error.message}. Is this port a TLS listener? Then set tls.`, '_TRANSPORT', error);
  }
  const reader = new ProbeReader(response);
  const error = reader.int16();
  // A broker older than 2.4 answers in version 0, which says all we need: it is old.
  if (error === unsupportedVersion) return { hasConsumerProtocol: false };
  let hasApi = false;
  for (let left = reader.compactLength(); left > 0; left--) {
    if (reader.int16() === consumerGroupHeartbeat) hasApi = true;
    reader.skip(4);
    reader.tags();
  }
  reader.skip(4);
  const finalized = reader.tags().get(2);
  return { hasConsumerProtocol: hasApi && finalized !== undefined && groupVersion(finalized) >= 1 };
}

/** Level of the finalized feature `group.version`; 1 means KIP-848. */
function groupVersion(finalized: Buffer): number {
  const reader = new ProbeReader(finalized, 0);
  for (let left = reader.compactLength(); left > 0; left--) {
    const name = reader.compactString();
    const level = reader.int16();
    reader.skip(2);
    reader.tags();
    if (name === 'group.version') return level;
  }
  return 0;
}

async function checkSasl(exchange: Exchange, { sasl }: KafkaConnectionOptions, server: string): Promise<void> {
  if (sasl === undefined) {
    // A listener with SASL closes the connection on the first real request of a client that has not authenticated.
    try {
      await exchange.send(new ProbeRequest(metadata, 1).int32(0).finish());
    } catch (error) {
      if (!(error instanceof ConnectionClosed)) throw error;
      throw refused(
        server,
        `${error.message} before authentication. It wants SASL: set sasl.`,
        '_AUTHENTICATION',
        error,
      );
    }
    return;
  }
  const reader = new ProbeReader(
    await exchange.send(new ProbeRequest(saslHandshake, 1).string(sasl.mechanism).finish()),
  );
  const code = reader.int16();
  if (code === 0) return;
  const mechanisms: string[] = [];
  if (code === unsupportedSaslMechanism)
    for (let left = reader.int32(); left > 0; left--) mechanisms.push(reader.string());
  const reason =
    code === unsupportedSaslMechanism
      ? `it does not offer ${sasl.mechanism}, but ${mechanisms.join(', ')}.`
      : 'this listener has no SASL. Leave sasl out, or use another port.';
  throw refused(
    server,
    reason,
    code === unsupportedSaslMechanism ? 'UNSUPPORTED_SASL_MECHANISM' : 'ILLEGAL_SASL_STATE',
  );
}
