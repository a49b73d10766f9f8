import type { ConsumedRecord, KafkaClientFactory, RecordFetcher, TopicPartitionOffset } from '@millrace/framework';
import { partitionsOf } from './topic-ends.js';

const POLL_MS = 1000;

/** Reads a topic from its beginning to its present end, as any consumer of committed records would. */
export async function readTopic(
  clients: KafkaClientFactory,
  topic: string,
  onRecord: (record: ConsumedRecord) => void,
): Promise<void> {
  const admin = clients.admin();
  const fetcher = clients.fetcher({ isolationLevel: 'read_committed' });
  try {
    await admin.connect();
    await fetcher.connect();
    const partitions = await partitionsOf(admin, [topic]);
    const starts = await admin.listOffsets(partitions, 'earliest');
    const ends = await admin.listOffsets(partitions, 'latest', 'read_committed');
    await readRange(fetcher, starts, ends, onRecord);
  } finally {
    await fetcher.close();
    await admin.close();
  }
}

async function readRange(
  fetcher: RecordFetcher,
  starts: readonly TopicPartitionOffset[],
  ends: readonly TopicPartitionOffset[],
  onRecord: (record: ConsumedRecord) => void,
): Promise<void> {
  const remaining = new Map<number, number>();
  for (const { partition, offset } of ends) {
    const start = starts.find((candidate) => candidate.partition === partition)?.offset ?? 0;
    if (start < offset) remaining.set(partition, offset);
  }
  fetcher.assign(starts.filter(({ partition }) => remaining.has(partition)));
  while (remaining.size > 0) {
    const { batches, failures } = await fetcher.poll(POLL_MS);
    const [failure] = failures;
    if (failure !== undefined) throw failure.error;
    for (const { partition, records, nextOffset } of batches) {
      const end = remaining.get(partition) ?? 0;
      for (const record of records) if (record.offset < end) onRecord(record);
      if (nextOffset >= end) remaining.delete(partition);
    }
  }
}
