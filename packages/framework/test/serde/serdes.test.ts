import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SerdeError } from '../../dist/errors/errors.js';
import type { Serde } from '../../dist/serde/serde.js';
import { serdes } from '../../dist/serde/serdes.js';

function roundTrip<T>(serde: Serde<T>, value: T): T {
  return serde.deserialize('t', serde.serialize('t', value));
}

/** The SerdeError that a call raises. */
function failure(call: () => unknown): SerdeError {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof SerdeError, `not a SerdeError: ${String(error)}`);
    return error;
  }
  return assert.fail('nothing was thrown');
}

/** A value of a wrong type, as a program without type checks could pass it. */
function wrong<T>(value: unknown): T {
  return value as T;
}

describe('serdes', () => {
  const cases: readonly [string, Serde<unknown>, fc.Arbitrary<unknown>][] = [
    ['int16', serdes.int16 as Serde<unknown>, fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 })],
    ['int32', serdes.int32 as Serde<unknown>, fc.integer()],
    ['int64', serdes.int64 as Serde<unknown>, fc.maxSafeInteger()],
    ['bigint64', serdes.bigint64 as Serde<unknown>, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
    ['float32', serdes.float32 as Serde<unknown>, fc.float()],
    ['float64', serdes.float64 as Serde<unknown>, fc.double()],
    ['boolean', serdes.boolean as Serde<unknown>, fc.boolean()],
    ['string', serdes.string as Serde<unknown>, fc.string({ unit: 'binary' })],
    ['uuid', serdes.uuid as Serde<unknown>, fc.uuid()],
    ['json', serdes.json<unknown>(), fc.jsonValue({ noUnicodeString: false }).filter((value) => !hasMinusZero(value))],
    ['list of string', serdes.list(serdes.string) as Serde<unknown>, fc.array(fc.option(fc.string()))],
    ['list of int64', serdes.list(serdes.int64) as Serde<unknown>, fc.array(fc.option(fc.maxSafeInteger()))],
    ['list of lists', serdes.list(serdes.list(serdes.int32)) as Serde<unknown>, fc.array(fc.array(fc.integer()))],
  ];
  for (const [name, serde, values] of cases) {
    it(`should read back every ${name} that it wrote`, () => {
      fc.assert(
        fc.property(values, (value) => {
          assert.deepEqual(roundTrip(serde, value), value);
        }),
      );
    });
  }

  it('should either read arbitrary bytes or raise a SerdeError of bounded length', () => {
    fc.assert(
      fc.property(fc.constantFrom(...cases), fc.uint8Array({ maxLength: 200 }), ([, serde], data) => {
        try {
          serde.deserialize('t', Buffer.from(data));
        } catch (error) {
          assert.ok(error instanceof SerdeError);
          assert.equal(error.code, 'DESERIALIZATION_FAILED');
          assert.equal(error.position.topic, 't');
          assert.ok(error.message.length < 700, error.message);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('should pass bytes through without copying', () => {
    const data = Buffer.from('abc');
    assert.equal(serdes.bytes.deserialize('t', data), data);
    assert.equal(serdes.bytes.serialize('t', data), data);
    const view = new Uint8Array([1, 2, 3]);
    assert.deepEqual(serdes.bytes.serialize('t', wrong(view)), Buffer.from(view));
  });

  it('should keep the names, which are part of the state fingerprint', () => {
    const names = Object.fromEntries(
      Object.entries(serdes).map(([key, serde]) => [key, typeof serde === 'function' ? undefined : serde.name]),
    );
    assert.deepEqual(names, {
      bytes: 'bytes',
      string: 'string',
      json: undefined,
      int16: 'int16',
      int32: 'int32',
      int64: 'int64',
      bigint64: 'int64',
      float32: 'float32',
      float64: 'float64',
      boolean: 'boolean',
      uuid: 'uuid',
      void: 'void',
      list: undefined,
      avro: undefined,
    });
    assert.equal(serdes.json().name, 'json');
    assert.equal(serdes.list(serdes.string).name, 'list:string');
  });
});

describe('serde errors', () => {
  const rejected: readonly [Serde<unknown>, unknown][] = [
    [serdes.string as Serde<unknown>, 5],
    [serdes.int16 as Serde<unknown>, 40_000],
    [serdes.int32 as Serde<unknown>, 1.5],
    [serdes.int32 as Serde<unknown>, 2 ** 31],
    [serdes.int32 as Serde<unknown>, '7'],
    [serdes.int64 as Serde<unknown>, 2 ** 53],
    [serdes.int64 as Serde<unknown>, 1n],
    [serdes.bigint64 as Serde<unknown>, 2n ** 63n],
    [serdes.bigint64 as Serde<unknown>, 1],
    [serdes.float32 as Serde<unknown>, 1e300],
    [serdes.float64 as Serde<unknown>, '1'],
    [serdes.boolean as Serde<unknown>, 'true'],
    [serdes.uuid as Serde<unknown>, '123e4567'],
    [serdes.bytes as Serde<unknown>, 'text'],
    [serdes.void as Serde<unknown>, 'something'],
    [serdes.list(serdes.int32) as Serde<unknown>, { length: 0 }],
    [serdes.json<unknown>(), () => 1],
    [serdes.json<unknown>(), { big: 1n }],
  ];
  for (const [serde, value] of rejected) {
    it(`should refuse to write ${String(value)} (${typeof value}) as ${serde.name}`, () => {
      const error = failure(() => serde.serialize('out', value));
      assert.equal(error.code, 'WRONG_TYPE');
      assert.equal(error.position.topic, 'out');
      assert.match(error.message, /^Cannot write \S+ to topic 'out': expected .+, got .+/);
    });
  }

  const unreadable: readonly [Serde<unknown>, Buffer, RegExp][] = [
    [serdes.int32 as Serde<unknown>, Buffer.from([1, 2, 3]), /expected 4 bytes but there are 3, got 0x010203/],
    [serdes.int64 as Serde<unknown>, Buffer.from('7fffffffffffffff', 'hex'), /serdes\.bigint64/],
    [serdes.string as Serde<unknown>, Buffer.from([0x61, 0xff]), /expected UTF-8 text, got 0x61ff/],
    [serdes.boolean as Serde<unknown>, Buffer.from([2]), /one byte, 0 or 1/],
    [serdes.boolean as Serde<unknown>, Buffer.alloc(0), /got \(empty\)/],
    [serdes.uuid as Serde<unknown>, Buffer.from('no uuid'), /got "no uuid"/],
    [serdes.void as Serde<unknown>, Buffer.from('x'), /expected null, got "x"/],
    [serdes.json<unknown>(), Buffer.from('{"a": '), /expected valid JSON \(.+\), got "{\\"a\\": "/],
    [serdes.json<unknown>(), Buffer.from([0x22, 0xc3, 0x22]), /expected UTF-8 text/],
    [serdes.list(serdes.int32) as Serde<unknown>, Buffer.from('01000000000000000000', 'hex'), /a fixed size/],
    [serdes.list(serdes.int32) as Serde<unknown>, Buffer.from('00000000007fffffff', 'hex'), /a count from 0 to 0/],
    [serdes.list(serdes.string) as Serde<unknown>, Buffer.from('01000000010000000961', 'hex'), /9 more bytes at 9/],
  ];
  for (const [serde, data, message] of unreadable) {
    it(`should refuse to read 0x${data.toString('hex')} as ${serde.name}`, () => {
      const error = failure(() => serde.deserialize('in', data));
      assert.equal(error.code, 'DESERIALIZATION_FAILED');
      assert.equal(error.position.topic, 'in');
      assert.match(error.message, /^Cannot read \S+ from topic 'in': /);
      assert.match(error.message, message);
    });
  }

  it('should show only the beginning of a long record', () => {
    const { message } = failure(() => serdes.json().deserialize('in', Buffer.from(`{${'é'.repeat(5000)}`)));
    assert.match(message, /"\{é+"\.\.\. \(10001 bytes\)/);
    assert.ok(message.length < 400, message);
  });

  it('should show only the beginning of a long value', () => {
    const { message } = failure(() => serdes.int32.serialize('out', wrong({ text: 'x'.repeat(5000) })));
    assert.ok(message.length < 250, message);
  });

  it('should treat what a validate function refuses, and what a parse function throws, as unreadable', () => {
    const even = serdes.json<number>({ validate: (value) => typeof value === 'number' && value % 2 === 0 });
    assert.equal(roundTrip(even, 4), 4);
    assert.match(failure(() => roundTrip(even, 5)).message, /passes the validate function, got "5"/);

    const cause = new RangeError('minutes must not be negative');
    const minutes = serdes.json<{ minutes: number }>({
      parse(value) {
        const { minutes } = value as { minutes: number };
        if (minutes < 0) throw cause;
        return { minutes };
      },
    });
    assert.deepEqual(minutes.deserialize('in', Buffer.from('{"minutes":3,"other":1}')), { minutes: 3 });
    const error = failure(() => roundTrip(minutes, { minutes: -1 }));
    assert.equal(error.code, 'DESERIALIZATION_FAILED');
    assert.equal(error.cause, cause);
    assert.match(error.message, /minutes must not be negative/);
  });
});

function hasMinusZero(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.values(value).some(hasMinusZero);
  return Object.is(value, -0);
}
