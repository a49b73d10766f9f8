import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Serde } from '../../dist/serde/serde.js';
import { serdes } from '../../dist/serde/serdes.js';

type VectorValue = string | null | readonly VectorValue[];

interface Vector {
  readonly serde: string;
  readonly value: VectorValue;
  readonly hex: string;
}

// Tests run from dist-test, the table stays with the sources.
const table = new URL('../../test/serde/java/serde-vectors.json', import.meta.url);
const vectors = JSON.parse(readFileSync(table, 'utf8')) as readonly Vector[];

const kinds: Readonly<Record<string, readonly [Serde<unknown>, (text: string) => unknown]>> = {
  int16: [serdes.int16 as Serde<unknown>, Number],
  int32: [serdes.int32 as Serde<unknown>, Number],
  int64: [serdes.int64 as Serde<unknown>, Number],
  bigint64: [serdes.bigint64 as Serde<unknown>, BigInt],
  float32: [serdes.float32 as Serde<unknown>, Number],
  float64: [serdes.float64 as Serde<unknown>, Number],
  boolean: [serdes.boolean as Serde<unknown>, (text) => text === 'true'],
  string: [serdes.string as Serde<unknown>, String],
  uuid: [serdes.uuid as Serde<unknown>, (text) => text.toLowerCase()],
};

describe('serdes against the Java serializers', () => {
  it('should have vectors of every kind', () => {
    const present = new Set(vectors.map(({ serde }) => serde.replace('list:', '')));
    assert.deepEqual([...present].sort(), Object.keys(kinds).sort());
    assert.ok(vectors.length >= 60);
  });

  for (const { serde: name, value, hex } of vectors) {
    it(`should write and read ${name} ${JSON.stringify(value)} as 0x${hex}`, () => {
      const [plain, parse] = kinds[name.replace('list:', '')] ?? assert.fail(`no serde for ${name}`);
      const serde = name.startsWith('list:') ? (serdes.list(plain) as Serde<unknown>) : plain;
      const toValue = (vector: VectorValue): unknown =>
        typeof vector === 'string' ? parse(vector) : vector === null ? null : vector.map(toValue);
      assert.equal(serde.serialize('t', toValue(value)).toString('hex'), hex);
      assert.deepEqual(serde.deserialize('t', Buffer.from(hex, 'hex')), toValue(value));
    });
  }
});
