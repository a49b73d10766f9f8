import assert from 'node:assert/strict';
import fc from 'fast-check';
import { serdes } from '../../dist/serde/serdes.js';
import type { Serde } from '../../dist/serde/serde.js';
import { toByteString } from '../../dist/state/engine/byte-string.js';
import { SerdeCodec } from '../../dist/state/stores/serde-codec.js';

function codecOf<T>(serde: Serde<T>, part: 'key' | 'value' = 'value'): SerdeCodec<T> {
  return new SerdeCodec('store', 'topic', part, serde);
}

describe('SerdeCodec', () => {
  it('should keep text and JSON in the very bytes of their serdes', () => {
    const units = (largest: number): fc.Arbitrary<string> =>
      fc.array(fc.nat(largest), { maxLength: 40 }).map((codes) => String.fromCharCode(...codes));
    const text = fc.oneof(units(0x7f), units(0xff), units(0xffff));
    fc.assert(
      fc.property(
        text,
        fc.oneof(text, fc.double({ noNaN: true }), fc.dictionary(text, text, { maxKeys: 4 })),
        (string, value) => {
          for (const [serde, data] of [
            [serdes.string, string],
            [serdes.json(), value],
          ] as [Serde<unknown>, unknown][]) {
            if (data === null) continue;
            const codec = codecOf(serde);
            const bytes = serde.serialize('topic', data);
            assert.equal(codec.encode(data), toByteString(bytes));
            assert.deepEqual(codec.decode(toByteString(bytes)), serde.deserialize('topic', bytes));
          }
        },
      ),
    );
  });

  it('should ask a serde that is a copy of another one with a function of its own', () => {
    const loud: Serde<string> = {
      ...serdes.string,
      serialize: (topic, data) => serdes.string.serialize(topic, data.toUpperCase()),
      deserialize: (topic, bytes) => `${serdes.string.deserialize(topic, bytes)}!`,
    };
    const codec = codecOf(loud);
    assert.equal(codec.encode('quiet'), 'QUIET');
    assert.equal(codec.decode('QUIET'), 'QUIET!');
  });

  it('should name the store and the serde when something cannot be stored or read', () => {
    const refused = {
      code: 'SERIALIZATION_FAILED',
      message: /^Store store: the key .* serde string: .*expected a string, got number 5\. Give/,
    };
    assert.throws(() => codecOf<unknown>(serdes.string as Serde<unknown>, 'key').encode(5), refused);
    const unreadable = { code: 'DESERIALIZATION_FAILED', message: /^Store store: a stored value .* serde json\./ };
    assert.throws(() => codecOf(serdes.json()).decode('{"half'), unreadable);
    assert.throws(() => codecOf(serdes.json()).decode('"\u00ff"'), unreadable);
  });
});
