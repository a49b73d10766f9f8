export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/** Lays out rows of text below titles, two blanks between columns. A row `undefined` is a line. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[] | undefined)[]): string[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...rows.map((row) => row?.[index]?.length ?? 0)),
  );
  const line = widths.map((width) => '-'.repeat(width)).join('  ');
  const render = (cells: readonly string[]): string =>
    columns
      .map(({ align }, index) => {
        const cell = cells[index] ?? '';
        const width = widths[index] ?? 0;
        return align === 'left' ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  return [
    render(columns.map(({ title }) => title)),
    line,
    ...rows.map((row) => (row === undefined ? line : render(row))),
  ];
}
