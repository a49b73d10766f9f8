import { MemoryKafka } from '../../../dist/client/memory/memory-kafka.js';
import { clientContract, type ClientHarness } from '../../../dist/testing/client-contract.js';
import { VirtualClock } from '../../../dist/time/virtual-clock.js';

/** The contract over the in-memory Kafka, in virtual time. */
function memoryHarness(clock: VirtualClock): ClientHarness {
  const kafka = new MemoryKafka({ clock, brokers: 3 });
  let names = 0;
  return {
    clients: kafka.clients('contract'),
    monotonicMs: () => clock.monotonicMs(),
    uniqueName: (prefix) => `${prefix}-${(names += 1)}`,
    async waitFor(condition, description, timeoutMs = 30_000) {
      const dueMs = clock.monotonicMs() + timeoutMs;
      while (!(await condition())) {
        if (clock.monotonicMs() > dueMs) throw new Error(`gave up waiting for ${description}`);
        await clock.sleep(10);
      }
    },
    shortPollIntervalMs: 1_000,
    brokers: 3,
    compact: (topic) => Promise.resolve(kafka.compact(topic)),
    readsAhead: false,
    noticesRecreatedTopics: true,
  };
}

describe('the client contract over the in-memory Kafka', () => {
  for (const { title, run } of clientContract) {
    it(title, async () => {
      const clock = new VirtualClock(1_700_000_000_000);
      await clock.run(run(memoryHarness(clock)));
    });
  }
});
