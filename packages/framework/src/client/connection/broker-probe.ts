import net from 'node:net';
import tls from 'node:tls';
import { ConfigError, KafkaError } from '../../errors/errors.js';
import type { KafkaConnectionOptions } from '../options.js';
import { ByteReader } from '../protocol/byte-reader.js';
import { ByteWriter } from '../protocol/byte-writer.js';
import { isTlsFailure, reasonOf, refused, tlsFailure, unreachable } from './refusals.js';
import { isTlsOn, parseServer, tlsOptions } from './server-address.js';

/** What a broker says of itself. */
export interface BrokerFeatures {
  /** The broker can and may serve KIP-848 groups. */
  readonly hasConsumerProtocol: boolean;
}

const correlationId = 1;
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
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const reasons: string[] = [];
    for (const server of servers) {
      try {
        return await probeServer(connection, server, Math.max(200, Math.min(deadline - performance.now(), 5000)));
      } catch (error) {
        if (error instanceof ConfigError || (error instanceof KafkaError && !error.isRetriable)) throw error;
        reasons.push(`${server}: ${reasonOf(error)}`);
      }
    }
    if (performance.now() >= deadline || isCancelled()) throw unreachable(reasons, timeoutMs);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
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
  const isTls = isTlsOn(connection);
  return new Promise((resolve, reject) => {
    const socket = isTls ? tls.connect({ host, port, ...tlsOptions(connection, host) }) : net.connect({ host, port });
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
      reject(isTls && isTlsFailure(error, isConnected) ? tlsFailure(server, error) : error);
    });
  });
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

  /** @returns the answer behind its header v0 (the correlation id) */
  send(apiKey: number, version: number, body: ByteWriter): Promise<ByteReader> {
    return new Promise((resolve, reject) => {
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
          resolve(new ByteReader(response));
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.socket.write(framed(apiKey, version, body.finish()));
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
    const response = this.received.subarray(8, 4 + length);
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

/** A request with its length and header v1. */
function framed(apiKey: number, version: number, body: Buffer): Buffer {
  const header = new ByteWriter(32).int16(apiKey).int16(version).int32(correlationId);
  const head = header.string('millrace-probe', false).finish();
  const length = new ByteWriter(4).int32(head.length + body.length).finish();
  return Buffer.concat([length, head, body]);
}

/** The broker ended the conversation: the sign of settings that it does not accept. */
class ConnectionClosed extends Error {}

async function readFeatures(
  exchange: Exchange,
  connection: KafkaConnectionOptions,
  server: string,
): Promise<BrokerFeatures> {
  // The first empty field ends the header, which is flexible (KIP-482).
  const request = new ByteWriter().noTaggedFields().string('millrace', true).string('1', true).noTaggedFields();
  let reader;
  try {
    reader = await exchange.send(apiVersions, 3, request);
  } catch (error) {
    if (!(error instanceof ConnectionClosed) || isTlsOn(connection)) throw error;
    throw refused(server, `${error.message}. Is this port a TLS listener? Then set tls.`, '_TRANSPORT', error);
  }
  const error = reader.int16();
  // A broker older than 2.4 answers in version 0, which says all we need: it is old.
  if (error === unsupportedVersion) return { hasConsumerProtocol: false };
  let hasApi = false;
  for (let left = reader.arrayLength(true, 7); left > 0; left--) {
    if (reader.int16() === consumerGroupHeartbeat) hasApi = true;
    // Lowest and highest version.
    reader.int32();
    reader.taggedFields();
  }
  // Throttle time.
  reader.int32();
  let level = 0;
  reader.taggedFields((tag, field) => {
    if (tag === 2) level = groupVersion(field);
  });
  return { hasConsumerProtocol: hasApi && level >= 1 };
}

/** Level of the finalized feature `group.version`; 1 means KIP-848, 0 that the cluster does not have it. */
function groupVersion(finalized: ByteReader): number {
  for (let left = finalized.arrayLength(true, 6); left > 0; left--) {
    const name = finalized.string(true);
    const level = finalized.int16();
    // Lowest level.
    finalized.int16();
    finalized.taggedFields();
    if (name === 'group.version') return level;
  }
  return 0;
}

async function checkSasl(exchange: Exchange, { sasl }: KafkaConnectionOptions, server: string): Promise<void> {
  if (sasl === undefined) {
    // A listener with SASL closes the connection on the first real request of a client that has not authenticated.
    try {
      await exchange.send(metadata, 1, new ByteWriter().arrayLength(0, false));
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
  const reader = await exchange.send(saslHandshake, 1, new ByteWriter().string(sasl.mechanism, false));
  const code = reader.int16();
  if (code === 0) return;
  const mechanisms: string[] = [];
  if (code === unsupportedSaslMechanism)
    for (let left = reader.arrayLength(false, 2); left > 0; left--) mechanisms.push(reader.string(false));
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
