import type { KafkaAdmin, KafkaClientFactory } from '@millrace/framework';
import { orderAt } from './orders.js';

export const PARTITIONS = 4;

/** Creates a topic that keeps its records whatever their timestamps. */
export async function createTopic(admin: KafkaAdmin, topic: string): Promise<void> {
  await admin.createTopic({ topic, partitions: PARTITIONS, replicationFactor: 1, configs: { 'retention.ms': '-1' } });
}

/**
 * Writes the first `records` orders, keyed by user. The users are spread over the partitions in equal parts, whatever the
 * hash of their names, so that no run ends with one long partition.
 */
export async function writeOrders(clients: KafkaClientFactory, topic: string, records: number): Promise<void> {
  const producer = clients.producer({ lingerMs: 20 });
  await producer.connect();
  try {
    for (let index = 0; index < records; index++) {
      const order = orderAt(index);
      const key = Buffer.from(order.user);
      const value = Buffer.from(JSON.stringify(order));
      const partition = Number(order.user.slice(-4)) % PARTITIONS;
      while (!producer.produce(topic, partition, key, value, order.at, [])) await producer.drain();
    }
    await producer.flush();
    const [failure] = producer.takeFailures();
    if (failure !== undefined) throw failure.error;
  } finally {
    await producer.close();
  }
}

/** Records in a topic that holds no transactions. */
export async function countRecords(admin: KafkaAdmin, topic: string): Promise<number> {
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition }));
  const ends = await admin.listOffsets(partitions, 'latest');
  return ends.reduce((sum, { offset }) => sum + offset, 0);
}
