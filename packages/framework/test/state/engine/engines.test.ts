import assert from 'node:assert/strict';
import { join } from 'node:path';
import fc from 'fast-check';
import type { StateEngine } from '../../../dist/state/engine/engine.js';
import { LmdbEngine } from '../../../dist/state/engine/lmdb/lmdb-engine.js';
import { MemoryEngine } from '../../../dist/state/engine/memory-engine.js';
import { removeTemporaryDirectories, temporaryDirectory } from '../state-harness.js';

const NONE: ReadonlyMap<string, string | null> = new Map();

/** `a1900b` stands for 1900 times `a`, then `b`. */
function expand(text: string): string {
  return text.replace(/^(.)(1899|1900|1901)/s, (_all, start: string, length: string) => start.repeat(Number(length)));
}

function expandBound(text: string | null): string | null {
  return text === null ? null : expand(text);
}

/** Of different keys in this test different texts. */
function brief(key: string): string {
  return key.length < 1000 ? key : `${key.slice(0, 1)} ... ${key.length} ... ${key.slice(-4)}`;
}

const engines: Readonly<Record<string, () => StateEngine>> = {
  memory: () => new MemoryEngine(),
  lmdb: () => new LmdbEngine({ file: join(temporaryDirectory(), 'data.mdb'), isDurable: false }),
};

for (const [name, open] of Object.entries(engines)) {
  describe(`state engine ${name}`, () => {
    afterEach(removeTemporaryDirectories);

    it('should scan as a sorted map does, with every kind of bound, direction and limit', () => {
      const byte = fc.constantFrom('\0', '\u0001', 'a', '\u00ff');
      const short = fc.array(byte, { maxLength: 3 }).map((bytes) => bytes.join(''));
      const long = fc.tuple(fc.constantFrom('a', '\0'), fc.constantFrom(1899, 1900, 1901), short);
      // Mapped to short texts, so that a counterexample can be read; expanded below.
      const key = fc.oneof(
        short,
        long.map(([start, length, end]) => `${start}${length}${end}`),
      );
      const entry = fc.tuple(key, fc.option(fc.string({ unit: byte, maxLength: 5 })));
      const scan = fc.record({ from: fc.option(key), to: fc.option(key), isReverse: fc.boolean(), limit: fc.nat(8) });
      fc.assert(
        fc.property(
          fc.array(fc.array(entry), { maxLength: 4 }),
          fc.array(scan, { maxLength: 20 }),
          (shortWrites, shortScans) => {
            const writes = shortWrites.map((write) => write.map(([at, value]) => [expand(at), value] as const));
            const scans = shortScans.map((each) => ({
              ...each,
              from: expandBound(each.from),
              to: expandBound(each.to),
            }));
            const engine = open();
            const store = engine.openStore('s');
            const model = new Map<string, string>();
            for (const write of writes) {
              const changes = new Map(write);
              engine.write([{ store: 's', changes }], NONE);
              for (const [at, value] of changes) {
                if (value === null) model.delete(at);
                else model.set(at, value);
              }
            }
            for (const { from, to, isReverse, limit } of scans) {
              const found = [...model]
                .filter(([at]) => (from === null || at >= from) && (to === null || at < to))
                .sort(([a], [b]) => (a < b === isReverse ? 1 : -1))
                .slice(0, limit);
              const scanned = store.scan(from ?? undefined, to ?? undefined, isReverse, limit);
              assert.deepEqual(
                scanned.map((each) => [brief(each.key), each.value]),
                found.map(([at, value]) => [brief(at), value]),
              );
              if (from !== null) assert.equal(store.get(from), model.get(from));
            }
            engine.close();
          },
        ),
        { numRuns: name === 'memory' ? 300 : 80 },
      );
    }).timeout(60_000);

    it('should purge up to its limit and say whether there is more', () => {
      const engine = open();
      const long = 'b'.repeat(2000);
      const keys = ['a', 'b', long, `${long}x`, 'c', 'd'];
      engine.write([{ store: 's', changes: keys.map((key) => [key, key] as const) }], NONE);
      const store = engine.openStore('s');
      const rest = (): string[] => store.scan(undefined, undefined, false, 99).map(({ key }) => key);
      const purge = (from: string, to: string, limit: number): readonly string[] =>
        engine.write([{ store: 's', changes: [], purge: { from, to, limit } }], NONE);
      assert.deepEqual(purge('', 'c', 1), ['s']);
      assert.deepEqual(rest(), ['b', long, `${long}x`, 'c', 'd']);
      assert.deepEqual(purge('', `${long}x`, 10), []);
      assert.deepEqual(rest(), [`${long}x`, 'c', 'd']);
      assert.deepEqual(purge('', 'd', 10), []);
      assert.deepEqual(rest(), ['d']);
      engine.close();
    });

    it('should keep stores and metadata apart', () => {
      const engine = open();
      engine.write([{ store: 'a', changes: [['k', 'a']] }], new Map([['offset:a', '5']]));
      engine.write([{ store: 'b', changes: [['k', 'b']] }], new Map([['offset:b', '6']]));
      assert.equal(engine.openStore('a').get('k'), 'a');
      assert.equal(engine.openStore('b').get('k'), 'b');
      assert.equal(engine.openStore('a').approximateEntries(), 1);
      assert.deepEqual(
        [...engine.metadataEntries('offset:')],
        [
          ['offset:a', '5'],
          ['offset:b', '6'],
        ],
      );
      engine.write([], new Map([['offset:a', null]]));
      assert.equal(engine.metadata('offset:a'), undefined);
      assert.ok(engine.approximateBytes() > 0);
      engine.close();
    });

    it('should keep values of any size', () => {
      const engine = open();
      const values = ['', 'x', 'y'.repeat(5000), '\u00ff'.repeat(70_000), 'z'.repeat(3_000_000)];
      engine.write([{ store: 's', changes: values.map((value, at) => [String(at), value] as const) }], NONE);
      const store = engine.openStore('s');
      const scanned = store.scan(undefined, undefined, false, 10);
      values.forEach((value, at) => {
        assert.ok(store.get(String(at)) === value);
        assert.ok(scanned[at]?.value === value);
      });
      engine.close();
    });
  });
}

describe('state engine lmdb on disk', () => {
  afterEach(removeTemporaryDirectories);

  it('should apply nothing of a write that fails half way', () => {
    const file = join(temporaryDirectory(), 'data.mdb');
    const engine = new LmdbEngine({ file, isDurable: false });
    engine.write([{ store: 'a', changes: [['k', '1']] }], new Map([['offset:a', '1']]));
    const failing = (function* (): Generator<readonly [string, string]> {
      yield ['k', '2'];
      throw new Error('broken');
    })();
    const writes = [
      { store: 'a', changes: [['k', '2']] as const },
      { store: 'b', changes: failing },
    ];
    assert.throws(() => engine.write(writes, new Map([['offset:a', '2']])), { code: 'STATE_ENGINE_FAILED' });
    assert.equal(engine.openStore('a').get('k'), '1');
    assert.equal(engine.metadata('offset:a'), '1');
    engine.close();
  });

  it('should find everything again after it was closed', () => {
    const file = join(temporaryDirectory(), 'data.mdb');
    for (let run = 0; run < 3; run++) {
      const engine = new LmdbEngine({ file, isDurable: run === 1 });
      if (run > 0) assert.equal(engine.openStore('s').get('run'), String(run - 1));
      engine.write([{ store: 's', changes: [['run', String(run)]] }], new Map());
      engine.sync();
      engine.close();
    }
  });

  it('should let a file grow far beyond its first map', () => {
    const engine = new LmdbEngine({ file: join(temporaryDirectory(), 'data.mdb'), isDurable: false });
    const value = 'v'.repeat(1_000_000);
    for (let batch = 0; batch < 6; batch++) {
      const changes = Array.from(
        { length: 50 },
        (_, at) => [`${batch}-${String(at).padStart(2, '0')}`, value] as const,
      );
      engine.write([{ store: 's', changes }], new Map());
    }
    assert.ok(engine.approximateBytes() > 290_000_000);
    assert.ok(engine.openStore('s').get('5-49') === value);
    assert.equal(engine.openStore('s').approximateEntries(), 300);
    engine.close();
  }).timeout(60_000);
});
