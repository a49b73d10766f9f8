import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseCsv } from '../../dist/airports/parse-csv.js';

describe('parseCsv', () => {
  it('should read quoted fields with commas, doubled quotes and line breaks', () => {
    const text = 'code,name,city\r\nA1,"Field, the ""old"" one",Here\r\nA2,"two\nlines",There\r\n';
    assert.deepEqual(parseCsv(text, ['code', 'name']), [
      { code: 'A1', name: 'Field, the "old" one' },
      { code: 'A2', name: 'two\nlines' },
    ]);
  });

  it('should read back any table that was written by the rules', () => {
    const field = fc.string({ unit: fc.constantFrom('a', 'b', ',', '"', '\n', ' ') });
    fc.assert(
      fc.property(
        fc.array(fc.record({ x: field, y: field }, { noNullPrototype: true }), { maxLength: 20 }),
        fc.boolean(),
        (rows, endsWithBreak) => {
          const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
          const lines = ['x,y', ...rows.map(({ x, y }) => `${quote(x)},${quote(y)}`)];
          assert.deepEqual(parseCsv(lines.join('\n') + (endsWithBreak ? '\n' : ''), ['x', 'y']), rows);
        },
      ),
    );
  });

  it('should keep an empty last field where the text ends', () => {
    assert.deepEqual(parseCsv('a,b\n1,', ['a', 'b']), [{ a: '1', b: '' }]);
    assert.deepEqual(parseCsv('a,b\n1,\n', ['a', 'b']), [{ a: '1', b: '' }]);
  });

  it('should name the column that is missing', () => {
    assert.throws(() => parseCsv('a,b\n1,2', ['a', 'c']), /no column 'c' \(it has: a, b\)/);
  });

  it('should refuse a quote that does not close and a row that is too short', () => {
    assert.throws(() => parseCsv('a,b\n1,"2', ['a']), /Malformed CSV/);
    assert.throws(() => parseCsv('a,b\n1\n', ['a', 'b']), /Row 1 .* no field for 'b'/);
  });
});
