export { clientContract, type ClientHarness, type ContractCase } from './client-contract.js';
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
