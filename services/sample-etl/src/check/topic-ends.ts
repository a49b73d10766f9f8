import type { KafkaAdmin, TopicPartition } from '@millrace/framework';

/** All partitions of the topics. */
export async function partitionsOf(admin: KafkaAdmin, topics: readonly string[]): Promise<TopicPartition[]> {
  const descriptions = await admin.describeTopics(topics);
  return descriptions.flatMap(({ topic, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
  );
}

/** How many records each topic holds, for topics that were never purged and hold no transactions. */
export async function recordsPerTopic(
  admin: KafkaAdmin,
  partitions: readonly TopicPartition[],
): Promise<ReadonlyMap<string, number>> {
  const records = new Map<string, number>();
  for (const { topic, offset } of await admin.listOffsets(partitions, 'latest')) {
    records.set(topic, (records.get(topic) ?? 0) + offset);
  }
  return records;
}
