import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitFor } from '../../dist/testing/wait-for.js';

const entry = fileURLToPath(new URL('./fixtures/service.js', import.meta.url));

/** What the environment of the tests must not decide. */
const DECIDING = /^(KAFKA_|MILLRACE_|LOG_)/;

/** The fixture service as a process of its own. */
export class ServiceProgram {
  private readonly directory = mkdtempSync(join(tmpdir(), 'millrace-service-'));
  private readonly process: ChildProcess;
  private readonly ended: Promise<number | string>;
  private errorText = '';

  constructor(env: Readonly<Record<string, string>>) {
    writeFileSync(this.file, '');
    const inherited = Object.entries(process.env).filter(([name]) => !DECIDING.test(name));
    this.process = spawn(process.execPath, [entry], {
      env: { ...Object.fromEntries(inherited), EVENTS: this.file, ...env },
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errorText += text;
    });
    this.ended = new Promise((resolve) => {
      this.process.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
    });
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** What it wrote to standard error so far. */
  get stderr(): string {
    return this.errorText;
  }

  /** Exit code, or the name of the signal that ended it, once it and its children have ended. */
  exit(): Promise<number | string> {
    return this.ended;
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** Names of the events noted so far, of all processes. */
  events(): string[] {
    return this.lines().map(([name]) => name);
  }

  /** Processes that noted an event. */
  pidsOf(event: string): number[] {
    return this.lines()
      .filter(([name]) => name === event)
      .map(([, pid]) => pid);
  }

  async waitForEvent(event: string, times = 1): Promise<void> {
    await waitFor(() => this.pidsOf(event).length >= times, `event ${event}, ${times} times`);
  }

  /** Ends what still runs and removes its files. */
  async dispose(): Promise<void> {
    for (const pid of new Set([this.pid, ...this.lines().map(([, pid]) => pid)])) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended already.
      }
    }
    await this.ended;
    rmSync(this.directory, { recursive: true, force: true });
  }

  private get file(): string {
    return join(this.directory, 'events');
  }

  private lines(): [name: string, pid: number][] {
    return readFileSync(this.file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [name = '', pid = ''] = line.split(' ');
        return [name, Number(pid)];
      });
  }
}
