import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runFiles } from '../suites/run-suite.mjs';

describe('runFiles', () => {
  let folder;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-suite-'));
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  /** Runs mocha on files with these texts; its output would confuse the reader of this suite. */
  const run = (name, texts, limits = {}) => {
    const files = Object.entries(texts).map(([file, text]) => {
      const path = join(folder, `${name}-${file}.mjs`);
      writeFileSync(path, text);
      return path;
    });
    return runFiles({
      name: `self-${name}`,
      files,
      testTimeoutMs: 5000,
      suiteTimeoutMs: 30_000,
      quiet: true,
      ...limits,
    });
  };

  it('should add up what passed and what failed', async () => {
    const { passed, failed, failures } = await run('counts', {
      a: "it('one', () => {}); it('two', () => {});",
      b: "it('three', () => { throw new Error('on purpose'); });",
    });
    assert.deepEqual({ passed, failed }, { passed: 2, failed: 1 });
    assert.equal(failures[0].title, 'three');
  });

  it('should count a crash before the end as a failure', async () => {
    const { failed, failures } = await run('crash', { a: "it('one', () => process.exit(0));" });
    assert.equal(failed, 1);
    assert.match(failures[0].title, /crashed before the end/);
  });

  it('should count a file without a test as a failure', async () => {
    const { passed, failed, failures } = await run('empty', { a: "it('one', () => {});", b: 'export {};' });
    assert.deepEqual({ passed, failed }, { passed: 1, failed: 1 });
    assert.match(failures[0].title, /no test ran in .*empty-b\.mjs/);
  });

  it('should count a suite without files as a failure', async () => {
    const { passed, failed } = await run('nothing', {});
    assert.deepEqual({ passed, failed }, { passed: 0, failed: 1 });
  });

  it('should count a skipped test as a failure', async () => {
    const { failed } = await run('skipped', { a: "it.skip('one', () => {}); it('two', () => {});" });
    assert.ok(failed > 0);
  });

  it('should end a process that outlives its last test and count it as a failure', async () => {
    const text = "it('one', () => { setInterval(() => {}, 1000); });";
    const { passed, failed, failures } = await run('open', { a: text }, { exitGraceMs: 1000 });
    assert.deepEqual({ passed, failed }, { passed: 1, failed: 1 });
    assert.match(failures[0].title, /something is still open/);
  });
});
