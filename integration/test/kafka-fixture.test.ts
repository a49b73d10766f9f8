import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { kafkaClients, NO_HEADERS } from '@millrace/framework';
import { startKafkaFixture, uniqueName } from '@millrace/framework/testing';
import { useKafka } from '../src/use-kafka.js';

describe('the Kafka fixture', () => {
  const kafka = useKafka();

  it('should be the way that MILLRACE_TEST_KAFKA asks for', () => {
    const forced = process.env['MILLRACE_TEST_KAFKA'];
    if (forced !== undefined && forced !== '') assert.equal(kafka().source, forced);
    assert.match(kafka().bootstrapServers, /^\S+:\d+$/);
  });

  it('should be one for the whole process', async () => {
    assert.equal(await startKafkaFixture(), kafka());
  });

  it('should be the same in a child process', async () => {
    const program = `
      const { startKafkaFixture } = await import('@millrace/framework/testing');
      const { source, bootstrapServers } = await startKafkaFixture();
      console.log(source, bootstrapServers);`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      cwd: import.meta.dirname,
    });
    assert.equal(stdout.trim(), `${kafka().source} ${kafka().bootstrapServers}`);
  });

  it('should create topics to which records can be written and from which they can be read', async () => {
    const [first, second] = [uniqueName('first'), uniqueName('second')];
    await kafka().createTopics({ topic: first, partitions: 3 }, { topic: second, partitions: 1 });
    const clients = kafkaClients(kafka().connection);
    const admin = clients.admin();
    await admin.connect();
    const described = await admin.describeTopics([first, second]);
    assert.deepEqual(
      described.map(({ topic, partitions }) => [topic, partitions]).sort(),
      [
        [first, 3],
        [second, 1],
      ].sort(),
    );
    await admin.close();

    const producer = clients.producer({});
    await producer.connect();
    assert.equal(producer.produce(first, 2, null, Buffer.from('hello'), 1000, NO_HEADERS), true);
    await producer.flush();
    assert.deepEqual(producer.takeFailures(), []);
    await producer.close();

    const fetcher = clients.fetcher({ isolationLevel: 'read_uncommitted' });
    await fetcher.connect();
    fetcher.assign([{ topic: first, partition: 2, offset: 0 }]);
    const values: (string | undefined)[] = [];
    while (values.length === 0) {
      const { batches } = await fetcher.poll(1000);
      values.push(...batches.flatMap((batch) => batch.records.map((record) => record.value?.toString())));
    }
    assert.deepEqual(values, ['hello']);
    await fetcher.close();
  });
});
