import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { SerdeError, serdes } from '../../dist/index.js';
import { ChangeSerde } from '../../dist/operators/change-serde.js';

/** Made by Kafka Streams, see `../topology/java/README.md`. */
const vectors = readFileSync(new URL('../../test/topology/java/change-vectors.tsv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => {
    const [oldText = '', newText = '', hex = ''] = line.split('\t');
    const valueOf = (text: string): string | null => (text === 'null' ? null : text.slice(1, -1));
    return { change: { oldValue: valueOf(oldText), newValue: valueOf(newText) }, bytes: Buffer.from(hex, 'hex') };
  });

const serde = new ChangeSerde(serdes.string);

describe('ChangeSerde', () => {
  it('should write and read the bytes of Kafka Streams', () => {
    assert.ok(vectors.length > 40);
    for (const { change, bytes } of vectors) {
      assert.deepEqual(serde.serialize('t', change), bytes);
      assert.deepEqual(serde.deserialize('t', bytes), change);
    }
  });

  it('should read what later versions may write, with a byte that says whether the change is the latest', () => {
    assert.deepEqual(serde.deserialize('t', Buffer.from('61620103', 'hex')), { oldValue: 'ab', newValue: null });
    assert.deepEqual(serde.deserialize('t', Buffer.from('61620104', 'hex')), { oldValue: null, newValue: 'ab' });
    assert.deepEqual(serde.deserialize('t', Buffer.from('0261620005', 'hex')), { oldValue: 'b', newValue: 'a' });
  });

  it('should give back whatever was written', () => {
    const value = fc.option(fc.string());
    fc.assert(
      fc.property(value, value, (oldValue, newValue) => {
        fc.pre(oldValue !== null || newValue !== null);
        assert.deepEqual(serde.deserialize('t', serde.serialize('t', { oldValue, newValue })), { oldValue, newValue });
      }),
    );
  });

  it('should refuse bytes that are no change, or a change of nothing', () => {
    for (const hex of ['', '09', '6107', 'ff02', '046102', '8080808080808002']) {
      assert.throws(
        () => serde.deserialize('t', Buffer.from(hex, 'hex')),
        (error) => error instanceof SerdeError && error.message.includes("'t'"),
        hex,
      );
    }
    assert.throws(() => serde.serialize('t', { oldValue: null, newValue: null }), /neither an old nor a new value/);
  });
});
