import assert from 'node:assert/strict';
import { changed, changedFiles } from './mutant-build.js';
import { mutants } from './mutants.js';

describe('mutants of the commit protocol', () => {
  it('should each have one place in the code', () => {
    assert.ok(mutants.length >= 5);
    assert.equal(new Set(mutants.map(({ name }) => name)).size, mutants.length);
    for (const mutant of mutants) assert.ok(changedFiles(mutant).size > 0, mutant.name);
  });

  it('should be refused where the code has changed', () => {
    const change = { file: 'x.js', find: 'await commit();', replace: '' };
    assert.equal(changed('m', 'a(); await\n  commit(); b();', change), 'a();  b();');
    assert.throws(() => changed('m', 'a();', change), /its place 0 times/);
    assert.throws(() => changed('m', 'await commit(); await commit();', change), /its place 2 times/);
  });
});
