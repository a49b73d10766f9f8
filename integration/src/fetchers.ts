import { kafkaClients, type KafkaClientFactory, type KafkaConnectionOptions } from '@millrace/framework';

/** The ways to read that a connection can be told to use. */
export const FETCHERS = ['wire', 'addon'] as const;
export type FetcherKind = (typeof FETCHERS)[number];

/**
 * What services read with where the test does not say: `MILLRACE_TEST_FETCHER`.
 *
 * @default the first of {@link FETCHERS}, which is the framework's default, too
 */
export const DEFAULT_FETCHER: FetcherKind = namedFetcher(process.env['MILLRACE_TEST_FETCHER']) ?? FETCHERS[0];

/** What the tests of crashes and rebalances go through: both, or the one that `MILLRACE_TEST_FETCHER` names. */
export const TESTED_FETCHERS: readonly FetcherKind[] =
  namedFetcher(process.env['MILLRACE_TEST_FETCHER']) === undefined ? FETCHERS : [DEFAULT_FETCHER];

function namedFetcher(name: string | undefined): FetcherKind | undefined {
  if (name === undefined || name === '') return undefined;
  const found = FETCHERS.find((fetcher) => fetcher === name);
  if (found === undefined)
    throw new Error(`MILLRACE_TEST_FETCHER is ${name} and must be one of ${FETCHERS.join(', ')}.`);
  return found;
}

/** Clients whose fetchers are of this kind. */
export function clientsWith(fetcher: FetcherKind, connection: KafkaConnectionOptions): KafkaClientFactory {
  return kafkaClients({ ...connection, fetcher });
}
