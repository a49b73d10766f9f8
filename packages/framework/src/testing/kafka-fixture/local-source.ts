import type { KafkaSource } from './kafka-source.js';

/** A Kafka without Docker, by `@millrace/local-kafka`. */
export const localSource: KafkaSource = async ({ onProgress }) => {
  const { startKafka } = await import('@millrace/local-kafka');
  const kafka = await startKafka({ onProgress });
  return { bootstrapServers: kafka.bootstrapServers, stop: () => kafka.stop() };
};
