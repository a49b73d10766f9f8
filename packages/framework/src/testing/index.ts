export { clientContract, type ClientHarness, type ContractCase } from './client-contract.js';
export { TestInputTopic, TestOutputTopic } from './test-topics.js';
export type { PipeOptions, TestRecord } from './test-topics.js';
export { TopologyTestDriver } from './topology-test-driver.js';
export type { TopologyTestDriverOptions } from './topology-test-driver.js';
