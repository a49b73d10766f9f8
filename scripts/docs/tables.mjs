import { readFileSync } from 'node:fs';

/**
 * Rows of all Markdown tables of a file whose first cell is a name in backquotes.
 *
 * @returns {{ name: string, cells: string[] }[]}
 */
export function tableRows(file) {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const [first, ...cells] = line.split('|').slice(1, -1);
      return { name: first.trim().replaceAll('`', ''), cells: cells.map((cell) => cell.trim()) };
    });
}
