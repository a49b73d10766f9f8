// Runs a long command quietly: output goes to a log file, the terminal gets a line every ten seconds.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { root } from './paths.mjs';
import { say, since, SetupError } from './report.mjs';

const PROGRESS_INTERVAL_MS = 10_000;

function lastLines(file, count) {
  // Without colours and npm's warnings, which say nothing about the work under way.
  const lines = stripVTControlCharacters(readFileSync(file, 'utf8')).split('\n');
  return lines.filter((line) => line.trim() !== '' && !line.startsWith('npm warn')).slice(-count);
}

/**
 * Starts `command` and waits for its end.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ title: string, logFile: string, cwd?: string, env?: Record<string, string>, timeoutMs?: number }} options
 * @returns {Promise<{ ok: boolean, reason: string }>} `reason` says how it failed
 */
export function tryQuietly(command, args, { title, logFile, cwd = root, env = {}, timeoutMs }) {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'w');
  const startMs = Date.now();
  return new Promise((resolve) => {
    // A group of its own, so that a time-out ends the compilers and downloads that the command started, too.
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', log, log],
      detached: true,
    });
    const endGroup = () => {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // Already gone.
      }
    };
    let timedOut = false;
    const progress = setInterval(() => {
      const last = lastLines(logFile, 1)[0]?.trim();
      say(`  ${title}: ${since(startMs)} so far${last === undefined ? '' : `; ${last.slice(0, 90)}`}`);
    }, PROGRESS_INTERVAL_MS);
    const limit =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            endGroup();
          }, timeoutMs);
    process.once('exit', endGroup);
    const finish = (ok, reason) => {
      clearInterval(progress);
      clearTimeout(limit);
      process.removeListener('exit', endGroup);
      closeSync(log);
      resolve({ ok, reason });
    };
    child.once('error', (error) => finish(false, `${command} cannot be started: ${error.message}`));
    child.once('close', (code, signal) => {
      if (timedOut) finish(false, `no result within ${timeoutMs / 1000} s`);
      else if (code === 0) finish(true, '');
      else finish(false, `${lastLines(logFile, 1)[0] ?? command} (${signal ?? `exit code ${code}`})`);
    });
  });
}

/** Like {@link tryQuietly}, but a failure is an error that shows the end of the log. */
export async function runQuietly(command, args, options) {
  const { ok, reason } = await tryQuietly(command, args, options);
  if (ok) return;
  const tail = lastLines(options.logFile, 20).map((line) => `  | ${line}`);
  throw new SetupError(
    [`${options.title} failed: ${reason}.`, ...tail, `The whole log: ${relative(process.cwd(), options.logFile)}`].join(
      '\n',
    ),
  );
}
