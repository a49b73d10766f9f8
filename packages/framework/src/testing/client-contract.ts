import { adminCases } from './contract/admin.js';
import { fetcherCases } from './contract/fetcher.js';
import { groupCases } from './contract/group.js';
import type { ContractCase } from './contract/harness.js';
import { produceAndFetchCases } from './contract/produce-and-fetch.js';
import { producerCases } from './contract/producer.js';
import { transactionCases } from './contract/transactions.js';
import { transactionalOffsetCases } from './contract/transactional-offsets.js';

export type { ClientHarness, ContractCase } from './contract/harness.js';

/**
 * Every promise of the Kafka client port (`client/port.ts`), as cases that any implementation must pass.
 *
 * @example
 * for (const { title, run } of clientContract) it(title, () => run(harness));
 */
export const clientContract: readonly ContractCase[] = [
  ...produceAndFetchCases,
  ...fetcherCases,
  ...producerCases,
  ...transactionCases,
  ...groupCases,
  ...transactionalOffsetCases,
  ...adminCases,
];
