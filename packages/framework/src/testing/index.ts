export { clientContract, fetcherContract, type ClientHarness, type ContractCase } from './client-contract.js';
export { readRecords, readTopic, type ReadRecord } from './read-topic.js';
export { TestInputTopic, TestOutputTopic } from './test-topics.js';
export type { PipeOptions, TestRecord } from './test-topics.js';
export { TopologyTestDriver } from './topology-test-driver.js';
export type { TopologyTestDriverOptions } from './topology-test-driver.js';
export {
  startKafkaFixture,
  stopKafkaFixture,
  type KafkaFixture,
  type KafkaFixtureOptions,
} from './kafka-fixture/kafka-fixture.js';
export type { KafkaSourceName } from './kafka-fixture/kafka-source.js';
export { uniqueName } from './unique-name.js';
export { waitFor } from './wait-for.js';
export { VirtualClock, type VirtualRunOptions } from '../time/virtual-clock.js';
export { MemoryKafka, type AppendedRecord } from '../client/memory/memory-kafka.js';
export type { MemoryKafkaOptions } from '../client/memory/memory-cluster.js';
export { CrashedProcessError } from '../client/memory/client-process.js';
export type { ClientCall, ClientCallKind, FailureInjector, Injection } from '../client/memory/failure-injection.js';
export type { AccessOperation, AccessResource, Denial } from '../client/memory/access-control.js';
