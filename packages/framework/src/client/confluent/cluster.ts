import { ClusterConnection, type ClientDefaults } from '../connection/cluster-connection.js';
import type { KafkaConnectionOptions } from '../options.js';
import { SharedNetwork } from '../wire/network/shared-network.js';
import type { NativeConfig } from './addon.js';
import { connectionConfig, tokenConfig } from './connection-config.js';

/** One cluster as the clients on the addon share it. */
export class Cluster extends ClusterConnection {
  /** For what is not done through the addon. */
  readonly network: SharedNetwork;
  private readonly config: NativeConfig;

  constructor(connection: KafkaConnectionOptions, defaults: ClientDefaults) {
    super(connection, defaults);
    this.network = new SharedNetwork(this);
    this.config = {
      ...connectionConfig(connection, this.clientId),
      ...(this.tokens === undefined ? {} : tokenConfig(this.tokens)),
    };
  }

  /** A fresh copy: the addon changes the object that it is given. */
  clientConfig(): NativeConfig {
    return { ...this.config };
  }
}
