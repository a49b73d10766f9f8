import assert from 'node:assert/strict';
import {
  kafkaClients,
  createPinoLogger,
  serdes,
  StreamsBuilder,
  StreamsClient,
  TopologyError,
} from '@millrace/framework';
import { uniqueName } from '@millrace/framework/testing';
import { useKafka } from '../src/use-kafka.js';

const { string } = serdes;

describe('internal topics that exist', function () {
  this.timeout(60_000);
  const kafka = useKafka();

  /** Starts and stops an application that counts, with a changelog that somebody else has made. */
  async function start(configs: Record<string, string>): Promise<string> {
    const applicationId = uniqueName('counting');
    const input = uniqueName('in');
    const topic = `${applicationId}-counts-changelog`;
    await kafka().createTopics({ topic: input, partitions: 1 }, { topic, partitions: 1, configs });
    const builder = new StreamsBuilder({ keySerde: string, valueSerde: string });
    builder.stream<string, string>(input).groupByKey().count({ name: 'counts', engine: 'memory' });
    const client = new StreamsClient(builder.build(), {
      applicationId,
      kafka: kafkaClients(kafka().connection),
      logger: createPinoLogger({ level: 'silent' }),
    });
    try {
      await client.start();
    } finally {
      await client.close();
    }
    return topic;
  }

  it('should be refused when the broker would delete state', async () => {
    await assert.rejects(start({ 'cleanup.policy': 'delete' }), (error) => {
      assert.ok(error instanceof TopologyError, String(error));
      assert.equal(error.code, 'INTERNAL_TOPIC_MISMATCH', error.message);
      assert.match(error.message, /counts-changelog' has cleanup\.policy=delete.*kafka-configs\.sh/);
      return true;
    });
  });

  it('should be used when they lose nothing', async () => {
    await start({ 'cleanup.policy': 'compact', 'segment.ms': '60000' });
  });
});
