import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServiceRunner, ServiceSettings } from './service-runner.js';

const SERVICE = fileURLToPath(new URL('../../bin/service.js', import.meta.url));
const STOP_TIMEOUT_MS = 15_000;
const SHOWN_LOG_CHARACTERS = 2000;

/**
 * The service as processes of their own, as it runs in production. Their logs go to files. They end with this process,
 * also when it is killed: the service stops when the channel to its parent closes.
 */
export class ServiceProcesses implements ServiceRunner {
  readonly failed: Promise<never>;
  private readonly children: readonly ChildProcess[];
  private readonly exits: readonly Promise<number | string>[];
  private isStopping = false;

  constructor(
    count: number,
    settings: ServiceSettings,
    environment: Readonly<Record<string, string>>,
    private readonly logDirectory = mkdtempSync(join(tmpdir(), 'sample-etl-')),
  ) {
    this.children = Array.from({ length: count }, (_, index) => this.startProcess(index, settings, environment));
    this.exits = this.children.map(exitOf);
    this.failed = this.watch();
    // Whoever races against it gets the error; without a race it must not end the demo.
    this.failed.catch(() => undefined);
    process.once('exit', this.killAll);
  }

  get description(): string {
    const ids = this.children.map(({ pid }) => pid).join(', ');
    return this.children.length === 1 ? `1 process (${ids})` : `${this.children.length} processes (${ids})`;
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    for (const child of this.children) child.kill('SIGTERM');
    const timer = setTimeout(this.killAll, STOP_TIMEOUT_MS);
    const codes = await Promise.all(this.exits);
    clearTimeout(timer);
    process.off('exit', this.killAll);
    const bad = codes.findIndex((code) => code !== 0);
    if (bad >= 0) throw this.endedBadly(bad, codes[bad] ?? 'an unknown exit');
    rmSync(this.logDirectory, { recursive: true, force: true });
  }

  private startProcess(
    index: number,
    settings: ServiceSettings,
    environment: Readonly<Record<string, string>>,
  ): ChildProcess {
    const log = openSync(this.logFile(index), 'w');
    try {
      return spawn(process.execPath, ['--enable-source-maps', SERVICE], {
        env: {
          ...process.env,
          ...environment,
          MILLRACE_APPLICATION_ID: settings.applicationId,
          MILLRACE_STATE_DIR: settings.stateDir,
          FLIGHTS_TOPIC_PREFIX: settings.topicPrefix,
        },
        stdio: ['ignore', log, log, 'ipc'],
        // A group of its own: Ctrl-C at the terminal reaches the demo alone, which stops its children in order.
        detached: true,
      });
    } finally {
      closeSync(log);
    }
  }

  private async watch(): Promise<never> {
    const exits = this.exits.map(async (exit, index) => ({ code: await exit, index }));
    const { code, index } = await Promise.race(exits);
    if (this.isStopping) return new Promise<never>(() => undefined);
    throw this.endedBadly(index, code);
  }

  private readonly killAll = (): void => {
    for (const child of this.children) child.kill('SIGKILL');
  };

  private endedBadly(index: number, code: number | string): Error {
    const log = readFileSync(this.logFile(index), 'utf8').slice(-SHOWN_LOG_CHARACTERS);
    return new Error(
      `Process ${index + 1} of the service ended with ${typeof code === 'number' ? `exit code ${code}` : code}. ` +
        `The end of its log (${this.logFile(index)}):\n${log}`,
    );
  }

  private logFile(index: number): string {
    return join(this.logDirectory, `service-${index + 1}.log`);
  }
}

/** Exit code or name of the signal. */
function exitOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'an unknown exit'));
  });
}
