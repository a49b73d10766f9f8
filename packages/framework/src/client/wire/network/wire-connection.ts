import { Connection, protocolAPIsById, Writer, type Reader } from '@platformatic/kafka';
import { KafkaError } from '../../../errors/errors.js';
import type { ClusterConnection } from '../../connection/cluster-connection.js';
import { kafkaFailure } from '../../connection/kafka-failure.js';
import { isTlsFailure, reasonOf, refused, tlsFailure } from '../../connection/refusals.js';
import { isTlsOn, type ServerAddress } from '../../connection/server-address.js';
import type { SaslOptions } from '../../options.js';
import { ByteReader } from '../../protocol/byte-reader.js';
import { malformedResponse } from '../../protocol/malformed-response.js';
import { apiVersionsRequest } from './api-versions.js';
import { SaslLogin } from './sasl-login.js';
import type { ApiVersions, WireRequest } from './wire-request.js';
import { connectionSettings, connectTimeoutMs, serverName } from './wire-settings.js';

const KEEP_ALIVE_MS = 60_000;

/** What to look at when the broker refuses a login. */
const CREDENTIALS: Readonly<Record<SaslOptions['mechanism'], string>> = {
  PLAIN: 'mechanism, user and password',
  'SCRAM-SHA-256': 'mechanism, user and password',
  'SCRAM-SHA-512': 'mechanism, user and password',
  OAUTHBEARER: "the token, and that it has not expired by the broker's clock",
  GSSAPI: 'mechanism, principal and keytab',
};

/** An answer as the library's parser hands it on: decoded, or the reason why it could not be. */
type Decoded<T> = { readonly value: T } | { readonly error: unknown };

/** A request whose answer is awaited. */
interface Pending {
  readonly reject: (error: KafkaError) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * One connection to one broker: opened once, dropped at the first doubt (time-out, broken answer, lost socket), never
 * reused after that. Answers come in the order of the requests.
 *
 * Errors: `BROKER_UNREACHABLE` (`_TRANSPORT`) and `TIMED_OUT` (`_TIMED_OUT`) are retriable on another connection;
 * `AUTHENTICATION_FAILED` is fatal.
 */
export class WireConnection {
  readonly server: string;
  /** Versions that the broker speaks; known once open. */
  versions: ApiVersions = new Map();
  private readonly connection: Connection;
  private readonly login: SaslLogin | undefined;
  private readonly pending = new Set<Pending>();
  private failure: KafkaError | undefined;
  private socketError: NodeJS.ErrnoException | undefined;
  private isRetired = false;

  /**
   * @param onDropped told once when the connection is of no more use; `hasFailed` unless it was closed on purpose or idle
   */
  constructor(
    private readonly cluster: ClusterConnection,
    private readonly address: ServerAddress,
    private readonly onDropped: (error: KafkaError, hasFailed: boolean) => void,
  ) {
    this.server = serverName(address);
    const { sasl } = cluster.options;
    this.login = sasl === undefined ? undefined : new SaslLogin(sasl, cluster.tokens);
    const settings = connectionSettings(cluster, address.host, this.login);
    this.connection = new Connection(cluster.clientId ?? 'millrace', settings);
    // An emitter without a listener for 'error' throws; what it reports arrives through the requests as well.
    this.connection.on('error', () => undefined);
  }

  /** Can it take another request? */
  get isUsable(): boolean {
    return this.failure === undefined && !this.isRetired && performance.now() < (this.login?.renewAtMs ?? Infinity);
  }

  /** Connects, logs in and asks for the broker's versions. */
  async open(): Promise<void> {
    const { host, port } = this.address;
    let isConnected = false;
    let isSecure = !isTlsOn(this.cluster.options);
    try {
      const connecting = this.connection.connect(host, port);
      const { socket } = this.connection;
      socket.once('connect', () => (isConnected = true));
      socket.once('secureConnect', () => (isSecure = true));
      socket.on('error', (error) => (this.socketError ??= error));
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      await connecting;
    } catch (error) {
      const { socketError } = this;
      const failure =
        !isSecure && socketError !== undefined && isTlsFailure(socketError, isConnected)
          ? tlsFailure(this.server, socketError)
          : this.openFailure(socketError ?? error);
      this.drop(failure, true);
      throw this.failure ?? failure;
    }
    // Dropped while it connected.
    if (this.failure !== undefined) throw this.failure;
    this.connection.on('close', () => {
      // Without a request under way it was idle, or the broker stops.
      const reason = this.socketError === undefined ? 'the broker closed it' : reasonOf(this.socketError);
      this.drop(this.lost(reason, this.socketError), this.pending.size > 0);
    });
    await this.readVersions();
  }

  private openFailure(error: unknown): KafkaError {
    const { refusal } = this.login ?? {};
    if (refusal !== undefined) {
      const advice = `Check the sasl settings: ${CREDENTIALS[this.cluster.options.sasl?.mechanism ?? 'PLAIN']}.`;
      return refused(this.server, `${refusal.replace(/\.$/, '')}. ${advice}`, '_AUTHENTICATION', error);
    }
    const isUnknownHost = error instanceof Error && 'syscall' in error && error.syscall === 'getaddrinfo';
    return kafkaFailure(`Cannot connect to Kafka broker ${this.server}`, reasonOf(error), {
      kafkaCode: isUnknownHost ? '_RESOLVE' : '_TRANSPORT',
      isRetriable: true,
      cause: error,
    });
  }

  private async readVersions(): Promise<void> {
    const timeoutMs = connectTimeoutMs(this.cluster);
    const versions =
      (await this.send(apiVersionsRequest(3, timeoutMs))) ?? (await this.send(apiVersionsRequest(0, timeoutMs)));
    if (versions === undefined) {
      const failure = kafkaFailure(`Cannot use Kafka broker ${this.server}`, 'it does not tell its API versions', {
        kafkaCode: 'UNSUPPORTED_VERSION',
      });
      this.drop(failure, true);
      throw failure;
    }
    this.versions = versions;
  }

  /** Sends one request. What `request.read` throws as a `KafkaError` of the broker leaves the connection open. */
  send<T>(request: WireRequest<T>): Promise<T> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const payload = request.write();
    const timeoutMs = request.timeoutMs ?? this.cluster.requestTimeoutMs;
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.pending.delete(pending);
        reject(this.timedOut(request.apiKey, timeoutMs));
        this.drop(this.lost('dropped after a request that was not answered in time'), true);
      }, timeoutMs);
      const pending: Pending = { reject, timer };
      this.pending.add(pending);
      const done = (error: Error | null, decoded?: Decoded<T>): void => {
        // False: it has failed with its connection.
        if (!this.pending.delete(pending)) return;
        clearTimeout(timer);
        if (error !== null || decoded === undefined) {
          const failure = this.lost(reasonOf(error ?? 'no answer'), error);
          reject(failure);
          this.drop(failure, true);
        } else if ('value' in decoded) {
          resolve(decoded.value);
        } else {
          reject(this.notDecoded(decoded.error));
        }
        if (this.isRetired) this.retire();
      };
      this.write(request, payload, done);
    });
  }

  private write<T>(
    request: WireRequest<T>,
    payload: Buffer,
    done: (error: Error | null, decoded?: Decoded<T>) => void,
  ): void {
    const { apiKey, version, isFlexible, hasPlainResponseHeader = false } = request;
    const hasHeaderTags = isFlexible && !hasPlainResponseHeader;
    // Thrown here it would be an exception of the socket's event.
    const parse = (_id: number, _key: number, _version: number, { buffer }: Reader): Decoded<T> => {
      try {
        return { value: request.read(bodyOf(buffer.buffer, hasHeaderTags)) };
      } catch (error) {
        return { error };
      }
    };
    // The library skips one byte of header tags, which holds as long as there are none: they are read here.
    this.connection.send(apiKey, version, () => Writer.create().append(payload), parse, isFlexible, false, done);
  }

  private notDecoded(error: unknown): Error {
    if (error instanceof KafkaError && error.kafkaCode !== '_BAD_MSG') return error;
    const failure = error instanceof KafkaError ? error : malformedResponse(reasonOf(error));
    this.drop(failure, true);
    return failure;
  }

  private timedOut(apiKey: number, timeoutMs: number): KafkaError {
    const what = `${protocolAPIsById[apiKey] ?? `API ${apiKey}`} request to Kafka broker ${this.server}`;
    return kafkaFailure(what, `no answer within ${timeoutMs} ms`, { kafkaCode: '_TIMED_OUT' });
  }

  private lost(reason: string, cause?: unknown): KafkaError {
    return kafkaFailure(`Connection to Kafka broker ${this.server} lost`, reason, { kafkaCode: '_TRANSPORT', cause });
  }

  /** Takes no more requests, and goes once the last answer is there. */
  retire(): void {
    this.isRetired = true;
    if (this.pending.size === 0) this.drop(this.lost('replaced by another connection'));
  }

  /** Closes the socket at once; requests under way reject with `error`. Idempotent. */
  drop(error: KafkaError, hasFailed = false): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    // `Connection.close` would wait for the socket's buffer to empty, which a broker that hangs never lets happen; and
    // without an error a socket that still connects would leave the library's timer behind.
    (this.connection.socket as typeof this.connection.socket | undefined)?.destroy(error);
    for (const { reject, timer } of this.pending) {
      clearTimeout(timer);
      reject(error);
    }
    this.pending.clear();
    this.onDropped(error, hasFailed);
  }
}

function bodyOf(message: Buffer, hasHeaderTags: boolean): Buffer {
  if (!hasHeaderTags) return message;
  const reader = new ByteReader(message);
  reader.taggedFields();
  return message.subarray(reader.position);
}
