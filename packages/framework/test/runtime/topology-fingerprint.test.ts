import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryKafka } from '../../dist/client/memory/memory-kafka.js';
import { StreamsError } from '../../dist/errors/streams-error.js';
import { StreamsClient } from '../../dist/runtime/streams-client.js';
import { adopted, fingerprintChanges, topologyFingerprint } from '../../dist/runtime/topology-fingerprint.js';
import type { Serde } from '../../dist/serde/serde.js';
import { serdes } from '../../dist/serde/serdes.js';
import { Stores } from '../../dist/state/stores/stores.js';
import { createPinoLogger } from '../../dist/telemetry/pino-logger.js';
import { VirtualClock } from '../../dist/time/virtual-clock.js';
import { Topology } from '../../dist/topology/topology.js';

const { string, int64, int32 } = serdes;

interface Shape {
  readonly name?: string;
  readonly valueSerde?: Serde<number>;
  readonly retentionMs?: number;
  /** Operators before the stores: without influence on state. */
  readonly steps?: number;
}

function topology({ name = 'counts', valueSerde = int64, retentionMs = 60_000, steps = 0 }: Shape = {}): Topology {
  const supplier = () => ({ process: () => undefined });
  const built = new Topology().addSource('in', { topics: 'in', keyDeserializer: string, valueDeserializer: string });
  for (let i = 0; i < steps; i++) built.addProcessor(`step-${i}`, { parents: 'in', supplier });
  return built
    .addProcessor('use', { parents: 'in', supplier })
    .addStateStore(Stores.keyValueStore({ name, keySerde: string, valueSerde }), 'use')
    .addStateStore(
      Stores.windowStore({ name: 'windows', keySerde: string, valueSerde: int64, retentionMs, windowSizeMs: 1_000 }),
      'use',
    );
}

const fingerprint = (shape?: Shape, partitions = 2): ReturnType<typeof topologyFingerprint> =>
  topologyFingerprint(topology(shape).plan(), () => partitions);

describe('topology fingerprint', () => {
  it('should change with serdes, windows and partition counts, and with nothing else', () => {
    assert.deepEqual(fingerprintChanges(fingerprint(), fingerprint({ steps: 3 })), []);
    assert.deepEqual(fingerprintChanges(fingerprint(), fingerprint({ name: 'other' })), []);
    const [serde, ...others] = fingerprintChanges(fingerprint(), fingerprint({ valueSerde: int32 }));
    assert.match(serde ?? '', /^store counts was .*int64.*, and is .*int32.* now$/);
    assert.deepEqual(others, []);
    assert.match(fingerprintChanges(fingerprint(), fingerprint({ retentionMs: 90_000 })).join(), /windows was .*60000/);
    assert.equal(fingerprintChanges(fingerprint(), fingerprint({}, 3)).length, 2);
  });

  it('should remember stores that are gone', () => {
    const kept = adopted('here', undefined, fingerprint());
    const renamed = adopted('here', kept, fingerprint({ name: 'other' }));
    assert.ok(renamed !== undefined);
    assert.equal(adopted('here', renamed, fingerprint()), undefined);
    assert.throws(() => adopted('Here', renamed, fingerprint({ valueSerde: int32 })), { code: 'STATE_INCOMPATIBLE' });
  });

  it('should keep an application from starting on state that it would misread', async () => {
    const clock = new VirtualClock();
    const kafka = new MemoryKafka({ clock, seed: 1 });
    kafka.createTopic({ topic: 'in', partitions: 2 });
    const stateDir = mkdtempSync(join(tmpdir(), 'millrace-fingerprint-'));
    const start = async (shape: Shape): Promise<void> => {
      const app = new StreamsClient(topology(shape), {
        ...{ applicationId: 'app', kafka: kafka.clients('process-1'), clock, stateDir },
        logger: createPinoLogger({ level: 'silent' }),
      });
      await clock.run(app.start());
      await clock.runUntil(() => app.state === 'RUNNING');
      await clock.run(app.close());
    };
    try {
      await start({});
      await start({ steps: 1 });
      await assert.rejects(start({ valueSerde: int32 }), (error: unknown) => {
        assert.ok(StreamsError.is(error));
        assert.equal(error.code, 'STATE_INCOMPATIBLE');
        assert.match(error.message, /store counts was key-value\|/);
        assert.ok(error.message.includes(join(stateDir, 'app')), error.message);
        return true;
      });
      await start({ name: 'counts-2', valueSerde: int32 });
      await start({});
    } finally {
      rmSync(stateDir, { recursive: true, force: true });
    }
  });
});
