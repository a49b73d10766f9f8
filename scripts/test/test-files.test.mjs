import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../setup/paths.mjs';
import { projects, staleOutputsOf } from '../setup/projects.mjs';
import { orphanTests, testFilesOf } from '../suites/test-files.mjs';
import { suites } from '../suites/suites.mjs';

describe('test files', () => {
  it('should all belong to a suite', () => {
    assert.deepEqual(orphanTests(), []);
  });

  it('should be reported when no suite or no TypeScript project has them', () => {
    const files = ['packages/nowhere/test/a.test.ts', 'packages/framework/test-other/b.test.ts', 'docs/c.test.mjs'];
    assert.deepEqual(orphanTests(files.map((file) => join(root, file))), files);
  });

  it('should not run when compiled but without a source', () => {
    const project = projects().find(({ outDir }) => outDir.endsWith(join('framework', 'dist-test')));
    const suite = suites.find(({ name }) => name === 'framework');
    const stale = join(project.outDir, 'left-over', 'stale.test.js');
    mkdirSync(dirname(stale), { recursive: true });
    writeFileSync(stale, "it('should not run', () => {});\n");
    try {
      assert.ok(!testFilesOf(suite).includes(stale));
      assert.deepEqual(staleOutputsOf(project), [stale]);
    } finally {
      rmSync(dirname(stale), { recursive: true });
    }
  });
});
