import type { OffsetAndMetadata, TopicPartition } from '../records.js';
import { KafkaConsumer, type NativeConsumer, type NativePartition } from './addon.js';
import { AddonHandle } from './addon-handle.js';
import type { Cluster } from './cluster.js';

/** Reads committed offsets as the group's own consumer would. Partitions without one are left out. */
export async function committedOffsets(
  handle: AddonHandle<InstanceType<typeof KafkaConsumer>, NativeConsumer>,
  groupId: string,
  partitions: readonly TopicPartition[],
  timeoutMs: number,
): Promise<OffsetAndMetadata[]> {
  if (partitions.length === 0) return [];
  const what = `Cannot read committed offsets of group '${groupId}'`;
  const results = await handle.call<readonly (NativePartition | Error)[]>(what, (done) => {
    handle.native.committed(partitions, timeoutMs, done);
  });
  const offsets: OffsetAndMetadata[] = [];
  for (const result of results) {
    if (result instanceof Error) throw handle.failure(result, what);
    const { topic, partition, offset, metadata } = result;
    if (offset === undefined || offset < 0) continue;
    offsets.push({ topic, partition, offset, ...(metadata === undefined ? {} : { metadata }) });
  }
  return offsets;
}

/**
 * Offsets of groups that this process is no member of, read by consumers that never join.
 *
 * The addon's admin client is not asked: librdkafka crashes the process when the group's coordinator is just moving
 * (2.15.1, `rd_kafka_handle_OffsetFetch` with NOT_COORDINATOR and no consumer group).
 */
export class GroupOffsets {
  readonly #readers = new Map<string, AddonHandle<InstanceType<typeof KafkaConsumer>, NativeConsumer>>();

  constructor(private readonly cluster: Cluster) {}

  /** @throws KafkaError, retriable while the group has no coordinator */
  async read(groupId: string, partitions: readonly TopicPartition[]): Promise<OffsetAndMetadata[]> {
    let handle = this.#readers.get(groupId);
    if (handle === undefined) {
      const client = new KafkaConsumer({
        ...this.cluster.clientConfig(),
        'group.id': groupId,
        'enable.auto.commit': false,
        'isolation.level': 'read_committed',
      });
      handle = new AddonHandle(client, this.cluster, 'reader of group offsets');
      this.#readers.set(groupId, handle);
    }
    await handle.connect();
    return committedOffsets(handle, groupId, partitions, this.cluster.requestTimeoutMs);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#readers.values()].map((handle) => handle.close()));
  }
}
