// Makes a fresh clone ready to run. Behind every root npm command; skips what is done. Needs nothing but Node.js.
import { pathToFileURL } from 'node:url';
import { compile } from './setup/compile.mjs';
import { installDependencies } from './setup/dependencies.mjs';
import { ensureKafkaAddon } from './setup/kafka-addon.mjs';
import { checkNodeVersion } from './setup/node-version.mjs';
import { say, SetupError, step, total } from './setup/report.mjs';

/**
 * Steps in order: Node.js version, npm dependencies, native Kafka addon, compilation.
 *
 * @param {{ addon?: boolean, build?: boolean }} [parts] what the command needs beyond the dependencies; both by default
 * @throws {SetupError} with a message that says what to do
 */
export async function bootstrap({ addon = true, build = true } = {}) {
  await step(checkNodeVersion);
  await step(installDependencies);
  if (addon) await step(ensureKafkaAddon);
  if (build) await step(compile);
  say(`ready after ${total()}`);
}

/** Prints a setup failure without a stack, anything else with one, and sets the exit code. */
export function reportFailure(error) {
  console.error(error instanceof SetupError ? `setup failed: ${error.message}` : error);
  process.exitCode = 1;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await bootstrap().catch(reportFailure);
}
