import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Runs one measured process and returns what it reports. `profileDir`: it also writes a CPU profile there. */
export async function runProcess<Result>(module: URL, job: object, profileDir?: string): Promise<Result> {
  const child = fork(fileURLToPath(module), [], {
    env: { ...process.env, UV_THREADPOOL_SIZE: '16', MILLRACE_BENCH_JOB: JSON.stringify(job) },
    execArgv: profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const killChild = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', killChild);
  try {
    return await new Promise<Result>((resolve, reject) => {
      let result: Result | undefined;
      child.on('message', (message) => (result = message as Result));
      child.on('error', reject);
      child.on('exit', (code, signal) => {
        if (result !== undefined && code === 0) resolve(result);
        else reject(new Error(`${module.pathname} ended with ${signal ?? `exit code ${code}`} and without a result.`));
      });
    });
  } finally {
    process.off('exit', killChild);
  }
}
