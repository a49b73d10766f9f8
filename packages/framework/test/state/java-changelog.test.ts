import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { serdes } from '../../dist/serde/serdes.js';
import { toBuffer, toByteString } from '../../dist/state/engine/byte-string.js';
import { Segments } from '../../dist/state/stores/segments.js';
import { PlainValueCodec, SerdeCodec, TimestampedValueCodec } from '../../dist/state/stores/serde-codec.js';
import { SessionLayout } from '../../dist/state/stores/session-layout.js';
import type { StateStore } from '../../dist/state/stores/state-store.js';
import type { StoreBuilder } from '../../dist/state/stores/store-builder.js';
import type { RestoreRecord } from '../../dist/state/stores/store-environment.js';
import { Stores } from '../../dist/state/stores/stores.js';
import { WindowLayout } from '../../dist/state/stores/window-layout.js';
import { Windowed } from '../../dist/time/windowed.js';
import { StateHarness } from './state-harness.js';

interface Write {
  readonly store: string;
  readonly key: string;
  readonly value: string | null;
  readonly recordTime: number;
  readonly time: number;
  readonly end: number;
  readonly record: { readonly key: string; readonly value: string | null; readonly timestamp: number };
}

interface SchemaVector {
  readonly schema: 'window' | 'session' | 'value-and-timestamp';
  readonly key: string;
  readonly time: number;
  readonly extra: number;
  readonly bytes: string;
}

// Tests run from dist-test, the table stays with the sources.
const table = new URL('../../test/state/java/changelog-vectors.json', import.meta.url);
const vectors = JSON.parse(readFileSync(table, 'utf8')) as {
  writes: readonly Write[];
  schemas: readonly SchemaVector[];
};

const DAY_MS = 86_400_000;

/** A store of each kind and how one write of the table is made to it. */
interface StoreCase<S extends StateStore = StateStore, R = unknown> {
  readonly builder: StoreBuilder<S, R>;
  readonly write: (store: S, write: Write) => void;
  /** Everything in the store, to compare with after a restore. */
  readonly dump: (store: S) => unknown;
}

/** Hides the types of one case, so that different ones fit in one table. */
function storeCase<S extends StateStore, R>(parts: StoreCase<S, R>): StoreCase {
  return parts as unknown as StoreCase;
}

function cases(): Readonly<Record<string, StoreCase>> {
  const common = { engine: 'memory', keySerde: serdes.string, valueSerde: serdes.string } as const;
  const windows = { ...common, retentionMs: DAY_MS, windowSizeMs: 60_000 };
  const timed = (value: string | null, timestampMs: number) => (value === null ? null : { value, timestampMs });
  return {
    'key-value': storeCase({
      builder: Stores.keyValueStore({ ...common, name: 'key-value' }),
      write: (store, { key, value }) => store.put(key, value),
      dump: (store) => [...store.all()],
    }),
    'timestamped-key-value': storeCase({
      builder: Stores.timestampedKeyValueStore({ ...common, name: 'timestamped-key-value' }),
      write: (store, { key, value, time }) => store.put(key, timed(value, time)),
      dump: (store) => [...store.all()],
    }),
    window: storeCase({
      builder: Stores.windowStore({ ...windows, name: 'window' }),
      write: (store, { key, value, time }) => store.put(key, value, time),
      dump: (store) => [...store.all()],
    }),
    'timestamped-window': storeCase({
      builder: Stores.timestampedWindowStore({ ...windows, name: 'timestamped-window' }),
      write: (store, { key, value, time, end }) => store.put(key, timed(value, end), time),
      dump: (store) => [...store.all()],
    }),
    duplicates: storeCase({
      builder: Stores.windowStore({ ...windows, name: 'duplicates', retainDuplicates: true }),
      write: (store, { key, value, time }) => store.put(key, value, time),
      dump: (store) => [...store.all()],
    }),
    session: storeCase({
      builder: Stores.sessionStore({ ...common, name: 'session', retentionMs: DAY_MS }),
      write: (store, { key, value, time, end }) => store.put(new Windowed(key, { startMs: time, endMs: end }), value),
      dump: (store) => [...store.findSessionsOfKeys(undefined, undefined, 0, Number.MAX_SAFE_INTEGER)],
    }),
    versioned: storeCase({
      builder: Stores.versionedKeyValueStore({ ...common, name: 'versioned', historyRetentionMs: DAY_MS }),
      write: (store, { key, value, time }) => store.put(key, value, time),
      dump: (store) => vectors.writes.map(({ key }) => [...store.versions(key, 0, Number.MAX_SAFE_INTEGER)]),
    }),
  };
}

function toRecord({ record }: Write): RestoreRecord {
  const { key, value, timestamp } = record;
  return { key: Buffer.from(key, 'hex'), value: value === null ? null : Buffer.from(value, 'hex'), timestamp };
}

/** Sequence numbers (the last 4 bytes) need only differ: Kafka Streams spends one on a null, which does nothing. */
function withoutSequence(store: string, { key, value, timestamp }: RestoreRecord): unknown {
  return { key: store === 'duplicates' ? key?.subarray(0, -4) : key, value, timestamp };
}

describe('changelogs against Kafka Streams', () => {
  for (const [name, { builder, write, dump }] of Object.entries(cases())) {
    const writes = vectors.writes.filter(
      ({ store, value }) => store === name && (store !== 'duplicates' || value !== null),
    );

    it(`should write the same records: ${name}`, () => {
      assert.ok(writes.length >= 15);
      const harness = new StateHarness(builder);
      for (const each of writes) {
        harness.recordTimestampMs = each.recordTime;
        write(harness.store, each);
        harness.commit();
        const made = harness.changelog.at(-1) as RestoreRecord;
        assert.deepEqual(withoutSequence(name, made), withoutSequence(name, toRecord(each)));
      }
      assert.equal(harness.changelog.length, writes.length);
      harness.close();
    });

    it(`should restore Kafka Streams' records: ${name}`, () => {
      const written = new StateHarness(builder);
      for (const each of writes) write(written.store, each);
      const restored = new StateHarness(builder);
      restored.state.restore(name, writes.map(toRecord), writes.length);
      assert.deepEqual(dump(restored.store), dump(written.store));
      written.close();
      restored.close();
    });
  }
});

describe('key and value bytes against Kafka Streams', () => {
  const segments = new Segments(DAY_MS);
  const codec = new TimestampedValueCodec(new SerdeCodec('s', 't', 'value', serdes.string));
  const plain = new PlainValueCodec(new SerdeCodec('s', 't', 'value', serdes.string));

  it('should lay out window keys, session keys and timestamped values alike', () => {
    assert.ok(vectors.schemas.length > 90);
    for (const { schema, key, time, extra, bytes } of vectors.schemas) {
      const text = toByteString(Buffer.from(key));
      const window = new WindowLayout(segments);
      const session = new SessionLayout(segments);
      const made = {
        window: () => window.changelogKey(window.engineKey(text, time, extra)),
        session: () => session.changelogKey(session.engineKey(text, time, extra)),
        'value-and-timestamp': () => codec.encode({ value: key, timestampMs: time }),
      }[schema]();
      assert.equal(toBuffer(made).toString('hex'), bytes);
      if (schema === 'value-and-timestamp') {
        assert.deepEqual(codec.decode(made), { value: key, timestampMs: time });
        assert.equal(codec.toChangelog(made), plain.encode(key));
      }
    }
  });
});
