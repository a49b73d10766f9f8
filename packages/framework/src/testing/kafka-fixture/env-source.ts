import { requireAnswer } from './answering.js';
import type { KafkaSource } from './kafka-source.js';

const ANSWER_TIMEOUT_MS = 15_000;

/** A Kafka that runs already, named by `KAFKA_BOOTSTRAP_SERVERS`. */
export const envSource: KafkaSource = async ({ env }) => {
  const bootstrapServers = env['KAFKA_BOOTSTRAP_SERVERS'];
  if (bootstrapServers === undefined || bootstrapServers === '') throw new Error('KAFKA_BOOTSTRAP_SERVERS is not set');
  await requireAnswer(bootstrapServers, ANSWER_TIMEOUT_MS);
  return { bootstrapServers, stop: () => Promise.resolve() };
};
