/**
 * A real Apache Kafka on this machine, without Docker.
 *
 * ```ts
 * import { startKafka } from '@millrace/local-kafka';
 *
 * const kafka = await startKafka({ brokers: 3, schemaRegistry: true });
 * console.log(kafka.bootstrapServers, kafka.schemaRegistryUrl);
 * await kafka.stop();
 * ```
 *
 * @packageDocumentation
 */
export { fetchKafkaJars, startKafka, type LocalKafka } from './local-kafka.js';
export type { LocalBroker } from './local-broker.js';
export { LocalKafkaError, type LocalKafkaErrorCode } from './local-kafka-error.js';
export type { AclOperation, AclRule, KafkaSecurity, KafkaUser, LocalKafkaOptions, SaslMechanism } from './options.js';
export type { ProgressListener } from './maven.js';
