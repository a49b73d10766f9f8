import { adminCases } from './contract/admin.js';
import { fetcherCases } from './contract/fetcher.js';
import { flowControlCases } from './contract/flow-control.js';
import { groupCases } from './contract/group.js';
import type { ContractCase } from './contract/harness.js';
import { interleavedTransactionCases } from './contract/interleaved-transactions.js';
import { produceAndFetchCases } from './contract/produce-and-fetch.js';
import { producerCases } from './contract/producer.js';
import { readRangeCases } from './contract/read-ranges.js';
import { recordFormatCases } from './contract/record-formats.js';
import { topicChangeCases } from './contract/topic-changes.js';
import { transactionCases } from './contract/transactions.js';
import { transactionalOffsetCases } from './contract/transactional-offsets.js';

export type { ClientHarness, ContractCase } from './contract/harness.js';

/**
 * What a reader must be able to read, and what it does when topics and transactions change under it: the part of
 * {@link clientContract} that depends on the fetcher alone.
 */
export const fetcherContract: readonly ContractCase[] = [
  ...produceAndFetchCases,
  ...recordFormatCases,
  ...fetcherCases,
  ...flowControlCases,
  ...readRangeCases,
  ...topicChangeCases,
  ...transactionCases,
  ...interleavedTransactionCases,
];

/**
 * Every promise of the Kafka client port (`client/port.ts`), as cases that any implementation must pass.
 *
 * @example
 * for (const { title, run } of clientContract) it(title, () => run(harness));
 */
export const clientContract: readonly ContractCase[] = [
  ...fetcherContract,
  ...producerCases,
  ...groupCases,
  ...transactionalOffsetCases,
  ...adminCases,
];
