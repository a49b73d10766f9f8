import { kafkaClients } from '@millrace/framework';
import { clientContract, uniqueName, waitFor, type ClientHarness } from '@millrace/framework/testing';
import { useKafka } from '../src/use-kafka.js';

for (const fetcher of ['wire', 'addon'] as const) {
  describe(`the client contract on a broker, with the fetcher ${fetcher}`, function () {
    this.timeout(120_000);
    const kafka = useKafka();

    for (const { title, run } of clientContract) {
      it(title, async () => {
        const harness: ClientHarness = {
          clients: kafkaClients({ ...kafka().connection, fetcher }, { clientId: 'client-contract' }),
          monotonicMs: () => performance.now(),
          uniqueName,
          waitFor,
          shortPollIntervalMs: 3000,
          compact: () => Promise.resolve(),
          readsAhead: true,
          noticesRecreatedTopics: fetcher === 'wire',
          brokers: kafka().bootstrapServers.split(',').length,
        };
        await run(harness);
      });
    }
  });
}
