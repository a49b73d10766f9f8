import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PauseMessage, PauseReport, PauseStatus } from './pause-messages.js';
import type { StateJob } from './state-job.js';

const MODULE = fileURLToPath(new URL('pause-service.js', import.meta.url));
const LOOK_INTERVAL_MS = 20;
const TIMEOUT_MS = 300_000;

/** One process of the pause test, as the benchmark sees it, with a state directory of its own. */
export class PauseMember {
  private readonly stateDir = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  private readonly child: ChildProcess;
  private readonly exited: Promise<unknown>;
  private status: PauseStatus = { kind: 'status', running: [], restoring: 0 };
  private report: PauseReport | undefined;

  constructor(job: Omit<StateJob, 'stateDir'>) {
    const text = JSON.stringify({ ...job, stateDir: this.stateDir });
    this.child = fork(MODULE, [], { env: { ...process.env, UV_THREADPOOL_SIZE: '16', MILLRACE_BENCH_JOB: text } });
    this.exited = once(this.child, 'exit');
    this.child.on('message', (message) => {
      this.take(message as PauseMessage);
    });
  }

  get running(): readonly string[] {
    return this.status.running;
  }

  /** @throws Error if the process ends, or after five minutes */
  async until(condition: () => boolean, what: string): Promise<void> {
    const deadlineMs = performance.now() + TIMEOUT_MS;
    while (!condition()) {
      if (this.child.exitCode !== null) throw new Error(`A process ended before ${what}.`);
      if (performance.now() > deadlineMs) throw new Error(`After five minutes it is not so that ${what}.`);
      await sleep(LOOK_INTERVAL_MS);
    }
  }

  async takeReport(): Promise<PauseReport> {
    this.child.send('report');
    await this.until(() => this.report !== undefined, 'it reports');
    if (this.report === undefined) throw new Error('There is no report.');
    return this.report;
  }

  /** A clean end: it commits and leaves the group. */
  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.send('stop');
      await this.exited;
    }
    rmSync(this.stateDir, { recursive: true, force: true });
  }

  private take(message: PauseMessage): void {
    if (message.kind === 'status') this.status = message;
    else this.report = message;
  }
}
