import assert from 'node:assert/strict';
import { MemoryKafka } from '../../dist/client/memory/memory-kafka.js';
import { ContextualProcessor } from '../../dist/processor/contextual-processor.js';
import type { ProcessorContext } from '../../dist/processor/processor-context.js';
import type { StreamsOptions } from '../../dist/runtime/options.js';
import { StreamsClient } from '../../dist/runtime/streams-client.js';
import { serdes } from '../../dist/serde/serdes.js';
import { QueryableStores } from '../../dist/state/queries/queryable-stores.js';
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
  let clock: VirtualClock;
  let kafka: MemoryKafka;

  beforeEach(() => {
    clock = new VirtualClock(5_000);
    kafka = new MemoryKafka({ clock, seed: 1 });
    kafka.createTopic({ topic: 'in', partitions: 1 });
  });

  function client(isLogged: boolean, options: Partial<StreamsOptions> = {}): StreamsClient {
    const topology = new Topology()
      .addSource('in', { topics: 'in', keyDeserializer: string, valueDeserializer: string })
      .addProcessor('write', { parents: 'in', supplier: () => new Writer() })
      .addStateStore(
        Stores.keyValueStore({
          ...{ name: 'kept', keySerde: string, valueSerde: string, engine: 'memory' },
          changelog: { enabled: isLogged },
        }),
        'write',
      );
    const logger = createPinoLogger({ level: 'silent' });
    return new StreamsClient(topology, {
      ...{ applicationId: 'app', kafka: kafka.clients('process'), clock, logger, commitIntervalMs: 100 },
      ...options,
    });
  }

  it('should write to their changelog with the time of day', async () => {
    const kept = (): Map<string, number> =>
      new Map(kafka.records('app-kept-changelog', 0).map(({ key, timestamp }) => [key?.toString() ?? '', timestamp]));
    const app = client(true);
    await clock.run(app.start());
    await clock.runUntil(() => app.state === 'ERROR' || kept().size === 2);
    assert.equal(app.state, 'RUNNING');
    for (const timestamp of kept().values()) assert.ok(timestamp >= 5_000, String(timestamp));
    await clock.run(app.close());
  });

  for (const processingGuarantee of ['at_least_once', 'exactly_once_v2'] as const) {
    it(`should show to queries what has no changelog, too (${processingGuarantee})`, async () => {
      const app = client(false, { processingGuarantee });
      await clock.run(app.start());
      const tick = (): string | undefined =>
        app.state === 'RUNNING' ? app.store('kept', QueryableStores.keyValue<string, string>()).get('tick') : undefined;
      await clock.runUntil(() => app.state === 'ERROR' || tick() !== undefined, { limitMs: 60_000 });
      assert.equal(app.state, 'RUNNING');
      await clock.run(app.close());
    });
  }
});
