import type { KafkaAdmin, KafkaClientFactory, RecordFetcher } from '../client/port.js';
import type { ConsumedRecord, TopicPartition, TopicPartitionOffset } from '../client/records.js';

/** A record that was read, with its place. */
export interface ReadRecord extends ConsumedRecord {
  readonly topic: string;
  readonly partition: number;
}

const POLL_MS = 1000;

/**
 * Reads a topic from its beginning to its present end, as any consumer of committed records would; nothing if there is no
 * such topic.
 *
 * @param onRecord partition by partition in order of offsets. Key and value may be views of a larger buffer: copy what is
 *   kept, or use {@link readRecords}
 * @throws KafkaError if the topic cannot be read
 */
export async function readTopic(
  clients: KafkaClientFactory,
  topic: string,
  onRecord: (record: ConsumedRecord, partition: number) => void,
): Promise<void> {
  const admin = clients.admin();
  const fetcher = clients.fetcher({ isolationLevel: 'read_committed' });
  try {
    await admin.connect();
    await fetcher.connect();
    const partitions = await partitionsOf(admin, topic);
    if (partitions.length === 0) return;
    const starts = await admin.listOffsets(partitions, 'earliest');
    const ends = await admin.listOffsets(partitions, 'latest', 'read_committed');
    await readRange(fetcher, starts, ends, onRecord);
  } finally {
    await fetcher.close();
    await admin.close();
  }
}

/** All records of a topic, as {@link readTopic} reads it, copied. */
export async function readRecords(clients: KafkaClientFactory, topic: string): Promise<ReadRecord[]> {
  const records: ReadRecord[] = [];
  await readTopic(clients, topic, (record, partition) => records.push({ ...copyOf(record), topic, partition }));
  return records;
}

async function partitionsOf(admin: KafkaAdmin, topic: string): Promise<TopicPartition[]> {
  const [description] = await admin.describeTopics([topic]);
  return Array.from({ length: description?.partitions ?? 0 }, (_, partition) => ({ topic, partition }));
}

async function readRange(
  fetcher: RecordFetcher,
  starts: readonly TopicPartitionOffset[],
  ends: readonly TopicPartitionOffset[],
  onRecord: (record: ConsumedRecord, partition: number) => void,
): Promise<void> {
  const left = new Map(ends.map(({ partition, offset }) => [partition, offset]));
  for (const { partition, offset } of starts) if (offset >= (left.get(partition) ?? 0)) left.delete(partition);
  fetcher.assign(starts.filter(({ partition }) => left.has(partition)));
  while (left.size > 0) {
    const { batches, failures } = await fetcher.poll(POLL_MS);
    if (failures[0] !== undefined) throw failures[0].error;
    for (const { partition, records, nextOffset } of batches) {
      const end = left.get(partition) ?? 0;
      for (const record of records) if (record.offset < end) onRecord(record, partition);
      if (nextOffset >= end) left.delete(partition);
    }
  }
}

function copyOf({ offset, timestamp, key, value, headers }: ConsumedRecord): ConsumedRecord {
  return {
    ...{ offset, timestamp, key: copyOfBytes(key), value: copyOfBytes(value) },
    headers: headers.map((header) => ({ key: header.key, value: copyOfBytes(header.value) })),
  };
}

function copyOfBytes(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes);
}
