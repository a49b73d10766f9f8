import type { ClusterConnection } from '../../connection/cluster-connection.js';
import { BrokerNetwork } from './broker-network.js';

/** A client's share of the {@link BrokerNetwork} of its factory. */
export interface NetworkLease {
  readonly network: BrokerNetwork;
  /** Closes the network if nobody else uses it. Idempotent. */
  release(): Promise<void>;
}

/**
 * The one network of a client factory: opened for the first client that needs it, closed with the last one, and opened
 * anew after that. A factory itself is never closed.
 */
export class SharedNetwork {
  private network: BrokerNetwork | undefined;
  private users = 0;

  constructor(private readonly cluster: ClusterConnection) {}

  lease(): NetworkLease {
    const network = (this.network ??= new BrokerNetwork(this.cluster));
    this.users++;
    let released: Promise<void> | undefined;
    return { network, release: () => (released ??= this.leave(network)) };
  }

  private async leave(network: BrokerNetwork): Promise<void> {
    if (--this.users > 0) return;
    this.network = undefined;
    await network.close();
  }
}
