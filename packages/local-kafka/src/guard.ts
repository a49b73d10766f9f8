import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const GUARD_SCRIPT = fileURLToPath(new URL('./guard-process.js', import.meta.url));

/**
 * Ends the brokers when this process is gone, also when it is killed with SIGKILL: a process of its own holds the other
 * end of a pipe and acts when it closes (see guard-process.ts).
 */
export class Guard {
  readonly #child: ChildProcess;

  constructor() {
    this.#child = spawn(process.execPath, [GUARD_SCRIPT], {
      stdio: ['pipe', 'ignore', 'inherit'],
      detached: true,
      // The parent's options (a loader, a debugger port) are not meant for it.
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    // It must not keep this process alive; and if it is gone, so be it.
    this.#child.unref();
    this.#child.on('error', () => undefined);
    this.#child.stdin?.on('error', () => undefined);
    if (this.#child.stdin !== null && 'unref' in this.#child.stdin) (this.#child.stdin as { unref(): void }).unref();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** End this process when the parent is gone. */
  watch(pid: number): void {
    this.#send(`watch ${pid}`);
  }

  /** This process has ended. */
  forget(pid: number): void {
    this.#send(`forget ${pid}`);
  }

  /** Delete this folder once every watched process has ended. */
  removeAtEnd(folder: string): void {
    this.#send(`remove ${folder}`);
  }

  /** Takes {@link removeAtEnd} back. */
  keepFolder(): void {
    this.#send('keep folder');
  }

  /** Lets the guard do its work now and resolves when it has. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    this.#child.ref();
    this.#child.stdin?.end();
    await exited;
  }

  #send(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }
}
