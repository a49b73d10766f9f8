import { systemClock } from '../time/clock.js';
import { Cluster } from './confluent/cluster.js';
import { ConfluentMembership } from './confluent/group-membership.js';
import { ConfluentAdmin } from './confluent/kafka-admin.js';
import { ConfluentFetcher } from './confluent/record-fetcher.js';
import { ConfluentProducer } from './confluent/record-producer.js';
import type { ClientDefaults } from './connection/cluster-connection.js';
import type { KafkaConnectionOptions } from './options.js';
import type { KafkaClientFactory, RecordFetcher, RecordFetcherOptions } from './port.js';
import { BrokerFetchNetwork } from './wire/fetching/broker-fetch-network.js';
import { BufferBudget } from './wire/fetching/buffer-budget.js';
import { WireFetcher } from './wire/fetching/wire-fetcher.js';
import { wireObstacle } from './wire/network/wire-settings.js';

/**
 * Opens clients of a real Kafka cluster. Group membership, producing and administration are done by
 * `@confluentinc/kafka-javascript`, reading by {@link WireFetcher} unless the options say `fetcher: 'addon'`.
 *
 * The native client has one copy per process and cannot be loaded in worker threads.
 *
 * Its blocking calls run in libuv's thread pool. No thread waits there while nothing happens: records and group events are
 * fetched with time-out 0, flushes and connects in attempts of half a second. The default of four threads serves one
 * process; where the pool also works for others (files, DNS, zlib), set `UV_THREADPOOL_SIZE` in the environment: in an ES
 * module it is too late, because Node has read the module through the pool.
 */
export function kafkaClients(connection: KafkaConnectionOptions, defaults: ClientDefaults = {}): KafkaClientFactory {
  const cluster = new Cluster(connection, defaults);
  const fetchers = readsOverTheWire(cluster) ? wireFetchers(cluster) : addonFetchers(cluster);
  return {
    membership: (options) => new ConfluentMembership(cluster, options),
    fetcher: fetchers,
    producer: (options) => new ConfluentProducer(cluster, options),
    admin: () => new ConfluentAdmin(cluster),
  };
}

/** By default, and unless the connection has a setting that only the addon can serve: then it reads, and the log says so. */
function readsOverTheWire({ options, logger }: Cluster): boolean {
  if (options.fetcher === 'addon') return false;
  const obstacle = wireObstacle(options);
  if (obstacle === undefined) return true;
  logger?.warn({ fetcher: 'addon' }, `Records are read through the Kafka addon, which is slower: ${obstacle}.`);
  return false;
}

type OpenFetcher = (options: RecordFetcherOptions) => RecordFetcher;

function addonFetchers(cluster: Cluster): OpenFetcher {
  return (options) => new ConfluentFetcher(cluster, options);
}

/** Fetchers that share their connections for metadata, and the memory for what is read ahead. */
function wireFetchers(cluster: Cluster): OpenFetcher {
  const { network } = cluster;
  const budget = new BufferBudget();
  const { rack } = cluster.options;
  let opened = 0;
  return (options) => {
    const name = `fetcher-${String(++opened)}`;
    return new WireFetcher(
      { network: new BrokerFetchNetwork(network, name), budget, clock: systemClock, rack },
      options,
    );
  };
}
