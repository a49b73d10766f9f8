import type { KafkaError } from '../../../errors/errors.js';
import type { ClusterConnection } from '../../connection/cluster-connection.js';
import type { ProblemLog } from '../../connection/problem-log.js';
import type { ServerAddress } from '../../connection/server-address.js';
import { backoffMs, Waits } from './backoff.js';
import type { ApiVersions, WireRequest } from './wire-request.js';
import { WireConnection } from './wire-connection.js';
import { serverName } from './wire-settings.js';

/**
 * One connection at a time to one broker, opened when it is needed and again after it was lost, first at once, then after
 * 50 ms to 1 s. Requests are sent in the order of the calls, and never twice: what became of a request whose connection
 * was lost is for the caller to find out.
 */
export class BrokerLane {
  private current: WireConnection | undefined;
  private opening: { readonly connection: WireConnection; readonly done: Promise<WireConnection> } | undefined;
  private waiting: Promise<void> | undefined;
  private readonly waits = new Waits();
  private closed: KafkaError | undefined;
  private failures = 0;
  /** Not before this time, by `performance.now()`. */
  private reconnectAtMs = 0;
  private throttledUntilMs = 0;

  constructor(
    private readonly cluster: ClusterConnection,
    private readonly log: ProblemLog,
    private address: ServerAddress,
  ) {}

  get server(): string {
    return serverName(this.address);
  }

  get isConnected(): boolean {
    return this.current?.isUsable === true;
  }

  /**
   * Sends a request once the connection stands and the broker's throttle time is over.
   *
   * @param toRequest makes the request for the versions that the broker speaks
   */
  async send<T>(toRequest: (versions: ApiVersions) => WireRequest<T>): Promise<T> {
    const throttledMs = this.throttledUntilMs - performance.now();
    if (throttledMs > 0) await this.waits.wait(throttledMs);
    const connection = this.current?.isUsable === true ? this.current : await this.connect();
    const request = toRequest(connection.versions);
    const response = await connection.send(request);
    this.failures = 0;
    const throttleTimeMs = request.throttleTimeMs?.(response) ?? 0;
    if (throttleTimeMs > 0) this.throttledUntilMs = performance.now() + throttleTimeMs;
    return response;
  }

  /** The versions that the broker speaks, as of the connection that stands or is opened now. */
  async versions(): Promise<ApiVersions> {
    return (this.current?.isUsable === true ? this.current : await this.connect()).versions;
  }

  private async connect(): Promise<WireConnection> {
    if (this.closed !== undefined) throw this.closed;
    const pauseMs = this.reconnectAtMs - performance.now();
    if (pauseMs > 0) {
      this.waiting ??= this.waits.wait(pauseMs).finally(() => (this.waiting = undefined));
      await this.waiting;
    }
    if (this.current?.isUsable === true) return this.current;
    this.opening ??= this.open();
    return this.opening.done;
  }

  private open(): { readonly connection: WireConnection; readonly done: Promise<WireConnection> } {
    this.current?.retire();
    this.current = undefined;
    const connection = new WireConnection(this.cluster, this.address, (error, hasFailed) => {
      if (this.current === connection) this.current = undefined;
      if (hasFailed && this.closed === undefined) this.failed(connection, error);
    });
    const done = connection.open().then(
      () => {
        this.opening = undefined;
        this.current = connection;
        return connection;
      },
      (error: unknown) => {
        this.opening = undefined;
        throw error;
      },
    );
    return { connection, done };
  }

  private failed({ server }: WireConnection, error: KafkaError): void {
    this.failures++;
    this.reconnectAtMs = performance.now() + backoffMs(this.failures);
    this.log.warn(`${server} ${error.kafkaCode}`, { server, kafkaCode: error.kafkaCode }, error.message);
  }

  /** The broker has another address: requests to the old one fail, since another broker may answer there. */
  moveTo(address: ServerAddress, why: KafkaError): void {
    if (address.host === this.address.host && address.port === this.address.port) return;
    this.address = address;
    this.failures = 0;
    this.reconnectAtMs = 0;
    this.opening?.connection.drop(why);
    this.current?.drop(why);
  }

  /** Takes the connection away once the requests under way are answered. */
  retire(): void {
    this.current?.retire();
  }

  /** Rejects requests under way and later ones with `error`, and closes the socket. */
  close(error: KafkaError): void {
    this.closed ??= error;
    this.waits.end(error);
    this.opening?.connection.drop(error);
    this.current?.drop(error);
  }
}
