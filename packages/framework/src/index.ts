export type { KafkaConnectionOptions, SaslOptions, TlsOptions } from './client/options.js';
export type {
  DeliveryFailure,
  FetchFailure,
  FetchResult,
  GroupDescription,
  GroupEvent,
  GroupMember,
  GroupMembership,
  GroupMembershipOptions,
  GroupProtocol,
  IsolationLevel,
  KafkaAdmin,
  KafkaClientFactory,
  NewTopic,
  OffsetSpec,
  RecordFetcher,
  RecordFetcherOptions,
  RecordProducer,
  RecordProducerOptions,
  Subscription,
  TopicDescription,
} from './client/port.js';
export { NO_HEADERS } from './client/records.js';
export type {
  ConsumedRecord,
  OffsetAndMetadata,
  RecordBatch,
  RecordHeader,
  RecordHeaders,
  TopicPartition,
  TopicPartitionOffset,
} from './client/records.js';
export {
  ConfigError,
  IllegalStateError,
  KafkaError,
  ProcessingError,
  ProductionError,
  SerdeError,
  TaskMigratedError,
  TopologyError,
} from './errors/errors.js';
export type { KafkaErrorCode, KafkaErrorOptions } from './errors/errors.js';
export { StreamsError } from './errors/streams-error.js';
export { withPosition } from './errors/with-position.js';
export type { AvroSchema, AvroSerdeOptions } from './serde/avro-serde.js';
export type { JsonSerdeOptions } from './serde/json-serde.js';
export type { FixedSizeSerde } from './serde/number-serdes.js';
export type { Deserializer, Serde, Serializer } from './serde/serde.js';
export { serdes } from './serde/serdes.js';
export type { Logger } from './telemetry/logger.js';
export { createPinoLogger } from './telemetry/pino-logger.js';
export type { LogFormat, LogLevel, PinoLoggerOptions } from './telemetry/pino-logger.js';
