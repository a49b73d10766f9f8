import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { DEFAULT_FETCHER } from './fetchers.js';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Standard error, where services log. */
  readonly output: string;
}

const running = new Set<ServiceProcess>();

/** A service of `src/services/` in a process of its own. */
export class ServiceProcess {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  #output = '';

  /** @param name file name without ending, e.g. `copy-service` */
  constructor(name: string, env: Readonly<Record<string, string>>) {
    const file = fileURLToPath(new URL(`services/${name}.js`, import.meta.url));
    this.#child = spawn(process.execPath, ['--enable-source-maps', file], {
      env: { ...process.env, KAFKA_FETCHER: DEFAULT_FETCHER, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.pid = this.#child.pid ?? 0;
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    running.add(this);
    this.exited = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        running.delete(this);
        resolve({ code, signal, output: this.#output });
      });
    });
  }

  get output(): string {
    return this.#output;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

/** Ends what a test has left running; for `afterEach`. */
export async function killServices(): Promise<void> {
  const left = [...running];
  for (const service of left) service.kill('SIGKILL');
  await Promise.all(left.map((service) => service.exited));
}
