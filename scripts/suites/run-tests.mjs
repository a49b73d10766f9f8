// `npm test`: all suites one after the other, then the counts of all of them added up.
import { parseArgs } from 'node:util';
import { SetupError } from '../setup/report.mjs';
import { runFiles } from './run-suite.mjs';
import { suites } from './suites.mjs';
import { orphanTests, testFilesOf } from './test-files.mjs';

function parse(args) {
  try {
    return parseArgs({ args, options: { suite: { type: 'string', multiple: true }, grep: { type: 'string' } } }).values;
  } catch (error) {
    throw new SetupError(`${error.message}. Known are --suite NAME (may repeat) and --grep TEXT.`);
  }
}

function choose(names) {
  if (names === undefined) return suites;
  const unknown = names.filter((name) => !suites.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    throw new SetupError(`No suite "${unknown[0]}". There are: ${suites.map(({ name }) => name).join(', ')}.`);
  }
  return suites.filter(({ name }) => names.includes(name));
}

function summarize(results) {
  console.log('\nSummary');
  for (const { name, passed, failed, tookMs } of results) {
    console.log(`  ${name.padEnd(14)} ${passed} passed, ${failed} failed in ${(tookMs / 1000).toFixed(1)} s`);
  }
  const failures = results.flatMap((result) => result.failures);
  if (failures.length > 0) console.log('\nFailed');
  for (const { title, file } of failures) console.log(`  ${title}${file === undefined ? '' : ` (${file})`}`);
}

/**
 * @param {string[]} args `--suite NAME` (may repeat), `--grep TEXT`
 * @returns {Promise<number>} exit code
 */
export async function runTests(args) {
  const { suite: names, grep } = parse(args);
  const results = [];
  for (const suite of choose(names)) {
    console.log(`\nSuite ${suite.name} (${suite.sources})`);
    results.push(await runFiles({ ...suite, files: testFilesOf(suite), grep }));
  }
  const orphans = orphanTests().map((file) => ({ title: `${file} belongs to no suite: no run would ever execute it` }));
  if (orphans.length > 0) {
    results.push({ name: 'orphans', passed: 0, failed: orphans.length, failures: orphans, tookMs: 0 });
  }
  if (results.every(({ passed, failed }) => passed + failed === 0)) {
    results.push({ name: 'nothing', passed: 0, failed: 1, failures: [{ title: 'no test ran at all' }], tookMs: 0 });
  }
  summarize(results);
  const sum = (key) => results.reduce((count, result) => count + result[key], 0);
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`);
  return sum('failed') === 0 ? 0 : 1;
}
