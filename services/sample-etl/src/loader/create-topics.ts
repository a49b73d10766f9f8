import type { KafkaAdmin } from '@millrace/framework';
import { allTopics, type FlightTopics } from '../topics.js';

/**
 * Creates those of the service's topics that do not exist, and returns the partition count of the input topic.
 *
 * Flights carry the time of their departure, in 2001: with a broker's usual retention of seven days their segments would
 * be deleted soon after they are written, so these topics keep everything; but of the table of delays each airport's last row is enough.
 */
export async function createTopics(admin: KafkaAdmin, topics: FlightTopics, partitions: number): Promise<number> {
  const existing = await admin.describeTopics(allTopics(topics));
  const found = new Map(existing.map(({ topic, partitions: count }) => [topic, count]));
  for (const topic of allTopics(topics)) {
    const configs = topic === topics.airportDelays ? { 'cleanup.policy': 'compact' } : { 'retention.ms': '-1' };
    if (!found.has(topic)) await admin.createTopic({ topic, partitions, configs });
  }
  return found.get(topics.flights) ?? partitions;
}
