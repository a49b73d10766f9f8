// `npm run with-docker -- COMMAND [ARGUMENTS]`: runs a command with a Docker engine and a Kafka image at hand, without an
// image registry, and stops the engine afterwards.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { root } from '../setup/paths.mjs';
import { SetupError, step } from '../setup/report.mjs';
import { hostEnv, withOwnEngine } from './engine.mjs';
import { ensureImages } from './images.mjs';

/**
 * The command sees DOCKER_HOST (unless the machine has an engine of its own), MILLRACE_KAFKA_IMAGE, and
 * TESTCONTAINERS_RYUK_DISABLED=true, since Testcontainers' reaper image cannot be pulled either.
 *
 * @param {string[]} args command and its arguments
 * @returns {Promise<number>} its exit code
 */
export async function withDocker([command, ...args]) {
  if (command === undefined) throw new SetupError('Which command? npm run with-docker -- COMMAND [ARGUMENTS]');
  return withOwnEngine(async (engine) => {
    let image = '';
    await step(async () => {
      image = await ensureImages(engine);
      return `the image ${image} is there`;
    });
    return run(command, args, {
      ...hostEnv(engine),
      MILLRACE_KAFKA_IMAGE: image,
      TESTCONTAINERS_RYUK_DISABLED: 'true',
    });
  });
}

function run(command, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: 'inherit' });
    // The engine must be stopped after the command has ended, so a signal ends only that.
    const pass = (signal) => child.kill(signal);
    process.on('SIGINT', pass);
    process.on('SIGTERM', pass);
    child.once('error', (error) => reject(new SetupError(`${command} cannot be started: ${error.message}`)));
    child.once('exit', (code, signal) => {
      process.off('SIGINT', pass);
      process.off('SIGTERM', pass);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}
