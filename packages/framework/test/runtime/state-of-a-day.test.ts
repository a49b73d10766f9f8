import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KafkaAdmin, NewTopic } from '../../dist/client/port.js';
import { MemoryKafka } from '../../dist/client/memory/memory-kafka.js';
import { ContextualProcessor } from '../../dist/processor/contextual-processor.js';
import type { ProcessorContext } from '../../dist/processor/processor-context.js';
import type { StreamRecord } from '../../dist/processor/record.js';
import { StreamsClient } from '../../dist/runtime/streams-client.js';
import { serdes } from '../../dist/serde/serdes.js';
import { openFileStorage, type OpenStateStorage } from '../../dist/state/directory/state-storage.js';
import type { StateEngine } from '../../dist/state/engine/engine.js';
import { QueryableStores } from '../../dist/state/queries/queryable-stores.js';
import type { SessionStore } from '../../dist/state/stores/session-store.js';
import { Stores } from '../../dist/state/stores/stores.js';
import type { WindowStore } from '../../dist/state/stores/window-store.js';
import { createPinoLogger } from '../../dist/telemetry/pino-logger.js';
import { VirtualClock } from '../../dist/time/virtual-clock.js';
import { Windowed } from '../../dist/time/windowed.js';
import { Topology } from '../../dist/topology/topology.js';

const { string, int64 } = serdes;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const KEYS = 20;
const RETENTION_MS = HOUR_MS;
/** What the changelogs keep beyond the stores' retention: a day by default, so that nothing would go in this test. */
const ADDITIONAL_RETENTION_MS = HOUR_MS;
/** A key has a record a minute for five minutes, then none for five. */
const GAP_MS = 2 * MINUTE_MS;
const WINDOWS_PER_HOUR = KEYS * 30;
const SESSIONS_PER_HOUR = KEYS * 6;
const STORES = ['windows', 'sessions'] as const;

/** Counts records per key and minute, and per key and session. */
class Counter extends ContextualProcessor<string, string, never, never> {
  #windows!: WindowStore<string, number>;
  #sessions!: SessionStore<string, number>;

  override init(context: ProcessorContext<never, never>): void {
    void super.init(context);
    this.#windows = context.getStateStore('windows');
    this.#sessions = context.getStateStore('sessions');
  }

  override process({ key, timestamp }: StreamRecord<string, string>): void {
    const windowStart = timestamp - (timestamp % MINUTE_MS);
    this.#windows.put(key, (this.#windows.get(key, windowStart) ?? 0) + 1, windowStart);
    let [startMs, endMs, count] = [timestamp, timestamp, 1];
    const joined = [...this.#sessions.findSessions(key, timestamp - GAP_MS, timestamp + GAP_MS)];
    for (const [session, value] of joined) {
      startMs = Math.min(startMs, session.window.startMs);
      endMs = Math.max(endMs, session.window.endMs);
      count += value;
      this.#sessions.remove(session);
    }
    this.#sessions.put(new Windowed(key, { startMs, endMs }), count);
  }
}

function topology(): Topology {
  const store = { keySerde: string, valueSerde: int64, engine: 'lmdb', retentionMs: RETENTION_MS } as const;
  return new Topology()
    .addSource('in', { topics: 'in', keyDeserializer: string, valueDeserializer: string })
    .addProcessor('count', { parents: 'in', supplier: () => new Counter() })
    .addStateStore(Stores.windowStore({ ...store, name: 'windows', windowSizeMs: MINUTE_MS }), 'count')
    .addStateStore(Stores.sessionStore({ ...store, name: 'sessions' }), 'count');
}

/** A client whose engines can be looked into. */
class World {
  readonly clock = new VirtualClock();
  readonly kafka = new MemoryKafka({ clock: this.clock, seed: 1 });
  readonly #engines: StateEngine[] = [];
  /** Settings that the application has created its topics with. */
  readonly #configs = new Map<string, NewTopic['configs']>();

  constructor(readonly directory: string) {
    this.kafka.createTopic({ topic: 'in', partitions: 1 });
    this.kafka.injectFailures({
      before: ({ kind, args }) => {
        if (kind === 'admin.createTopic') {
          const [{ topic, configs }] = args as readonly [NewTopic];
          this.#configs.set(topic, configs);
        }
        return undefined;
      },
    });
  }

  async start(identity: string): Promise<StreamsClient> {
    const open: OpenStateStorage = (...args) => {
      const storage = openFileStorage(...args);
      const openTask = (taskId: string): ReturnType<typeof storage.openTask> => {
        const task = storage.openTask(taskId);
        this.#engines.push(task.engine);
        return task;
      };
      return Object.assign(Object.create(storage) as typeof storage, { openTask });
    };
    const client = new StreamsClient(
      topology(),
      {
        ...{ applicationId: 'app', kafka: this.kafka.clients(identity), clock: this.clock },
        ...{ processingGuarantee: 'exactly_once_v2', stateDir: join(this.directory, identity) },
        windowChangelogAdditionalRetentionMs: ADDITIONAL_RETENTION_MS,
        logger: createPinoLogger({ level: 'silent' }),
      },
      open,
    );
    await this.clock.run(client.start());
    return client;
  }

  get engine(): StateEngine {
    const engine = this.#engines.at(-1);
    assert.ok(engine);
    return engine;
  }

  feedHour(hour: number): number {
    let fed = 0;
    for (let timestamp = hour * HOUR_MS; timestamp < (hour + 1) * HOUR_MS; timestamp += MINUTE_MS) {
      for (let i = 0; i < KEYS; i++) {
        if ((timestamp / MINUTE_MS + i) % 10 >= 5) continue;
        this.kafka.append('in', 0, { key: Buffer.from(`k${i}`), value: Buffer.from('x'), timestamp });
        fed++;
      }
    }
    return fed;
  }

  /** What a broker's cleaner does: the last record of each key stays, and of those what is younger than the retention. */
  async clean(admin: KafkaAdmin, nowMs: number): Promise<void> {
    for (const store of STORES) {
      const topic = `app-${store}-changelog`;
      this.kafka.compact(topic, { dropsTombstones: true });
      const live = this.kafka.records(topic, 0).find(({ timestamp }) => timestamp > nowMs - this.retentionMs(topic));
      if (live !== undefined) await this.clock.run(admin.deleteRecords([{ topic, partition: 0, offset: live.offset }]));
    }
  }

  retentionMs(topic: string): number {
    return Number(this.#configs.get(topic)?.['retention.ms']);
  }

  content(client: StreamsClient): unknown[] {
    const windows = [...client.store('windows', QueryableStores.window<string, number>()).all()];
    const sessions = [
      ...client
        .store('sessions', QueryableStores.session<string, number>())
        .findSessionsOfKeys(undefined, undefined, 0, Number.MAX_SAFE_INTEGER),
    ];
    return [...windows, ...sessions].map(([{ key, window }, value]) => [key, window.startMs, window.endMs, value]);
  }
}

describe('state of a day', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'millrace-day-'))));
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('should stay within two hours of windows and sessions, in files and changelogs, with an hour of retention', async () => {
    const world = new World(directory);
    const client = await world.start('process-1');
    const admin = world.kafka.clients('cleaner').admin();
    await world.clock.run(admin.connect());
    const sizes: { hour: number; entries: number[]; logged: number[]; bytes: number }[] = [];
    let fed = 0;
    for (let hour = 0; hour < 24; hour++) {
      fed += world.feedHour(hour);
      await world.clock.runUntil(() => client.metrics.processedRecords >= fed);
      // Longer than committed changes wait to be written to the files.
      await world.clock.advance(15_000);
      await world.clean(admin, (hour + 1) * HOUR_MS);
      sizes.push({
        hour,
        entries: STORES.map((store) => world.engine.openStore(store).approximateEntries()),
        logged: STORES.map((store) => world.kafka.records(`app-${store}-changelog`, 0).length),
        bytes: world.engine.approximateBytes(),
      });
    }
    for (const store of STORES)
      assert.equal(world.retentionMs(`app-${store}-changelog`), RETENTION_MS + ADDITIONAL_RETENTION_MS);
    for (const { hour, entries, logged, bytes } of sizes.slice(2)) {
      for (const [index, perHour] of [WINDOWS_PER_HOUR, SESSIONS_PER_HOUR].entries()) {
        const [inEngine = 0, inChangelog = 0] = [entries[index], logged[index]];
        assert.ok(inEngine >= perHour && inEngine <= 2 * perHour, `${STORES[index]}: ${inEngine} in hour ${hour}`);
        // A session that goes over the hour is in both.
        assert.ok(inChangelog <= 2 * perHour + KEYS, `changelog of ${STORES[index]}: ${inChangelog} in hour ${hour}`);
      }
      assert.ok(bytes <= 2 * (sizes[5]?.bytes ?? 0), `${bytes} bytes in hour ${hour}`);
    }
    const before = world.content(client);
    assert.ok(before.length >= WINDOWS_PER_HOUR + SESSIONS_PER_HOUR - KEYS, String(before.length));
    await world.clock.run(client.close());
    const heir = await world.start('process-2');
    await world.clock.runUntil(() => heir.state === 'RUNNING' && heir.tasks.get('0_0') === 'running');
    assert.deepEqual(world.content(heir), before);
    await world.clock.run(heir.close());
  }).timeout(60_000);
});
