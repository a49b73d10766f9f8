import type { ContractCase } from './contract/harness.js';
import { produceAndFetchCases } from './contract/produce-and-fetch.js';

export type { ClientHarness, ContractCase } from './contract/harness.js';

/**
 * Every promise of the Kafka client port (`client/port.ts`), as cases that any implementation must pass.
 *
 * @example
 * for (const { title, run } of clientContract) it(title, () => run(harness));
 */
export const clientContract: readonly ContractCase[] = [...produceAndFetchCases];
