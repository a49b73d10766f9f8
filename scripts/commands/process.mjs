import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { root } from '../setup/paths.mjs';

/**
 * Runs a Node.js program on this terminal and gives its exit code; 128 + n after signal n. Ctrl-C and SIGTERM reach the
 * program, which decides how to end.
 *
 * @param {string[]} args program file and its arguments
 * @param {{ env?: Record<string, string>, stdin?: 'inherit' | 'ignore' }} [options]
 */
export function runNode(args, { env = {}, stdin = 'inherit' } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: [stdin, 'inherit', 'inherit'],
    });
    // A terminal sends SIGINT to the whole process group: only stay alive for the child's exit code.
    const ignore = () => {};
    const pass = () => child.kill('SIGTERM');
    process.on('SIGINT', ignore);
    process.on('SIGTERM', pass);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      process.removeListener('SIGINT', ignore);
      process.removeListener('SIGTERM', pass);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

/**
 * Environment of programs that open Kafka clients. Each client parks some threads of Node's pool, whose size is fixed
 * before the program starts.
 */
export const kafkaEnv = { UV_THREADPOOL_SIZE: process.env.UV_THREADPOOL_SIZE ?? '16' };
