import assert from 'node:assert/strict';
import { MemoryKafka } from '../../dist/client/memory/memory-kafka.js';
import { TopologyError } from '../../dist/errors/errors.js';
import { ContextualProcessor } from '../../dist/processor/contextual-processor.js';
import { StreamsClient } from '../../dist/runtime/streams-client.js';
import { serdes } from '../../dist/serde/serdes.js';
import { Stores } from '../../dist/state/stores/stores.js';
import type { Logger } from '../../dist/telemetry/logger.js';
import { Topology } from '../../dist/topology/topology.js';

const { string } = serdes;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

class Idle extends ContextualProcessor<string, string, string, string> {
  override process(): void {
    // Only the topics matter.
  }
}

const common = { keySerde: string, valueSerde: string, engine: 'memory' } as const;
const stores = {
  table: Stores.keyValueStore({ name: 'table', ...common }),
  expiring: Stores.keyValueStore({
    ...{ name: 'expiring', ...common },
    changelog: { topicConfig: { 'cleanup.policy': 'compact,delete', 'retention.ms': String(DAY_MS) } },
  }),
  windows: Stores.timestampedWindowStore({ name: 'windows', retentionMs: HOUR_MS, windowSizeMs: 1000, ...common }),
  versions: Stores.versionedKeyValueStore({ name: 'versions', historyRetentionMs: HOUR_MS, ...common }),
};

/** Two subtopologies: one that repartitions, and one with all kinds of stores. */
function topology(): Topology {
  const source = { keyDeserializer: string, valueDeserializer: string };
  const sink = { keySerializer: string, valueSerializer: string };
  const names = Object.keys(stores) as (keyof typeof stores)[];
  return names.reduce(
    (built, name) => built.addStateStore(stores[name], 'idle'),
    new Topology()
      .addRepartitionTopic({ name: 'again-repartition' })
      .addSource('in', { topics: 'in', ...source })
      .addSink('out', { parents: 'in', topic: 'again-repartition', ...sink })
      .addSource('again', { topics: 'again-repartition', ...source })
      .addProcessor('idle', { parents: 'again', supplier: () => new Idle() }),
  );
}

class Warnings implements Logger {
  readonly lines: string[] = [];
  debug(): void {
    // Not wanted.
  }
  info(): void {
    // Not wanted.
  }
  warn(_fields: object, message: string): void {
    this.lines.push(message);
  }
  error(_fields: object, message: string): void {
    this.lines.push(message);
  }
  child(): Logger {
    return this;
  }
}

describe('internal topics that exist', () => {
  const logger = new Warnings();

  beforeEach(() => {
    logger.lines.length = 0;
  });

  /** Starts and stops the application with one topic that was made by somebody else. */
  async function start(topic: string, configs: Record<string, string>, kafka = new MemoryKafka()): Promise<void> {
    kafka.createTopic({ topic: 'in', partitions: 1 });
    kafka.createTopic({ topic, partitions: 1, configs });
    const client = new StreamsClient(topology(), { applicationId: 'app', kafka: kafka.clients(), logger });
    try {
      await client.start();
    } finally {
      await client.close();
    }
  }

  const table = 'app-table-changelog';
  const windows = 'app-windows-changelog';
  const again = 'app-again-repartition';
  const deleting = 'compact,delete';

  for (const [what, topic, configs, pattern] of [
    ['a changelog that is deleted from', table, { 'cleanup.policy': 'delete' }, /cleanup\.policy=delete.*newest value/],
    [
      'a changelog that also deletes by age',
      table,
      { 'cleanup.policy': deleting, 'retention.ms': '1000' },
      /cleanup\.policy=compact,delete and retention\.ms=1000.*--add-config 'cleanup\.policy=compact'/,
    ],
    [
      'a changelog that also deletes by size',
      table,
      { 'cleanup.policy': deleting, 'retention.ms': '-1', 'retention.bytes': '1000' },
      /retention\.bytes=1000/,
    ],
    [
      'a changelog that deletes sooner than its store asks',
      'app-expiring-changelog',
      { 'cleanup.policy': deleting, 'retention.ms': String(HOUR_MS) },
      /retention\.ms=3600000.*--add-config 'retention\.ms=86400000'/,
    ],
    [
      'windows that are not compacted',
      windows,
      { 'cleanup.policy': 'delete', 'retention.ms': '-1' },
      /cleanup\.policy=\[compact,delete\]/,
    ],
    [
      'windows that are deleted too soon',
      windows,
      { 'cleanup.policy': deleting, 'retention.ms': String(HOUR_MS - 1) },
      /retention\.ms=3599999.*--add-config 'retention\.ms=90000000'/,
    ],
    [
      'versions that are compacted too soon',
      'app-versions-changelog',
      { 'cleanup.policy': 'compact', 'min.compaction.lag.ms': '0' },
      /min\.compaction\.lag\.ms=0.*--add-config 'min\.compaction\.lag\.ms=90000000'/,
    ],
    [
      'a repartition topic that is compacted',
      again,
      { 'cleanup.policy': 'compact' },
      /cleanup\.policy=compact.*--add-config 'cleanup\.policy=delete,retention\.ms=-1'/,
    ],
    ['a repartition topic that deletes by age', again, { 'retention.ms': '1000' }, /retention\.ms=1000.*not read yet/],
    [
      'a repartition topic that deletes by size',
      again,
      { 'retention.ms': '-1', 'retention.bytes': '1' },
      /retention\.bytes=1:.*--add-config 'retention\.bytes=-1'/,
    ],
  ] as const) {
    it(`should refuse ${what}`, async () => {
      await assert.rejects(start(topic, configs), (error) => {
        assert.ok(error instanceof TopologyError, String(error));
        assert.equal(error.code, 'INTERNAL_TOPIC_MISMATCH', error.message);
        assert.equal(error.position.topic, topic);
        assert.match(error.message, pattern);
        return true;
      });
    });
  }

  for (const [what, topic, configs] of [
    ['changelogs that delete nothing', table, { 'cleanup.policy': deleting, 'retention.ms': '-1' }],
    ['changelogs that keep more', 'app-expiring-changelog', { 'cleanup.policy': 'compact' }],
    ['windows that keep more', windows, { 'cleanup.policy': 'compact' }],
    [
      'windows without the additional day',
      windows,
      { 'cleanup.policy': deleting, 'retention.ms': String(HOUR_MS), 'segment.ms': '1' },
    ],
    [
      'versions that are compacted late enough',
      'app-versions-changelog',
      { 'cleanup.policy': 'compact', 'min.compaction.lag.ms': String(HOUR_MS) },
    ],
    ['repartition topics that keep everything', again, { 'retention.ms': '-1' }],
  ] as const) {
    it(`should accept ${what}`, async () => {
      await start(topic, configs);
      assert.deepEqual(logger.lines, []);
    });
  }

  it('should accept what it has created itself', async () => {
    const kafka = new MemoryKafka();
    await start('other', {}, kafka);
    const client = new StreamsClient(topology(), { applicationId: 'app', kafka: kafka.clients(), logger });
    await client.start();
    await client.close();
  });

  it('should warn once, and go on, where their settings may not be seen', async () => {
    const kafka = new MemoryKafka();
    kafka.deny({ resource: 'topic', operations: ['describeConfigs'] });
    await start(table, { 'cleanup.policy': 'delete' }, kafka);
    assert.equal(logger.lines.length, 1, logger.lines.join('\n'));
    assert.match(
      logger.lines[0] ?? '',
      /settings of the internal topics are not checked: No permission.*cleanup\.policy/,
    );
  });
});
