// Which file runs in which suite.
import { join, relative } from 'node:path';
import { root } from '../setup/paths.mjs';
import { filesBelow, outputOf, projects, sourcesOf } from '../setup/projects.mjs';
import { suites } from './suites.mjs';

const isTest = (file) => /\.test\.m?[jt]s$/.test(file);

/**
 * Files that mocha runs for a suite, absolute. They are derived from the sources, so a compiled test whose source is gone
 * is not among them.
 *
 * @param {import('./suites.mjs').Suite} suite
 */
export function testFilesOf(suite) {
  const folder = join(root, suite.sources);
  const compiled = projects().flatMap((project) =>
    sourcesOf(project)
      .filter((source) => isTest(source) && source.startsWith(`${folder}/`))
      .map((source) => outputOf(project, source)),
  );
  const plain = filesBelow(folder).filter((file) => file.endsWith('.test.mjs'));
  return [...compiled, ...plain].sort();
}

/** Test sources of the repository that no suite would run, from the root. */
export function orphanTests(all = filesBelow(root)) {
  const compiledSources = new Set(projects().flatMap(sourcesOf));
  return all
    .filter(isTest)
    .filter((file) => {
      const inSuite = suites.some((suite) => file.startsWith(`${join(root, suite.sources)}/`));
      return !inSuite || !(file.endsWith('.test.mjs') || compiledSources.has(file));
    })
    .map((file) => relative(root, file));
}
