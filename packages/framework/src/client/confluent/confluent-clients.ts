import type { KafkaConnectionOptions } from '../options.js';
import type { KafkaClientFactory } from '../port.js';
import { Cluster, type ConfluentDefaults } from './cluster.js';
import { ConfluentMembership } from './group-membership.js';
import { ConfluentAdmin } from './kafka-admin.js';
import { ConfluentFetcher } from './record-fetcher.js';
import { ConfluentProducer } from './record-producer.js';

/**
 * Opens clients of a real Kafka cluster on `@confluentinc/kafka-javascript`.
 *
 * The native client has one copy per process and cannot be loaded in worker threads.
 *
 * Its blocking calls run in libuv's thread pool. No thread waits there while nothing happens: records and group events are
 * fetched with time-out 0, flushes and connects in attempts of half a second. The default of four threads serves one
 * process; where the pool also works for others (files, DNS, zlib), set `UV_THREADPOOL_SIZE` in the environment: in an ES
 * module it is too late, because Node has read the module through the pool.
 */
export function confluentClients(
  connection: KafkaConnectionOptions,
  defaults: ConfluentDefaults = {},
): KafkaClientFactory {
  const cluster = new Cluster(connection, defaults);
  return {
    membership: (options) => new ConfluentMembership(cluster, options),
    fetcher: (options) => new ConfluentFetcher(cluster, options),
    producer: (options) => new ConfluentProducer(cluster, options),
    admin: () => new ConfluentAdmin(cluster),
  };
}
