import type { KafkaClientFactory } from '../../client/port.js';

/** Clients of a cluster without security. The addon is loaded only when a test really wants a Kafka. */
export async function openClients(bootstrapServers: string, requestTimeoutMs: number): Promise<KafkaClientFactory> {
  const { kafkaClients } = await import('../../client/kafka-clients.js');
  return kafkaClients({
    bootstrapServers,
    clientId: 'millrace-fixture',
    requestTimeoutMs,
    connectTimeoutMs: requestTimeoutMs,
  });
}

/** Resolves if the cluster answers a request for its topics. @throws KafkaError, e.g. `BROKER_UNREACHABLE` */
export async function requireAnswer(bootstrapServers: string, requestTimeoutMs: number): Promise<void> {
  const clients = await openClients(bootstrapServers, requestTimeoutMs);
  const admin = clients.admin();
  try {
    await admin.connect();
    await admin.listTopics();
  } finally {
    await admin.close();
  }
}
