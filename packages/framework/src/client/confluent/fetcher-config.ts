import type { IsolationLevel } from '../port.js';
import type { NativeConfig } from './addon.js';
import type { Cluster } from './cluster.js';

/** Settings of a native consumer that joins no group and is given its partitions by hand. */
export function fetcherConfig(
  cluster: Cluster,
  isolationLevel: IsolationLevel,
  maxBufferedBytes: number,
): NativeConfig {
  return {
    ...cluster.clientConfig(),
    // Never used: nothing subscribes and nothing commits. The native client demands one.
    'group.id': 'millrace-assigned-by-hand',
    'enable.auto.commit': false,
    'enable.auto.offset.store': false,
    'isolation.level': isolationLevel,
    'auto.offset.reset': 'error',
    // How long a topic that the brokers do not know is waited for before it is reported.
    'topic.metadata.propagation.max.ms': 3000,
    'enable.partition.eof': true,
    'queued.max.messages.kbytes': Math.max(1, Math.floor((maxBufferedBytes * 3) / 4 / 1024)),
    'fetch.queue.backoff.ms': 10,
    'fetch.error.backoff.ms': 100,
    'fetch.wait.max.ms': 100,
    'max.partition.fetch.bytes': 2 * 1024 * 1024,
  };
}
