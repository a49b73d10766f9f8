import assert from 'node:assert/strict';
import { join } from 'node:path';
import { cycleThrough, importsOf } from '../lint/import-graph.mjs';
import { root } from '../setup/paths.mjs';

describe('import graph', () => {
  const src = join(root, 'packages', 'framework', 'src');
  const importsIn = (text) => importsOf(join(src, 'index.ts'), text);

  it('should find the shortest cycle through a module', () => {
    const graph = { a: ['b', 'd'], b: ['c'], c: ['a'], d: ['a'] };
    assert.deepEqual(
      cycleThrough('a', (name) => graph[name]),
      ['a', 'd', 'a'],
    );
  });

  it('should find no cycle through a module that only leads to one', () => {
    const graph = { a: ['b'], b: ['c'], c: ['b'] };
    assert.equal(
      cycleThrough('a', (name) => graph[name]),
      undefined,
    );
  });

  it('should follow imports and re-exports over several lines', () => {
    const text = "import {\n  a,\n  type B,\n} from './errors/errors.js';\nexport * from './client/records.js';\n";
    assert.deepEqual(importsIn(text), [join(src, 'errors/errors.ts'), join(src, 'client/records.ts')]);
  });

  it('should leave out what is erased when compiled', () => {
    const text = "import type { A } from './errors/errors.js';\nimport { type B } from './client/records.js';\n";
    assert.deepEqual(importsIn(text), []);
  });
});
