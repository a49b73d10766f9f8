import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Guard } from './guard.js';
import { LocalKafkaError } from './local-kafka-error.js';

export interface JavaCommand {
  /** What it is, for messages: `broker 1`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Output is appended here. */
  readonly logFile: string;
  readonly workingDirectory: string;
}

/** A Java server in a process of its own, which ends with this one. */
export class JavaProcess {
  readonly name: string;
  readonly logFile: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  /** Bytes that earlier starts have logged. */
  readonly #logStart: number;

  private constructor(command: JavaCommand, child: ChildProcess, guard: Guard, logStart: number) {
    this.name = command.name;
    this.logFile = command.logFile;
    this.#child = child;
    this.#logStart = logStart;
    const pid = child.pid;
    if (pid !== undefined) guard.watch(pid);
    this.#exited = new Promise((resolve) => {
      child.once('error', () => resolve());
      child.once('exit', () => {
        if (pid !== undefined) guard.forget(pid);
        resolve();
      });
    });
    child.unref();
  }

  static async start(command: JavaCommand, guard: Guard): Promise<JavaProcess> {
    const log = await open(command.logFile, 'a');
    try {
      const { size } = await log.stat();
      const child = spawn(command.command, command.args, {
        stdio: ['ignore', log.fd, log.fd],
        cwd: command.workingDirectory,
        env: { ...process.env, ...command.env },
        // Its own process group: Ctrl-C goes to this process, which stops the server in order.
        detached: true,
      });
      return new JavaProcess(command, child, guard, size);
    } finally {
      await log.close();
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isRunning(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** `exit code 1` or `signal SIGKILL`. */
  get end(): string {
    return this.#child.signalCode === null ? `exit code ${this.#child.exitCode}` : `signal ${this.#child.signalCode}`;
  }

  /** Kills it with SIGKILL and resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#signal('SIGKILL');
  }

  /** Asks it to stop; kills it if it has not after `graceMs`. Resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), graceMs);
    await this.#signal('SIGTERM');
    clearTimeout(timer);
  }

  /**
   * Resolves when `isReady` says so, asked again and again.
   *
   * @throws LocalKafkaError `START_FAILED` if the process ends before, `START_TIMED_OUT`; with the last lines of its log
   */
  async waitUntilReady(isReady: () => Promise<boolean>, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!(await isReady())) {
      if (!this.isRunning) {
        throw await this.#failure('START_FAILED', `ended with ${this.end} before it was ready`);
      }
      if (performance.now() > deadline) {
        throw await this.#failure('START_TIMED_OUT', `did not answer within ${timeoutMs} ms`);
      }
      await sleep(25);
    }
  }

  async #signal(signal: NodeJS.Signals): Promise<void> {
    if (!this.isRunning) return;
    this.#child.ref();
    this.#child.kill(signal);
    await this.#exited;
  }

  async #failure(code: 'START_FAILED' | 'START_TIMED_OUT', what: string): Promise<LocalKafkaError> {
    const log = await readFile(this.logFile).catch(() => Buffer.alloc(0));
    const lines = log.subarray(this.#logStart).toString().trimEnd().split('\n');
    const telling = lines.filter((line) => /\b(ERROR|FATAL)\b|Exception|^Error/.test(line));
    const shown = (telling.length > 0 ? telling : lines).slice(-8).join('\n');
    return new LocalKafkaError(code, `${this.name} ${what}. Its log ${this.logFile} ends with:\n${shown}`);
  }
}

/** Runs a Java tool to its end and returns what it printed. @throws LocalKafkaError with `code` */
export async function runJavaTool(
  command: string,
  args: readonly string[],
  code: 'FORMAT_FAILED' | 'CERTIFICATE_FAILED',
): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const [exitCode] = (await once(child, 'close').catch((error: unknown) => [error])) as unknown[];
  if (exitCode === 0) return output;
  throw new LocalKafkaError(code, `${command} failed (${String(exitCode)}): ${output.trim().slice(-2000)}`, {
    cause: exitCode instanceof Error ? exitCode : undefined,
  });
}
