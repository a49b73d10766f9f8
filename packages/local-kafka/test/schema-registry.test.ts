import assert from 'node:assert/strict';
import { startKafka, type LocalKafka } from '../dist/index.js';

describe('startKafka with a schema registry', () => {
  let kafka: LocalKafka;

  before(async () => {
    kafka = await startKafka({ schemaRegistry: true });
  });

  after(() => kafka.stop());

  it('should serve the API of Confluent', async () => {
    const url = kafka.schemaRegistryUrl ?? '';
    const schema = JSON.stringify({ type: 'record', name: 'Order', fields: [{ name: 'id', type: 'string' }] });
    const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' };
    const registered = await fetch(`${url}/subjects/orders-value/versions`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ schema }),
    });
    assert.equal(registered.status, 200);
    const { id } = (await registered.json()) as { id: number };
    const found = await fetch(`${url}/schemas/ids/${id}`);
    assert.deepEqual(JSON.parse(((await found.json()) as { schema: string }).schema), JSON.parse(schema));
    const subjects = await fetch(`${url}/subjects`);
    assert.deepEqual(await subjects.json(), ['orders-value']);
  });

  it('should end with its Kafka', async () => {
    const url = kafka.schemaRegistryUrl ?? '';
    await kafka.stop();
    await assert.rejects(fetch(`${url}/subjects`));
  });
});
