import assert from 'node:assert/strict';
import { MemoryKafka } from '../../dist/client/memory/memory-kafka.js';
import { ContextualProcessor } from '../../dist/processor/contextual-processor.js';
import type { ProcessorContext } from '../../dist/processor/processor-context.js';
import { StreamRecord } from '../../dist/processor/record.js';
import { StreamsClient } from '../../dist/runtime/streams-client.js';
import { serdes } from '../../dist/serde/serdes.js';
import { createPinoLogger } from '../../dist/telemetry/pino-logger.js';
import { VirtualClock } from '../../dist/time/virtual-clock.js';
import { Topology } from '../../dist/topology/topology.js';

const { string } = serdes;

/** Puts its process's name out every 50 ms. There is no input. */
class Ticker extends ContextualProcessor<string, string, string, string> {
  constructor(private readonly name: string) {
    super();
  }

  override init(context: ProcessorContext<string, string>): void {
    void super.init(context);
    context.schedule(50, 'wall-clock', (timestamp) => context.forward(new StreamRecord('tick', this.name, timestamp)));
  }

  override process(): void {
    // It works by the clock only.
  }
}

describe('output without input under exactly-once', () => {
  const clock = new VirtualClock();
  const kafka = new MemoryKafka({ clock, groupSessionTimeoutMs: 3_000 });

  function client(name: string): StreamsClient {
    const topology = new Topology()
      .addSource('in', { topics: 'in', keyDeserializer: string, valueDeserializer: string })
      .addProcessor('tick', { parents: 'in', supplier: () => new Ticker(name) })
      .addSink('out', { parents: 'tick', topic: 'out', keySerializer: string, valueSerializer: string });
    return new StreamsClient(topology, {
      ...{ applicationId: 'app', kafka: kafka.clients(name), clock, logger: createPinoLogger({ level: 'silent' }) },
      processingGuarantee: 'exactly_once_v2',
      // So that nothing is sent, and no transaction begins at the broker, before the flush.
      producer: { lingerMs: 60_000 },
    });
  }

  const output = (): string[] => kafka.records('out', 0).map(({ value }) => value?.toString() ?? '');

  it('should not commit for a member that was replaced', async () => {
    for (const topic of ['in', 'out']) kafka.createTopic({ topic, partitions: 1 });
    const [old, next] = [client('old'), client('next')];
    await clock.run(old.start());
    await clock.runUntil(() => output().length >= 4);

    let isHeld = false;
    kafka.injectFailures({
      before: ({ kind, identity }) => {
        if (isHeld || identity !== 'old' || kind !== 'producer.flush') return undefined;
        isHeld = true;
        kafka.stopHeartbeats('old');
        return { type: 'delay', ms: 8_000 };
      },
    });
    await clock.runUntil(() => isHeld);
    await clock.run(next.start());
    await clock.runUntil(() => output().at(-1) === 'next');
    await clock.advance(10_000);
    const seen = output();
    assert.ok(seen.lastIndexOf('old') < seen.indexOf('next'), seen.join(' '));
    kafka.resumeHeartbeats('old');
    await clock.run(Promise.all([old.close(), next.close()]));
  });
});
