export type {
  KafkaConnectionOptions,
  OauthBearerToken,
  SaslKerberosOptions,
  SaslOauthBearerOptions,
  SaslOptions,
  SaslPasswordOptions,
  TlsOptions,
} from './client/options.js';
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
  TopicConfigs,
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
export { GlobalKTable } from './dsl/global-k-table.js';
export { KGroupedStream } from './dsl/k-grouped-stream.js';
export { KGroupedTable } from './dsl/k-grouped-table.js';
export { KStream } from './dsl/k-stream.js';
export { KTable } from './dsl/k-table.js';
export type { Materialized } from './dsl/materialized.js';
export type {
  Consumed,
  Grouped,
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
export type {
  Aggregator,
  Initializer,
  Reducer,
  TableAggregator,
  TableKeyValueMapper,
  TablePredicate,
  TableReducer,
  TableValueMapper,
} from './operators/table-functions.js';
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
  CapturedInput,
  ProcessorContext,
  PunctuationType,
  Punctuator,
  RecordMetadata,
} from './processor/processor-context.js';
export { StreamRecord } from './processor/record.js';
export { DefaultPartitioner, murmur2, partitionOfKey } from './topology/partitioner.js';
export type { GlobalStoreOptions, ProcessorOptions, SinkOptions, SourceOptions } from './topology/topology.js';
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
export { kafkaClients } from './client/kafka-clients.js';
export type { ClientDefaults } from './client/connection/cluster-connection.js';
export type { ClientState, StateListener } from './runtime/client-state.js';
export type {
  DeserializationHandler,
  FailedRecord,
  HandlerAnswer,
  ProcessingHandler,
  ProductionHandler,
  RetryableHandlerAnswer,
  UncaughtHandler,
} from './runtime/handlers.js';
export type { StreamsOptions } from './runtime/options.js';
export type { InstanceInfo, KeyQueryMetadata } from './runtime/instance-directory.js';
export type { InstanceStandby, InstanceTask } from './runtime/instance-record.js';
export type { StoreQueryOptions } from './runtime/store-queries.js';
export type { LoopStep, StepTiming } from './runtime/step-timings.js';
export { StreamsClient } from './runtime/streams-client.js';
export type { StreamsMetrics } from './runtime/streams-client.js';
export { systemClock } from './time/clock.js';
export type { Clock } from './time/clock.js';
export {
  inject,
  injectable,
  multiInject,
  named,
  optional,
  postConstruct,
  preDestroy,
  ContainerModule,
} from 'inversify';
export type { Newable, ServiceIdentifier } from 'inversify';
export { StreamHandler, StreamService } from './service/decorators.js';
export type { ConsumerMethodDecorator, HandlerMethodDecorator, TopologyMethodDecorator } from './service/decorators.js';
export { EXIT_CODES } from './service/failure-report.js';
export type { ClassProvider, FactoryProvider, Provider, ValueProvider } from './service/provider.js';
export { runService } from './service/run-service.js';
export { ServiceHost, serviceTopology } from './service/service-host.js';
export { SERVICE_CLOCK, SERVICE_LOGGER } from './service/service-tokens.js';
export type {
  EmitOptions,
  HandlerContext,
  HandlerMethod,
  HandlerResult,
  StreamHandlerOptions,
} from './service/stream-handler-options.js';
export type {
  ServiceLifecycle,
  ServiceOverrides,
  StreamServiceOptions,
  WorkerRestartOptions,
} from './service/stream-service-options.js';
export { Topology } from './service/topology-export.js';
export { StateStoreError } from './errors/errors.js';
export type { StateStoreErrorCode } from './errors/errors.js';
export type { StoreUpdate, UpdateListener } from './state/cache/update-cache.js';
export type { EngineKind } from './state/engine/engine.js';
export type { StoreIterator } from './state/iterators/store-iterator.js';
export { QueryableStores } from './state/queries/queryable-stores.js';
export type { QueryableType } from './state/queries/queryable-stores.js';
export type { StateFlushOptions } from './state/state-options.js';
export type { ChangelogTopicOptions, StoreChangelog } from './state/stores/changelog-topic.js';
export type {
  CachingStore,
  KeyValueStore,
  ReadOnlyKeyValueStore,
  TimestampedKeyValueStore,
} from './state/stores/key-value-store.js';
export type { ValueAndTimestamp } from './state/stores/serde-codec.js';
export type { ReadOnlySessionStore, SessionStore } from './state/stores/session-store.js';
export type { StateStore } from './state/stores/state-store.js';
export type { StoreBuilder } from './state/stores/store-builder.js';
export type { ChangelogSettings, StoreKind, StoreOptions } from './state/stores/store-settings.js';
export { Stores } from './state/stores/stores.js';
export type {
  CachingKeyValueStore,
  CachingSessionStore,
  CachingWindowStore,
  SerdeStoreOptions,
  SessionStoreOptions,
  VersionedStoreOptions,
  WindowStoreOptions,
} from './state/stores/stores.js';
export type {
  PutResult,
  ReadOnlyVersionedStore,
  VersionedRecord,
  VersionedStore,
} from './state/stores/versioned-store.js';
export type { ReadOnlyWindowStore, TimestampedWindowStore, WindowStore } from './state/stores/window-store.js';
export { Windowed } from './time/windowed.js';
export type { Window } from './time/windowed.js';
