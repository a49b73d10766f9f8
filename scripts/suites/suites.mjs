// The test suites of `npm test`, in order: what is quick and tells most comes first.

/**
 * @typedef {object} Suite
 * @property {string} name for `--suite` and the summary
 * @property {string} sources folder whose `*.test.ts` (or `*.test.mjs`) files are the suite, from the root
 * @property {number} testTimeoutMs longest time of one test
 * @property {number} suiteTimeoutMs longest time of the whole suite, after which it is ended and counts as failed
 */

const MINUTE_MS = 60_000;

/** @type {readonly Suite[]} */
export const suites = [
  { name: 'house', sources: 'scripts/test', testTimeoutMs: MINUTE_MS, suiteTimeoutMs: 5 * MINUTE_MS },
  {
    name: 'framework',
    sources: 'packages/framework/test',
    testTimeoutMs: 2 * MINUTE_MS,
    suiteTimeoutMs: 15 * MINUTE_MS,
  },
  {
    name: 'local-kafka',
    sources: 'packages/local-kafka/test',
    testTimeoutMs: 5 * MINUTE_MS,
    suiteTimeoutMs: 15 * MINUTE_MS,
  },
  {
    name: 'sample-etl',
    sources: 'services/sample-etl/test',
    testTimeoutMs: 5 * MINUTE_MS,
    suiteTimeoutMs: 15 * MINUTE_MS,
  },
  { name: 'integration', sources: 'integration/test', testTimeoutMs: 10 * MINUTE_MS, suiteTimeoutMs: 30 * MINUTE_MS },
];
