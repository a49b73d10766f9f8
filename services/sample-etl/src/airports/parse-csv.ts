/**
 * Reads comma-separated text with a header line (RFC 4180: fields may be quoted, a quote inside is doubled, a quoted
 * field may hold commas and line breaks). Returns the wanted columns of each row; empty lines are skipped.
 *
 * @throws Error if a wanted column is not in the header, or a row has too few fields.
 */
export function parseCsv<Column extends string>(text: string, columns: readonly Column[]): Record<Column, string>[] {
  const [header = [], ...rows] = readRows(text);
  const positions = columns.map((column) => {
    const position = header.indexOf(column);
    if (position < 0) throw new Error(`The CSV header has no column '${column}' (it has: ${header.join(', ')}).`);
    return [column, position] as const;
  });
  return rows.map((row, index) => {
    const entries = positions.map(([column, position]) => {
      const field = row[position];
      if (field === undefined) throw new Error(`Row ${index + 1} of the CSV text has no field for '${column}'.`);
      return [column, field] as const;
    });
    return Object.fromEntries(entries) as Record<Column, string>;
  });
}

// One match is one field and what ends it: a comma, a line break, or the end of the text.
const FIELD = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;

function readRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  FIELD.lastIndex = 0;
  while (FIELD.lastIndex < text.length) {
    const at = FIELD.lastIndex;
    const match = FIELD.exec(text);
    if (match === null) throw new Error(`Malformed CSV near character ${at}: a quote does not close or open a field.`);
    const [, quoted, plain = '', end] = match;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  }
  if (row.length > 0) rows.push([...row, '']);
  return rows;
}
