import assert from 'node:assert/strict';
import { createPinoLogger, serdes, StreamsBuilder, StreamsClient, TopologyError } from '../../dist/index.js';
import { MemoryKafka } from '../../dist/testing/index.js';

const { string } = serdes;

function repartitioned(kafka: MemoryKafka): StreamsClient {
  const builder = new StreamsBuilder({ keySerde: string, valueSerde: string });
  builder
    .stream<string, string>(/events-\d+/)
    .selectKey((value) => value)
    .repartition({ name: 'by-value' })
    .to('out');
  return new StreamsClient(builder.build(), {
    applicationId: 'app',
    kafka: kafka.clients(),
    logger: createPinoLogger({ level: 'silent' }),
  });
}

describe('Topics that match a pattern', () => {
  it('should give repartition topics the partitions of the largest topic that matches as a whole', async () => {
    const kafka = new MemoryKafka();
    kafka.createTopic({ topic: 'events-1', partitions: 2 });
    kafka.createTopic({ topic: 'events-2', partitions: 3 });
    kafka.createTopic({ topic: 'events-2-copy', partitions: 9 });
    kafka.createTopic({ topic: 'out', partitions: 1 });
    const client = repartitioned(kafka);
    await client.start();
    await client.close();
    assert.deepEqual(kafka.offsets('app-by-value-repartition', 2), [0, 0]);
    assert.throws(() => kafka.offsets('app-by-value-repartition', 3));
  });

  it('should be missed with advice if none is there and the count of a repartition topic hangs on them', async () => {
    const kafka = new MemoryKafka();
    kafka.createTopic({ topic: 'out', partitions: 1 });
    await assert.rejects(repartitioned(kafka).start(), (error) => {
      assert.ok(error instanceof TopologyError, String(error));
      assert.equal(error.code, 'UNKNOWN_PARTITION_COUNT');
      assert.match(error.message, /app-by-value-repartition.*repartition\(\)/);
      return true;
    });
  });
});
