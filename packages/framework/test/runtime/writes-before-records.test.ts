import assert from 'node:assert/strict';
import { MemoryKafka } from '../../dist/client/memory/memory-kafka.js';
import { ContextualProcessor } from '../../dist/processor/contextual-processor.js';
import type { ProcessorContext } from '../../dist/processor/processor-context.js';
import { StreamsClient } from '../../dist/runtime/streams-client.js';
import { serdes } from '../../dist/serde/serdes.js';
import type { KeyValueStore } from '../../dist/state/stores/key-value-store.js';
import { Stores } from '../../dist/state/stores/stores.js';
import { createPinoLogger } from '../../dist/telemetry/pino-logger.js';
import { VirtualClock } from '../../dist/time/virtual-clock.js';
import { Topology } from '../../dist/topology/topology.js';

const { string } = serdes;

/** Writes at the start and by the clock, whether there are records or not. */
class Writer extends ContextualProcessor<string, string, string, string> {
  override init(context: ProcessorContext<string, string>): void {
    void super.init(context);
    const store = context.getStateStore<KeyValueStore<string, string>>('kept');
    store.put('begun', 'yes');
    context.schedule(100, 'wall-clock', (timeMs) => {
      store.put('tick', String(timeMs));
    });
  }

  override process(): void {
    // There are no records here.
  }
}

describe('Stores of a task that has not seen a record', () => {
  it('should write to their changelog with the time of day', async () => {
    const clock = new VirtualClock(5_000);
    const kafka = new MemoryKafka({ clock, seed: 1 });
    kafka.createTopic({ topic: 'in', partitions: 1 });
    const topology = new Topology()
      .addSource('in', { topics: 'in', keyDeserializer: string, valueDeserializer: string })
      .addProcessor('write', { parents: 'in', supplier: () => new Writer() })
      .addStateStore(
        Stores.keyValueStore({ name: 'kept', keySerde: string, valueSerde: string, engine: 'memory' }),
        'write',
      );
    const logger = createPinoLogger({ level: 'silent' });
    const kept = (): Map<string, number> =>
      new Map(kafka.records('app-kept-changelog', 0).map(({ key, timestamp }) => [key?.toString() ?? '', timestamp]));
    const options = { applicationId: 'app', kafka: kafka.clients('process'), clock, logger, commitIntervalMs: 100 };
    const client = new StreamsClient(topology, options);
    await clock.run(client.start());
    await clock.runUntil(() => client.state === 'ERROR' || kept().size === 2);
    assert.equal(client.state, 'RUNNING');
    for (const timestamp of kept().values()) assert.ok(timestamp >= 5_000, String(timestamp));
    await clock.run(client.close());
  });
});
