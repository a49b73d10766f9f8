import assert from 'node:assert/strict';
import { MemoryKafka } from '../../dist/client/memory/memory-kafka.js';
import { KafkaError } from '../../dist/errors/errors.js';
import { ContextualProcessor } from '../../dist/processor/contextual-processor.js';
import { StreamsClient } from '../../dist/runtime/streams-client.js';
import { serdes } from '../../dist/serde/serdes.js';
import { createPinoLogger } from '../../dist/telemetry/pino-logger.js';
import { VirtualClock } from '../../dist/time/virtual-clock.js';
import { Topology } from '../../dist/topology/topology.js';

const { string } = serdes;
const SESSION_MS = 45_000;

class Idle extends ContextualProcessor<string, string, never, never> {
  override process(): void {
    // Only the group matters.
  }
}

describe('a group that members of another protocol hold', () => {
  /** A client whose group refuses it until a time. */
  function refusedUntil(endMs: number) {
    const clock = new VirtualClock();
    const kafka = new MemoryKafka({ clock });
    kafka.createTopic({ topic: 'in', partitions: 1 });
    let refusals = 0;
    kafka.injectFailures({
      before: ({ kind }) => {
        if (kind !== 'membership.poll' || clock.monotonicMs() >= endMs) return undefined;
        refusals++;
        const options = { kafkaCode: 'GROUP_ID_NOT_FOUND', isFatal: true };
        return { type: 'throw', error: new KafkaError('GROUP_PROTOCOL_MISMATCH', 'refused', options) };
      },
    });
    const topology = new Topology()
      .addSource('in', { topics: 'in', keyDeserializer: string, valueDeserializer: string })
      .addProcessor('idle', { parents: 'in', supplier: () => new Idle() });
    const client = new StreamsClient(topology, {
      ...{ applicationId: 'app', kafka: kafka.clients('one'), clock, logger: createPinoLogger({ level: 'silent' }) },
      taskTimeoutMs: 60_000,
    });
    return { clock, client, refusals: () => refusals };
  }

  it('should be joined once they are gone', async () => {
    const { clock, client, refusals } = refusedUntil(SESSION_MS);
    await clock.run(client.start());
    await clock.runUntil(() => client.tasks.get('0_0') === 'running');
    assert.ok(refusals() > 5, `asked ${refusals()} times`);
    await clock.run(client.close());
  });

  it('should end the application when they stay longer than taskTimeoutMs', async () => {
    const { clock, client } = refusedUntil(Infinity);
    const ended = assert.rejects(client.closed, { code: 'GROUP_PROTOCOL_MISMATCH' });
    await clock.run(client.start());
    await clock.run(ended);
    assert.equal(client.state, 'ERROR');
    assert.ok(clock.monotonicMs() < 70_000, `${clock.monotonicMs()} ms`);
  });

  it('should not keep a client from closing', async () => {
    const { clock, client } = refusedUntil(Infinity);
    await clock.run(client.start());
    await clock.advance(SESSION_MS);
    await clock.run(client.close());
    assert.equal(client.state, 'NOT_RUNNING');
  });

  it('should be joined by a static member that crashed once its session is over', async () => {
    const clock = new VirtualClock();
    const kafka = new MemoryKafka({ clock });
    kafka.createTopic({ topic: 'in', partitions: 1 });
    const start = (identity: string): StreamsClient => {
      const topology = new Topology()
        .addSource('in', { topics: 'in', keyDeserializer: string, valueDeserializer: string })
        .addProcessor('idle', { parents: 'in', supplier: () => new Idle() });
      return new StreamsClient(topology, {
        ...{ applicationId: 'app', kafka: kafka.clients(identity), clock, groupInstanceId: 'pod-1' },
        logger: createPinoLogger({ level: 'silent' }),
      });
    };
    const before = start('one');
    before.closed.catch(() => undefined);
    await clock.run(before.start());
    await clock.runUntil(() => before.tasks.get('0_0') === 'running');
    kafka.crash('one');
    const after = start('two');
    const startedMs = clock.monotonicMs();
    await clock.run(after.start());
    await clock.runUntil(() => after.tasks.get('0_0') === 'running');
    assert.ok(clock.monotonicMs() - startedMs >= 30_000, `joined after ${clock.monotonicMs() - startedMs} ms`);
    await clock.run(after.close());
  });
});
