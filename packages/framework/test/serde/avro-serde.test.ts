import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SerdeError } from '../../dist/errors/errors.js';
import { serdes } from '../../dist/serde/serdes.js';

interface Delay {
  airport: string;
  minutes: number;
  reason: string | null;
  parts: number[];
}

const schema = {
  type: 'record',
  name: 'Delay',
  namespace: 'flights',
  fields: [
    { name: 'airport', type: 'string' },
    { name: 'minutes', type: 'int' },
    { name: 'reason', type: ['null', 'string'], default: null },
    { name: 'parts', type: { type: 'array', items: 'double' } },
  ],
};

describe('avroSerde', () => {
  it('should read back every record that it wrote', () => {
    const serde = serdes.avro<Delay>(schema);
    const delays = fc.record({
      airport: fc.string(),
      minutes: fc.integer(),
      reason: fc.option(fc.string()),
      parts: fc.array(fc.double({ noNaN: true })),
    });
    fc.assert(
      fc.property(delays, (delay) => {
        assert.deepEqual({ ...serde.deserialize('t', serde.serialize('t', delay)) }, { ...delay });
      }),
    );
  });

  it('should write the bytes that the Avro specification gives', () => {
    // Specification, 'Binary Encoding', Records: {a: 27, b: "foo"} is 36 06 66 6f 6f.
    const serde = serdes.avro<{ a: number; b: string }>({
      type: 'record',
      name: 'test',
      fields: [
        { name: 'a', type: 'long' },
        { name: 'b', type: 'string' },
      ],
    });
    assert.equal(serde.serialize('t', { a: 27, b: 'foo' }).toString('hex'), '3606666f6f');
  });

  it('should have a name that depends on the schema on the wire only', () => {
    const { name } = serdes.avro(schema);
    assert.match(name, /^avro:[0-9a-f]{32}$/);
    assert.equal(serdes.avro({ ...schema, doc: 'documented' }).name, name);
    assert.notEqual(serdes.avro({ ...schema, fields: schema.fields.slice(1) }).name, name);
    const newer = { ...schema, fields: [...schema.fields, { name: 'gate', type: 'string', default: '' }] };
    assert.equal(serdes.avro(newer, { writerSchema: schema }).name, name);
  });

  it('should resolve records of a writer schema to the reader schema, and write in the writer schema', () => {
    const writerSchema = {
      type: 'record',
      name: 'Delay',
      namespace: 'flights',
      fields: [
        { name: 'airport', type: 'string' },
        { name: 'minutes', type: 'int' },
        { name: 'dropped', type: 'boolean', default: false },
      ],
    };
    const readerSchema = {
      ...writerSchema,
      fields: [
        { name: 'minutes', type: 'double' },
        { name: 'airport', type: 'string' },
        { name: 'gate', type: 'string', default: 'unknown' },
      ],
    };
    const written = serdes.avro<object>(writerSchema).serialize('t', { airport: 'SEA', minutes: 12, dropped: true });
    const serde = serdes.avro<{ airport: string; minutes: number; gate: string }>(readerSchema, { writerSchema });
    const read = serde.deserialize('t', written);
    assert.deepEqual({ ...read }, { minutes: 12, airport: 'SEA', gate: 'unknown' });
    assert.deepEqual({ ...serde.deserialize('t', serde.serialize('t', read)) }, { ...read });
  });

  it('should say which field does not fit', () => {
    const serde = serdes.avro<unknown>(schema);
    assert.throws(
      () => serde.serialize('out', { airport: 'SEA', minutes: 'late', reason: null, parts: [] }),
      (error) =>
        error instanceof SerdeError &&
        error.code === 'WRONG_TYPE' &&
        error.message.startsWith(
          "Cannot write avro flights.Delay to topic 'out': expected int at minutes, got Object {",
        ),
    );
  });

  it('should refuse bytes that are cut off or too long', () => {
    const serde = serdes.avro<Delay>(schema);
    const written = serde.serialize('t', { airport: 'SEA', minutes: 1, reason: null, parts: [1] });
    for (const bytes of [written.subarray(0, 5), Buffer.concat([written, Buffer.of(0)]), Buffer.alloc(0)]) {
      assert.throws(
        () => serde.deserialize('in', bytes),
        (error) =>
          error instanceof SerdeError && error.code === 'DESERIALIZATION_FAILED' && /topic 'in'/.test(error.message),
      );
    }
  });

  it('should refuse schemas that are none, and pairs that cannot be resolved', () => {
    const isInvalid = (error: unknown): boolean => error instanceof SerdeError && error.code === 'INVALID_SCHEMA';
    assert.throws(() => serdes.avro({ type: 'recrod', name: 'x', fields: [] }), isInvalid);
    assert.throws(() => serdes.avro('string', { writerSchema: 'int' }), isInvalid);
  });
});
