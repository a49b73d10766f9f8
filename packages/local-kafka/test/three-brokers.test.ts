import assert from 'node:assert/strict';
import { startKafka, type LocalKafka } from '../dist/index.js';
import { requestBrokers } from '../dist/wire-client.js';
import { waitFor } from './wait-for.js';

describe('startKafka with three brokers', () => {
  let kafka: LocalKafka;

  before(async () => {
    kafka = await startKafka({ brokers: 3 });
  });

  after(() => kafka.stop());

  const aliveAccordingTo = async (index: number): Promise<number[]> => {
    const brokers = await requestBrokers('127.0.0.1', kafka.brokers[index]?.port ?? 0, 5000);
    return brokers.map((broker) => broker.id).sort();
  };

  it('should form one cluster', async () => {
    assert.equal(kafka.bootstrapServers.split(',').length, 3);
    for (const index of [0, 1, 2]) assert.deepEqual(await aliveAccordingTo(index), [1, 2, 3]);
  });

  it('should go on without a killed broker, and take it back', async () => {
    await kafka.brokers[1]?.kill();
    await waitFor(async () => (await aliveAccordingTo(0)).join() === '1,3');
    await kafka.brokers[1]?.restart();
    await waitFor(async () => (await aliveAccordingTo(0)).join() === '1,2,3');
  });

  it('should take a stopped broker out of the cluster at once', async () => {
    await kafka.brokers[2]?.stop();
    assert.equal(kafka.brokers[2]?.isRunning, false);
    await waitFor(async () => (await aliveAccordingTo(0)).join() === '1,2');
    await kafka.brokers[2]?.restart();
  });
});
