import type { KafkaAdmin } from '@millrace/framework';
import { allTopics, type FlightTopics } from '../topics.js';

/**
 * Creates those of the service's topics that do not exist, and returns the partition count of the input topic.
 *
 * Flights carry the time of their departure, in 2001: with a broker's usual retention of seven days their segments would
 * be deleted soon after they are written, so these topics keep everything.
 */
export async function createTopics(admin: KafkaAdmin, topics: FlightTopics, partitions: number): Promise<number> {
  const existing = await admin.describeTopics(allTopics(topics));
  const found = new Map(existing.map(({ topic, partitions: count }) => [topic, count]));
  for (const topic of allTopics(topics)) {
    if (!found.has(topic)) await admin.createTopic({ topic, partitions, configs: { 'retention.ms': '-1' } });
  }
  return found.get(topics.flights) ?? partitions;
}
