// Runs one suite in a mocha process of its own and says how it went.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { kafkaEnv } from '../commands/process.mjs';
import { binOf, root } from '../setup/paths.mjs';

/** After the last test, a process that lives on has left something open. */
const EXIT_GRACE_MS = 30_000;
const WATCH_INTERVAL_MS = 500;

/**
 * @typedef {object} Run
 * @property {string} name
 * @property {string[]} files absolute
 * @property {number} testTimeoutMs
 * @property {number} suiteTimeoutMs
 * @property {number} [exitGraceMs] time to end after the last test
 * @property {string} [grep] only tests whose title matches
 * @property {boolean} [quiet] print nothing
 */

/**
 * @typedef {object} SuiteResult
 * @property {string} name
 * @property {number} passed
 * @property {number} failed
 * @property {{ title: string, file?: string }[]} failures
 * @property {number} tookMs
 */

function runMocha({ files, testTimeoutMs, suiteTimeoutMs, exitGraceMs = EXIT_GRACE_MS, grep, quiet = false }, output) {
  const args = [
    '--enable-source-maps',
    binOf('mocha', 'bin/mocha.js'),
    '--reporter',
    join(root, 'scripts', 'suites', 'spec-and-json.mjs'),
    '--reporter-option',
    `output=${output}`,
    '--timeout',
    String(testTimeoutMs),
    ...(grep === undefined ? [] : ['--grep', grep]),
    ...files,
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...kafkaEnv },
      stdio: quiet ? 'ignore' : ['ignore', 'inherit', 'inherit'],
    });
    let problem;
    const end = (why) => {
      problem = why;
      child.kill('SIGKILL');
    };
    const limit = setTimeout(() => end(`the suite was still running after ${suiteTimeoutMs / 1000} s`), suiteTimeoutMs);
    // The result file appears when the last test is done.
    let doneAtMs;
    const watch = setInterval(() => {
      if (doneAtMs === undefined && existsSync(output)) doneAtMs = Date.now();
      if (doneAtMs !== undefined && Date.now() - doneAtMs > exitGraceMs) {
        end(`the process did not end within ${exitGraceMs / 1000} s of its last test: something is still open`);
      }
    }, WATCH_INTERVAL_MS);
    const stop = () => child.kill('SIGTERM');
    process.once('exit', stop);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(limit);
      clearInterval(watch);
      process.removeListener('exit', stop);
      resolve({ code, problem: problem ?? (signal === null ? undefined : `mocha was ended by ${signal}`) });
    });
  });
}

/** What is wrong with a run although its own counts may look fine. */
function problemsOf({ name, files, grep }, { code, problem }, counts) {
  const problems = problem === undefined ? [] : [problem];
  if (counts === undefined) problems.push(`mocha crashed before the end (exit code ${code})`);
  else if (problem === undefined && code !== 0 && counts.failed === 0) {
    problems.push(`mocha ended with exit code ${code}`);
  }
  if (counts !== undefined && grep === undefined) {
    for (const file of files.filter((path) => !counts.files.includes(path))) {
      problems.push(`no test ran in ${relative(root, file)}`);
    }
  }
  return problems.map((text) => ({ title: `suite ${name}: ${text}` }));
}

/**
 * Runs the files of `run` and counts. Crashes, files without a test and processes that do not end count as failures.
 *
 * @param {Run} run
 * @returns {Promise<SuiteResult>}
 */
export async function runFiles(run) {
  const startMs = Date.now();
  const { name, files } = run;
  if (files.length === 0) {
    return { name, passed: 0, failed: 1, failures: [{ title: `suite ${name}: there is no test in it` }], tookMs: 0 };
  }
  const output = join(root, '.cache', 'test', `${name}.json`);
  mkdirSync(dirname(output), { recursive: true });
  rmSync(output, { force: true });
  const ended = await runMocha(run, output);
  const counts = existsSync(output) ? JSON.parse(readFileSync(output, 'utf8')) : undefined;
  const problems = problemsOf(run, ended, counts);
  return {
    name,
    passed: counts?.passed ?? 0,
    failed: (counts?.failed ?? 0) + problems.length,
    failures: [...(counts?.failures ?? []), ...problems],
    tookMs: Date.now() - startMs,
  };
}
