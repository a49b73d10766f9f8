import assert from 'node:assert/strict';
import { StreamsBuilder } from '../../dist/dsl/streams-builder.js';
import { serdes } from '../../dist/serde/serdes.js';
import { Stores } from '../../dist/state/stores/stores.js';

const STRINGS = { keySerde: serdes.string, valueSerde: serdes.string } as const;
const DAY_MS = 86_400_000;

describe('store builders', () => {
  it('should describe the changelog topics as Kafka Streams sets them up', () => {
    const plain = Stores.keyValueStore({ ...STRINGS, name: 'kv' });
    assert.equal(plain.changelog?.suffix, 'kv-changelog');
    assert.deepEqual(plain.changelog.topicConfig(), {
      'cleanup.policy': 'compact',
      'message.timestamp.type': 'CreateTime',
    });
    const windows = Stores.windowStore({ ...STRINGS, name: 'w', retentionMs: 1000, windowSizeMs: 100 });
    assert.deepEqual(windows.changelog?.topicConfig(), {
      'cleanup.policy': 'compact,delete',
      'message.timestamp.type': 'CreateTime',
      'retention.ms': String(1000 + DAY_MS),
    });
    const sessions = Stores.sessionStore({ ...STRINGS, name: 's', retentionMs: 1000 });
    assert.equal(sessions.changelog?.topicConfig({ additionalRetentionMs: 5 })['retention.ms'], '1005');
    const versions = Stores.versionedKeyValueStore({ ...STRINGS, name: 'v', historyRetentionMs: 1000 });
    assert.deepEqual(versions.changelog?.topicConfig({ additionalRetentionMs: 5 }), {
      'cleanup.policy': 'compact',
      'message.timestamp.type': 'CreateTime',
      'min.compaction.lag.ms': String(1000 + DAY_MS),
    });
  });

  it('should let the builder override the application, and the application Millrace', () => {
    const topicConfig = { 'retention.ms': '7', 'segment.bytes': '1048576' };
    const windows = Stores.windowStore({
      ...STRINGS,
      name: 'w',
      retentionMs: 1000,
      windowSizeMs: 100,
      changelog: { topicConfig },
    });
    assert.deepEqual(
      windows.changelog?.topicConfig({
        defaults: { 'segment.bytes': '2', 'cleanup.policy': 'delete', 'min.insync.replicas': '2' },
      }),
      {
        'cleanup.policy': 'delete',
        'message.timestamp.type': 'CreateTime',
        'min.insync.replicas': '2',
        'retention.ms': '7',
        'segment.bytes': '1048576',
      },
    );
  });

  it('should change the fingerprint with kind, serdes and times only', () => {
    const fingerprints = [
      Stores.keyValueStore({ ...STRINGS, name: 'a' }),
      Stores.timestampedKeyValueStore({ ...STRINGS, name: 'a' }),
      Stores.keyValueStore({ ...STRINGS, name: 'a', valueSerde: serdes.int32 }),
      Stores.sessionStore({ ...STRINGS, name: 'a', retentionMs: 1 }),
      Stores.sessionStore({ ...STRINGS, name: 'a', retentionMs: 2 }),
    ].map(({ fingerprint }) => fingerprint);
    assert.equal(new Set(fingerprints).size, fingerprints.length);
    const other = Stores.keyValueStore({ ...STRINGS, name: 'b', engine: 'memory', caching: true });
    assert.equal(other.fingerprint, fingerprints[0]);
  });

  it('should refuse names that are no topic names, and times that make no sense', () => {
    const bad = { code: 'STORE_INVALID_OPTION' };
    for (const name of ['', 'a b', 'ä', '..', 'x'.repeat(201)]) {
      assert.throws(() => Stores.keyValueStore({ ...STRINGS, name }), bad, name);
    }
    const window = { ...STRINGS, name: 'w', windowSizeMs: 100 };
    assert.throws(() => Stores.windowStore({ ...window, retentionMs: 99 }), {
      ...bad,
      message: /retentionMs.*at least 100/,
    });
    assert.throws(() => Stores.windowStore({ ...window, retentionMs: 1.5e300 }), bad);
    assert.throws(
      () => Stores.windowStore({ ...window, retentionMs: 1000, retainDuplicates: true, caching: true }),
      bad,
    );
    assert.throws(() => Stores.sessionStore({ ...STRINGS, name: 's', retentionMs: 0 }), bad);
    assert.throws(() => Stores.versionedKeyValueStore({ ...STRINGS, name: 'v', historyRetentionMs: -1 }), bad);
  });

  it('should refuse options that do not exist or have no meaning, wherever they come from', () => {
    const refusals: readonly [Record<string, unknown>, RegExp][] = [
      [{ cachingDisabled: true }, /Store s: there is no option 'cachingDisabled'; there are name, .*caching/],
      [{ retentionMs: 5 }, /no option 'retentionMs'/],
      [{ engine: 'rocksdb' }, /engine must be 'lmdb' or 'memory'/],
      [{ caching: 'no' }, /caching must be true or false/],
      [{ changelog: false }, /changelog must be an object, e\.g\. { enabled: false }/],
      [{ changelog: { enable: false } }, /no option 'changelog\.enable'/],
      [{ changelog: { enabled: 'no' } }, /changelog\.enabled must be true or false/],
      [{ changelog: { topicConfig: { 'segment.ms': 5 } } }, /'segment\.ms' must be a text/],
    ];
    for (const [options, message] of refusals) {
      const error = { code: 'STORE_INVALID_OPTION', message };
      assert.throws(() => Stores.keyValueStore({ ...STRINGS, name: 's', ...options }), error);
      const grouped = new StreamsBuilder(STRINGS).stream<string, string>('in').groupByKey();
      assert.throws(() => grouped.count({ name: 's', ...options }), error);
    }
    const lacking: object = { name: 's', keySerde: serdes.string };
    assert.throws(() => Stores.keyValueStore({ ...(lacking as typeof STRINGS & { name: string }) }), {
      code: 'STORE_INVALID_OPTION',
      message: /Store s: valueSerde is missing/,
    });
    const versioned = { ...STRINGS, name: 's', historyRetentionMs: 1, caching: true };
    assert.throws(() => Stores.versionedKeyValueStore(versioned), { message: /no option 'caching'/ });
  });
});
