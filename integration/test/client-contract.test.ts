import { confluentClients } from '@millrace/framework';
import { clientContract, uniqueName, waitFor, type ClientHarness } from '@millrace/framework/testing';
import { useKafka } from '../src/use-kafka.js';

describe('the client contract on the Kafka addon', function () {
  this.timeout(120_000);
  const kafka = useKafka();

  for (const { title, run } of clientContract) {
    it(title, async () => {
      const harness: ClientHarness = {
        clients: confluentClients(kafka().connection, { clientId: 'client-contract' }),
        monotonicMs: () => performance.now(),
        uniqueName,
        waitFor,
        shortPollIntervalMs: 3000,
        compact: () => Promise.resolve(),
        readsAhead: true,
        noticesRecreatedTopics: false,
        brokers: kafka().bootstrapServers.split(',').length,
      };
      await run(harness);
    });
  }
});
