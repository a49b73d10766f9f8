import assert from 'node:assert/strict';
import { MemoryKafka } from '../../dist/client/memory/memory-kafka.js';
import { TopologyError } from '../../dist/errors/errors.js';
import { StreamsClient } from '../../dist/runtime/streams-client.js';
import { createPinoLogger } from '../../dist/telemetry/pino-logger.js';
import { VirtualClock } from '../../dist/time/virtual-clock.js';
import { Topology } from '../../dist/topology/topology.js';

describe('a topology without a source', () => {
  it('should be refused at the start', async () => {
    const clock = new VirtualClock();
    const client = new StreamsClient(new Topology(), {
      applicationId: 'empty',
      kafka: new MemoryKafka({ clock }).clients('process'),
      clock,
      logger: createPinoLogger({ level: 'silent' }),
    });
    await assert.rejects(clock.run(client.start()), (error: unknown) => {
      assert.ok(error instanceof TopologyError);
      assert.equal(error.code, 'NO_TOPICS');
      return true;
    });
    assert.equal(client.state, 'ERROR');
  });
});
