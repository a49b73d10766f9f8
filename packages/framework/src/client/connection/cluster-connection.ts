import type { Logger } from '../../telemetry/logger.js';
import type { KafkaConnectionOptions } from '../options.js';
import { probeBroker, type BrokerFeatures } from './broker-probe.js';
import { OauthTokens } from './oauth-tokens.js';
import { bootstrapServers } from './server-address.js';

const DEFAULT_REQUEST_TIMEOUT_MS = 30_000;
const DEFAULT_CONNECT_TIMEOUT_MS = 5_000;

/** What Millrace adds to the connection of every client it opens. */
export interface ClientDefaults {
  /** Client id where the connection options name none; the application id. */
  readonly clientId?: string;
  /** Gets the clients' warnings (lost connections and the like). */
  readonly logger?: Logger;
}

/** How long a request to the broker may take, ms. */
export function requestTimeoutMs(connection: KafkaConnectionOptions): number {
  return connection.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
}

/** One cluster as all its clients, of whatever kind, share it: settings, and what a first look at its brokers has shown. */
export class ClusterConnection {
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly servers: readonly string[];
  readonly clientId: string | undefined;
  readonly logger: Logger | undefined;
  /** The token to log in with, where that is how it is done. */
  readonly tokens: OauthTokens | undefined;
  private features: BrokerFeatures | undefined;

  constructor(
    readonly options: KafkaConnectionOptions,
    defaults: ClientDefaults = {},
  ) {
    this.requestTimeoutMs = requestTimeoutMs(options);
    this.connectTimeoutMs = options.connectTimeoutMs ?? Math.min(this.requestTimeoutMs, DEFAULT_CONNECT_TIMEOUT_MS);
    this.servers = bootstrapServers(options);
    this.clientId = options.clientId ?? defaults.clientId;
    this.logger = defaults.logger;
    this.tokens = options.sasl?.mechanism === 'OAUTHBEARER' ? new OauthTokens(options.sasl) : undefined;
  }

  /**
   * Looks at the brokers over a socket of its own, once per cluster, until one answers: refused connections, a wrong
   * listener or an unsupported mechanism are found at once and named, which the clients report late or vaguely.
   *
   * @throws KafkaError `BROKER_UNREACHABLE` after `connectTimeoutMs`, `AUTHENTICATION_FAILED` at once, also when there is
   * no token to log in with
   */
  async probe(isCancelled: () => boolean): Promise<BrokerFeatures> {
    await this.tokens?.get();
    this.features ??= await probeBroker(this.options, this.servers, this.connectTimeoutMs, isCancelled);
    return this.features;
  }
}
