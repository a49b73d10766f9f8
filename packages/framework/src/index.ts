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
export { BranchedKStream } from './dsl/branched-k-stream.js';
export type { Branched, BranchedInto, Branches } from './dsl/branched-k-stream.js';
export { KStream } from './dsl/k-stream.js';
export type {
  Consumed,
  MapValuesAsyncOptions,
  Named,
  Printed,
  ProcessOptions,
  Produced,
  Repartitioned,
} from './dsl/options.js';
export { StreamsBuilder } from './dsl/streams-builder.js';
export type { Optimization, StreamsBuilderOptions } from './dsl/streams-builder.js';
export type {
  FlatMapper,
  FlatValueMapper,
  KeySelector,
  KeyValue,
  KeyValueMapper,
  MaybePromise,
  Predicate,
  RecordAction,
  ValueGuard,
  ValueMapper,
} from './operators/functions.js';
export type { TextWriter } from './operators/print.js';
export { ContextualProcessor } from './processor/contextual-processor.js';
export { DeferredProcessingError } from './processor/deferred-processing-error.js';
export type {
  FixedKeyProcessor,
  FixedKeyProcessorContext,
  FixedKeyProcessorSupplier,
  FixedKeyRecord,
} from './processor/fixed-key.js';
export type { Processor, ProcessorSupplier } from './processor/processor.js';
export { TaskId } from './processor/processor-context.js';
export type {
  Cancellable,
  ProcessorContext,
  PunctuationType,
  Punctuator,
  RecordMetadata,
} from './processor/processor-context.js';
export { StreamRecord } from './processor/record.js';
export { DefaultPartitioner, murmur2, partitionOfKey } from './topology/partitioner.js';
export { Topology } from './topology/topology.js';
export type { ProcessorOptions, SinkOptions, SourceOptions } from './topology/topology.js';
export type {
  OffsetResetPolicy,
  ProcessorNode,
  RepartitionTopic,
  SinkNode,
  SourceNode,
  StreamPartitioner,
  Subtopology,
  TimestampExtractor,
  TopicNameExtractor,
  TopologyNode,
  TopologyPlan,
} from './topology/topology-nodes.js';
export { confluentClients } from './client/confluent/confluent-clients.js';
export type { ConfluentDefaults } from './client/confluent/cluster.js';
