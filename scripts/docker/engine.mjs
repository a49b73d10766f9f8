// A Docker engine of our own, for as long as one command needs it.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { installPackages, isDebian, isRoot, missingPackages } from '../setup/debian.mjs';
import { logPath, root, userCache } from '../setup/paths.mjs';
import { say, SetupError } from '../setup/report.mjs';

const PACKAGES = ['docker.io', 'debootstrap', 'iptables'];
const RUN_FOLDER = '/run/millrace-docker';
const SOCKET = `${RUN_FOLDER}/docker.sock`;
const START_TIMEOUT_MS = 60_000;

/** Where some machines do not let the engine set up packet filters, published ports still work through its proxy. */
const NETWORK_FLAGS = [[], ['--iptables=false', '--ip6tables=false']];

/**
 * @typedef {object} Engine
 * @property {string | undefined} host value of DOCKER_HOST; undefined for the machine's own engine
 */

/** Runs the docker client and gives what it prints. */
export async function docker(engine, args, options = {}) {
  const env = { ...process.env, ...hostEnv(engine), DOCKER_BUILDKIT: '0' };
  const { stdout } = await promisify(execFile)('docker', args, { maxBuffer: 2 ** 26, ...options, env });
  return stdout.trim();
}

/** @param {Engine} engine */
export function hostEnv({ host }) {
  return host === undefined ? {} : { DOCKER_HOST: host };
}

async function answers(engine) {
  return docker(engine, ['version', '--format', '{{.Server.Version}}'])
    .then((version) => version !== '')
    .catch(() => false);
}

/**
 * Runs `work` with the machine's own engine if one answers, else with one that is started for it, on a socket and with a data
 * folder of its own. A second process that needs one waits: two engines would share bridge, packet filters and data.
 *
 * @template T
 * @param {(engine: Engine) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withOwnEngine(work) {
  const present = { host: undefined };
  if (await answers(present)) {
    say('using the Docker engine of this machine');
    return work(present);
  }
  if (!isDebian() || !isRoot()) {
    throw new SetupError(
      'No Docker engine answers, and one can be started here only by root on Debian or Ubuntu. ' +
        'Start Docker, or run this as root there.',
    );
  }
  const { withInstallLock } = await import(join(root, 'packages', 'local-kafka', 'dist', 'install-lock.js'));
  const onWait = (holder) => say(`waiting for process ${holder}, which uses the Docker engine`);
  return withInstallLock(`${RUN_FOLDER}/lock`, onWait, async () => {
    const missing = missingPackages(PACKAGES);
    if (missing.length > 0) await installPackages(missing);
    const engine = await startEngine();
    try {
      return await work(engine);
    } finally {
      // What a run that was killed has left in the data folder.
      await docker(engine, ['container', 'prune', '--force']).catch(() => '');
      await engine.stop();
    }
  });
}

async function startEngine() {
  // One whose parent was killed is on its way out.
  const deadline = Date.now() + START_TIMEOUT_MS;
  while ((await answers({ host: `unix://${SOCKET}` })) && Date.now() < deadline) await sleep(200);
  const problems = [];
  for (const flags of NETWORK_FLAGS) {
    const { engine, problem } = await launch(flags);
    if (engine !== undefined) return engine;
    problems.push(problem);
  }
  throw new SetupError(`The Docker engine does not start:\n${problems.join('\n')}`);
}

async function launch(flags) {
  mkdirSync(RUN_FOLDER, { recursive: true });
  const logFile = logPath('dockerd');
  mkdirSync(userCache('docker'), { recursive: true });
  mkdirSync(logPath('.'), { recursive: true });
  const log = openSync(logFile, 'w');
  const args = ['--host', `unix://${SOCKET}`, '--data-root', userCache('docker', 'data')];
  args.push('--exec-root', `${RUN_FOLDER}/exec`, '--pidfile', `${RUN_FOLDER}/docker.pid`, ...flags);
  // The kernel ends the engine with this process, also when that is killed.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', 'dockerd', ...args], { stdio: ['ignore', log, log] });
  const exited = new Promise((resolve) => {
    child.once('error', resolve);
    child.once('exit', resolve);
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
  };
  const engine = { host: `unix://${SOCKET}`, stop };
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && child.exitCode === null && child.signalCode === null) {
    if (existsSync(SOCKET) && (await answers(engine)) && child.exitCode === null) {
      say(`started a Docker engine (${['dockerd', ...flags].join(' ')}), log ${logFile}`);
      return { engine };
    }
    await sleep(100);
  }
  await stop();
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n');
  return { problem: `dockerd ${flags.join(' ')}: ${lines.slice(-3).join('\n')}` };
}
