import type { Logger } from '../../telemetry/logger.js';
import type { KafkaConnectionOptions } from '../options.js';
import type { NativeConfig } from './addon.js';
import { probeBroker, type BrokerFeatures } from './broker-probe.js';
import { bootstrapServers, connectionConfig, defaultRequestTimeoutMs } from './connection-config.js';

const DEFAULT_CONNECT_TIMEOUT_MS = 5_000;

/** What Millrace adds to the connection of every client it opens. */
export interface ConfluentDefaults {
  /** Client id where the connection options name none; the application id. */
  readonly clientId?: string;
  /** Gets the warnings of the native client (lost connections and the like). */
  readonly logger?: Logger;
}

/** One cluster as its clients share it: settings, and what a first look at its brokers has shown. */
export class Cluster {
  readonly requestTimeoutMs: number;
  readonly servers: readonly string[];
  readonly logger: Logger | undefined;
  private readonly config: NativeConfig;
  private features: BrokerFeatures | undefined;

  constructor(
    private readonly connection: KafkaConnectionOptions,
    defaults: ConfluentDefaults,
  ) {
    this.requestTimeoutMs = connection.requestTimeoutMs ?? defaultRequestTimeoutMs;
    this.servers = bootstrapServers(connection);
    this.logger = defaults.logger;
    this.config = connectionConfig(connection, connection.clientId ?? defaults.clientId);
  }

  /** A fresh copy: the addon changes the object that it is given. */
  clientConfig(): NativeConfig {
    return { ...this.config };
  }

  /**
   * Looks at the brokers over a socket of its own, once per cluster, until one answers: refused connections, a wrong
   * listener or an unsupported mechanism are found at once and named, which the native client reports late or vaguely.
   *
   * @throws KafkaError `BROKER_UNREACHABLE` after `connectTimeoutMs`, `AUTHENTICATION_FAILED` at once
   */
  async probe(isCancelled: () => boolean): Promise<BrokerFeatures> {
    const timeoutMs = this.connection.connectTimeoutMs ?? Math.min(this.requestTimeoutMs, DEFAULT_CONNECT_TIMEOUT_MS);
    this.features ??= await probeBroker(this.connection, this.servers, timeoutMs, isCancelled);
    return this.features;
  }
}
