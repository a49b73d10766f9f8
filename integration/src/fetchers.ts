import { kafkaClients, type KafkaClientFactory, type KafkaConnectionOptions } from '@millrace/framework';

/** The ways to read that a connection can be told to use. */
export const FETCHERS = ['wire', 'addon'] as const;
export type FetcherKind = (typeof FETCHERS)[number];

/** Clients whose fetchers are of this kind. */
export function clientsWith(fetcher: FetcherKind, connection: KafkaConnectionOptions): KafkaClientFactory {
  return kafkaClients({ ...connection, fetcher });
}
