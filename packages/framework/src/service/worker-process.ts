/** Tells a forked process which worker it is, counted from 0. */
export const WORKER_INDEX = 'MILLRACE_WORKER_INDEX';

/** Index of this worker, or undefined in a process that no supervisor forked. */
export function workerIndex(source: Pick<NodeJS.Process, 'env' | 'connected'> = process): number | undefined {
  const index = source.env[WORKER_INDEX];
  // A process that the worker starts inherits the variable, but not the channel to the supervisor.
  return index === undefined || !source.connected ? undefined : Number(index);
}
