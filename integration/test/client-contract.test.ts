import { clientContract, fetcherContract, uniqueName, waitFor, type ClientHarness } from '@millrace/framework/testing';
import type { KafkaConnectionOptions } from '@millrace/framework';
import { startKafka, type LocalKafka } from '@millrace/local-kafka';
import { clientsWith, type FetcherKind } from '../src/fetchers.js';
import { useKafka } from '../src/use-kafka.js';

function harnessOf(fetcher: FetcherKind, connection: KafkaConnectionOptions, brokers: number): ClientHarness {
  return {
    clients: clientsWith(fetcher, { ...connection, clientId: 'client-contract' }),
    monotonicMs: () => performance.now(),
    uniqueName,
    waitFor,
    shortPollIntervalMs: 3000,
    compact: () => Promise.resolve(),
    readsAhead: true,
    noticesRecreatedTopics: fetcher === 'wire',
    brokers,
  };
}

function brokersOf({ bootstrapServers }: KafkaConnectionOptions): number {
  return String(bootstrapServers).split(',').length;
}

describe('the client contract with the wire fetcher', function () {
  this.timeout(120_000);
  const kafka = useKafka();

  for (const { title, run } of clientContract) {
    it(title, () => run(harnessOf('wire', kafka().connection, brokersOf(kafka().connection))));
  }
});

describe("the fetchers' part of the client contract with the addon's fetcher", function () {
  this.timeout(120_000);
  const kafka = useKafka();

  for (const { title, run } of fetcherContract) {
    it(title, () => run(harnessOf('addon', kafka().connection, brokersOf(kafka().connection))));
  }
});

describe("the fetchers' part of the client contract with the wire fetcher on three brokers, TLS and SCRAM", function () {
  this.timeout(120_000);
  let kafka: LocalKafka;
  let connection: KafkaConnectionOptions;

  before(async function () {
    this.timeout(180_000);
    const user = { name: 'reader', password: 'reader-password' };
    const security = { tls: true, mechanisms: ['SCRAM-SHA-512'], users: [user] } as const;
    kafka = await startKafka({ brokers: 3, heapMb: 512, security });
    connection = {
      bootstrapServers: kafka.bootstrapServers,
      tls: { ca: kafka.tls?.ca ?? '' },
      sasl: { mechanism: 'SCRAM-SHA-512', username: user.name, password: user.password },
    };
  });

  after(() => kafka.stop());

  for (const { title, run } of fetcherContract) {
    it(title, () => run(harnessOf('wire', connection, 3)));
  }
});
