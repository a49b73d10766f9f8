import type { KafkaAdmin, TopicPartition } from '@millrace/framework';

/** All partitions of the topics. */
export async function partitionsOf(admin: KafkaAdmin, topics: readonly string[]): Promise<TopicPartition[]> {
  const descriptions = await admin.describeTopics(topics);
  return descriptions.flatMap(({ topic, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
  );
}
