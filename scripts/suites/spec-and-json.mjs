// Mocha reporter: `spec` on the terminal, and the counts as JSON in the file named by the option `output`.
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import mocha from 'mocha';

const { EVENT_RUN_END, EVENT_TEST_BEGIN, EVENT_TEST_FAIL, EVENT_TEST_PASS } = mocha.Runner.constants;

export default class SpecAndJsonReporter extends mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const counts = { passed: 0, failed: 0, failures: [], files: [] };
    const files = new Set();
    runner.on(EVENT_TEST_BEGIN, (test) => files.add(test.file));
    runner.on(EVENT_TEST_PASS, () => counts.passed++);
    runner.on(EVENT_TEST_FAIL, (test) => {
      counts.failed++;
      counts.failures.push({
        title: test.fullTitle(),
        file: test.file === undefined ? undefined : relative(process.cwd(), test.file),
      });
    });
    runner.once(EVENT_RUN_END, () => {
      counts.files = [...files].filter((file) => file !== undefined);
      writeFileSync(options.reporterOption.output, JSON.stringify(counts));
    });
  }
}
