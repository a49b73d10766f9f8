import { fork, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../telemetry/logger.js';
import { EXIT_CODES } from './failure-report.js';
import type { WorkerRestartOptions } from './stream-service-options.js';
import { WORKER_INDEX } from './worker-process.js';

export interface WorkerSupervisorDeps {
  readonly workers: number;
  /** Script that each worker runs; the program's own entry. */
  readonly entry: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly restart: Required<WorkerRestartOptions>;
  /** How long a worker may take to stop before it is killed, ms. */
  readonly stopTimeoutMs: number;
  readonly logger: Logger;
}

/** How a worker ended: with an exit code, or by a signal. */
interface WorkerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly ranMs: number;
}

/** libuv's pool has 4 threads by default; each Kafka client may hold one while it waits for a broker. */
const THREADPOOL_SIZE = '16';

/**
 * Runs `workers` child processes of the same program and keeps them running. A worker that crashes is started again
 * after a delay that doubles; one that reports wrong configuration, or fails too often in a row, ends all. Workers stop
 * by themselves when the supervisor dies: they see the channel close.
 */
export class WorkerSupervisor {
  private readonly children = new Map<number, ChildProcess>();
  private readonly stopping = new AbortController();
  private exitCode: number = EXIT_CODES.ok;

  constructor(private readonly deps: WorkerSupervisorDeps) {}

  /** Starts the workers. Resolves with the exit code for the whole service when the last one has ended. */
  async run(): Promise<number> {
    const { workers, logger } = this.deps;
    logger.info({ workers }, `Starting ${workers} workers`);
    await Promise.all(Array.from({ length: workers }, (_, index) => this.keepRunning(index)));
    return this.exitCode;
  }

  /** Asks every worker to stop, and kills those that have not after the time-out. Idempotent. */
  stop(): void {
    if (this.stopping.signal.aborted) return;
    this.stopping.abort();
    for (const child of this.children.values()) this.stopChild(child);
  }

  /** Kills every worker at once. What they had not committed is processed again after the next start. */
  kill(): void {
    this.stop();
    for (const child of this.children.values()) child.kill('SIGKILL');
  }

  private async keepRunning(index: number): Promise<void> {
    const { healthyAfterMs, maxFailures } = this.deps.restart;
    let failures = 0;
    while (!this.stopping.signal.aborted) {
      const exit = await this.runOnce(index);
      if (this.stopping.signal.aborted) return this.checkStopped(index, exit);
      if (exit.code === EXIT_CODES.ok) {
        this.deps.logger.info({ worker: index }, `Worker ${index} has finished`);
        return;
      }
      if (exit.code === EXIT_CODES.misconfigured) {
        return this.giveUp(index, EXIT_CODES.misconfigured, 'reported wrong configuration, see its message');
      }
      failures = exit.ranMs >= healthyAfterMs ? 1 : failures + 1;
      if (failures >= maxFailures) {
        return this.giveUp(index, EXIT_CODES.failed, `failed ${failures} times in a row (${describe(exit)})`);
      }
      await this.pause(index, exit, failures);
    }
  }

  private runOnce(index: number): Promise<WorkerExit> {
    const { entry, args, env } = this.deps;
    const startedAt = performance.now();
    return new Promise((resolve) => {
      const child = fork(entry, args, {
        // Size the pool before the process starts: it is fixed at first use.
        env: { UV_THREADPOOL_SIZE: THREADPOOL_SIZE, ...env, [WORKER_INDEX]: String(index) },
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      this.children.set(index, child);
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.children.delete(index);
        resolve({ code, signal, ranMs: performance.now() - startedAt });
      };
      child.once('exit', end);
      child.once('error', (error) => {
        this.deps.logger.error({ worker: index, error }, `Worker ${index} could not be started or reached`);
        if (child.pid === undefined) end(null, null);
      });
      this.deps.logger.debug({ worker: index, pid: child.pid }, `Worker ${index} started`);
    });
  }

  private stopChild(child: ChildProcess): void {
    child.kill('SIGTERM');
    const { stopTimeoutMs, logger } = this.deps;
    const deadline = setTimeout(() => {
      logger.error(
        { pid: child.pid },
        `Worker process ${child.pid} did not stop within ${stopTimeoutMs} ms: killing it`,
      );
      child.kill('SIGKILL');
    }, stopTimeoutMs);
    child.once('exit', () => clearTimeout(deadline));
  }

  private checkStopped(index: number, exit: WorkerExit): void {
    // SIGTERM ends a worker that has not come to listening yet: it has processed nothing.
    const isClean = exit.code === EXIT_CODES.ok || exit.signal === 'SIGTERM';
    if (isClean || this.exitCode !== EXIT_CODES.ok) return;
    this.deps.logger.error({ worker: index }, `Worker ${index} did not stop cleanly: ${describe(exit)}`);
    this.exitCode = EXIT_CODES.failed;
  }

  private giveUp(index: number, exitCode: number, reason: string): void {
    this.exitCode = exitCode;
    this.deps.logger.error({ worker: index, exitCode }, `Worker ${index} ${reason}: stopping the service`);
    this.stop();
  }

  private async pause(index: number, exit: WorkerExit, failures: number): Promise<void> {
    const { initialDelayMs, maxDelayMs } = this.deps.restart;
    const delayMs = Math.min(initialDelayMs * 2 ** (failures - 1), maxDelayMs);
    this.deps.logger.warn(
      { worker: index, failures, delayMs },
      `Worker ${index} ended unexpectedly (${describe(exit)}): starting it again in ${delayMs} ms`,
    );
    // Stopping ends the pause; that is all that a rejection can mean.
    await sleep(delayMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

function describe({ code, signal }: WorkerExit): string {
  return signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`;
}
