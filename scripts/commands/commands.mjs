// The root commands: what each needs of the setup, and what it runs.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { withDocker } from '../docker/with-docker.mjs';
import { binOf, root } from '../setup/paths.mjs';
import { SetupError } from '../setup/report.mjs';
import { clean } from './clean.mjs';
import { kafkaEnv, runNode } from './process.mjs';

const WITHOUT_ADDON = { addon: false };
const ONLY_DEPENDENCIES = { addon: false, build: false };

const benchmarkFolder = join(root, 'benchmarks', 'dist');

/** A benchmark is a folder with a program `main.js`. */
function benchmarks() {
  if (!existsSync(benchmarkFolder)) return [];
  return readdirSync(benchmarkFolder).filter((name) => existsSync(join(benchmarkFolder, name, 'main.js')));
}

async function bench([name, ...args]) {
  if (name === undefined || !benchmarks().includes(name)) {
    const problem = name === undefined ? 'Which benchmark?' : `There is no benchmark "${name}".`;
    throw new SetupError(`${problem} There are: ${benchmarks().join(', ')}. npm run bench -- NAME`);
  }
  return runNode(['--enable-source-maps', join(benchmarkFolder, name, 'main.js'), ...args], { env: kafkaEnv });
}

async function test(args) {
  const { runTests } = await import('../suites/run-tests.mjs');
  return runTests(args);
}

const simulation = join('packages', 'framework', 'dist-test', 'simulation');

const simulate = (args) => runNode(['--enable-source-maps', join(simulation, 'main.js'), ...args]);

const mutate = (args) => runNode(['--enable-source-maps', join(simulation, 'mutate.js'), ...args]);

const eslint = (args) => runNode([binOf('eslint', 'bin/eslint.js'), '--max-warnings', '0', '.', ...args]);
const prettier = (args) => runNode([binOf('prettier', 'bin/prettier.cjs'), '--log-level', 'warn', ...args]);

/** @type {Record<string, { needs: 'nothing' | { addon?: boolean, build?: boolean }, run: (args: string[]) => number | Promise<number> }>} */
export const commands = {
  demo: {
    needs: {},
    run: (args) =>
      runNode(['--enable-source-maps', join('services', 'sample-etl', 'bin', 'demo.js'), ...args], { env: kafkaEnv }),
  },
  test: { needs: {}, run: test },
  bench: { needs: {}, run: bench },
  simulate: { needs: {}, run: simulate },
  mutants: { needs: {}, run: mutate },
  build: { needs: {}, run: () => 0 },
  typecheck: { needs: WITHOUT_ADDON, run: () => 0 },
  lint: { needs: WITHOUT_ADDON, run: eslint },
  format: { needs: ONLY_DEPENDENCIES, run: (args) => prettier(['--write', '.', ...args]) },
  'format:check': { needs: ONLY_DEPENDENCIES, run: (args) => prettier(['--check', '.', ...args]) },
  'with-docker': { needs: WITHOUT_ADDON, run: withDocker },
  clean: { needs: 'nothing', run: clean },
};
