import assert from 'node:assert/strict';
import { renderTable } from '../../dist/demo/table.js';

describe('renderTable', () => {
  it('should align columns, draw lines and leave no blanks at line ends', () => {
    const lines = renderTable(
      [
        { title: 'route', align: 'left' },
        { title: 'records', align: 'right' },
      ],
      [['late', '4,335'], undefined, ['all', '20,000']],
    );
    assert.deepEqual(lines, ['route  records', '-----  -------', 'late     4,335', '-----  -------', 'all     20,000']);
  });
});
