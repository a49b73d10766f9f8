import assert from 'node:assert/strict';
import type { ContractCase } from './harness.js';
import { contractCase, rejectsWith, values } from './scenario.js';

/** Topics, offsets and what the broker refuses. */
export const adminCases: readonly ContractCase[] = [
  contractCase('should create, list, describe and delete topics', async (s) => {
    const admin = await s.admin();
    const topic = await s.topic(3);
    const missing = s.harness.uniqueName('missing');
    assert.ok((await admin.listTopics()).includes(topic));
    assert.deepEqual(await admin.describeTopics([topic, missing]), [{ topic, partitions: 3 }]);
    await admin.deleteTopic(topic);
    await s.harness.waitFor(async () => !(await admin.listTopics()).includes(topic), 'the topic to be gone');
    assert.deepEqual(await admin.describeTopics([topic]), []);
  }),

  contractCase('should refuse topics that exist, have a bad name, no partitions or too many replicas', async (s) => {
    const admin = await s.admin();
    const topic = await s.topic();
    await rejectsWith('TOPIC_EXISTS', () => admin.createTopic({ topic, partitions: 1 }));
    await rejectsWith('INVALID_TOPIC', () => admin.createTopic({ topic: 'no spaces allowed', partitions: 1 }));
    const unused = s.harness.uniqueName('unused');
    await rejectsWith('INVALID_TOPIC', () =>
      admin.createTopic({ topic: unused, partitions: 1, replicationFactor: s.harness.brokers + 1 }),
    );
    if (s.harness.brokers > 1) {
      await admin.createTopic({ topic: unused, partitions: 1, replicationFactor: 2 });
      assert.deepEqual(await admin.describeTopics([unused]), [{ topic: unused, partitions: 1 }]);
    }
  }),

  contractCase('should read the settings of topics, those never set included', async (s) => {
    const admin = await s.admin();
    const compacted = await s.topic(1, { 'cleanup.policy': 'compact', 'min.compaction.lag.ms': '12345' });
    const windowed = await s.topic(1, { 'cleanup.policy': 'compact,delete', 'retention.ms': '86400000' });
    const described = await admin.describeTopicConfigs([compacted, s.harness.uniqueName('missing'), windowed]);
    assert.deepEqual(described.map(({ topic }) => topic).sort(), [compacted, windowed].sort());
    const configs = new Map(described.map((description) => [description.topic, description.configs]));
    assert.equal(configs.get(compacted)?.get('cleanup.policy'), 'compact');
    assert.equal(configs.get(compacted)?.get('min.compaction.lag.ms'), '12345');
    assert.equal(configs.get(windowed)?.get('cleanup.policy'), 'compact,delete');
    assert.equal(configs.get(windowed)?.get('retention.ms'), '86400000');
    assert.equal(configs.get(windowed)?.get('retention.bytes'), '-1', 'the default');
    assert.deepEqual(await admin.describeTopicConfigs([]), []);
  }),

  contractCase('should add partitions, and never take any away', async (s) => {
    const admin = await s.admin();
    const topic = await s.topic(2);
    await admin.createPartitions(topic, 4);
    await s.harness.waitFor(
      async () => (await admin.describeTopics([topic]))[0]?.partitions === 4,
      'the partitions to be seen',
    );
    await rejectsWith('INVALID_TOPIC', () => admin.createPartitions(topic, 3));
    await s.write(await s.producer(), topic, [{ partition: 3, value: 'in the new one' }]);
    assert.deepEqual(values(await s.readAll({ topic, partition: 3 })), ['in the new one']);
  }),

  contractCase('should say which topic is missing', async (s) => {
    const admin = await s.admin();
    const topic = s.harness.uniqueName('missing');
    const calls = [
      () => admin.createPartitions(topic, 2),
      () => admin.deleteTopic(topic),
      () => admin.deleteRecords([{ topic, partition: 0, offset: 0 }]),
      () => admin.listOffsets([{ topic, partition: 0 }], 'latest'),
    ];
    for (const call of calls) await rejectsWith('TOPIC_NOT_FOUND', call);
  }),

  contractCase('should list the first offset, the end, and the first at or after a timestamp', async (s) => {
    const admin = await s.admin();
    const topic = await s.topic(2);
    await s.write(
      await s.producer(),
      topic,
      [1_000, 2_000, 3_000].map((timestamp) => ({ value: 'x', timestamp: 1_700_000_000_000 + timestamp })),
    );
    const at = async (spec: Parameters<typeof admin.listOffsets>[1]): Promise<(number | undefined)[]> => {
      const listed = await admin.listOffsets(
        [0, 1].map((partition) => ({ topic, partition })),
        spec,
      );
      return [0, 1].map((partition) => listed.find((entry) => entry.partition === partition)?.offset);
    };
    assert.deepEqual(await at('earliest'), [0, 0]);
    assert.deepEqual(await at('latest'), [3, 0]);
    assert.deepEqual(await at({ timestamp: 1_700_000_001_001 }), [1, 0]);
    assert.deepEqual(await at({ timestamp: 1_700_000_009_000 }), [3, 0], 'the end where no record is that late');
    await admin.deleteRecords([{ topic, partition: 0, offset: 2 }]);
    assert.deepEqual(await at('earliest'), [2, 0]);
  }),

  contractCase('should refuse every call of a closed admin client', async (s) => {
    const admin = s.harness.clients.admin();
    await admin.connect();
    await admin.close();
    await rejectsWith('CLIENT_CLOSED', () => admin.listTopics());
    await admin.close();
  }),
];
