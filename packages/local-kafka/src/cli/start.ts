import { spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { stateDirectory } from '../directories.js';
import { startKafka, type LocalKafka } from '../local-kafka.js';
import { LocalKafkaError, type LocalKafkaErrorCode } from '../local-kafka-error.js';
import type { LocalKafkaOptions } from '../options.js';
import { printRunning } from './stop.js';
import { readState, removeState, writeState, type RunningKafka } from './state-file.js';

/** What the background process tells the one that started it. */
type Report =
  | { readonly type: 'progress'; readonly line: string }
  | { readonly type: 'ready'; readonly state: RunningKafka }
  | { readonly type: 'failed'; readonly code: LocalKafkaErrorCode | undefined; readonly message: string };

/** Starts Kafka in this process and stays until SIGINT or SIGTERM. */
export async function runInForeground(options: LocalKafkaOptions): Promise<number> {
  const report = reporter();
  const waiting = waitForSignal();
  try {
    const kafka = await startKafka({ ...options, onProgress: (line) => report({ type: 'progress', line }) });
    const state = stateOf(kafka);
    await writeState(state);
    report({ type: 'ready', state });
    await waiting.signal;
    console.log('stopping');
    await kafka.stop();
    await removeState();
    return 0;
  } catch (error) {
    if (process.send === undefined) throw error;
    const code = LocalKafkaError.is(error) ? error.code : undefined;
    report({ type: 'failed', code, message: error instanceof Error ? error.message : String(error) });
    return 1;
  } finally {
    waiting.end();
  }
}

/** Starts the same command line with `--foreground` in a process of its own, and shows its progress until it is ready. */
export async function startInBackground(args: readonly string[]): Promise<number> {
  const running = await readState();
  if (running !== undefined) {
    console.log('A local Kafka runs already:');
    printRunning(running);
    return 0;
  }
  await mkdir(stateDirectory(), { recursive: true });
  const logFile = join(stateDirectory(), 'local-kafka.log');
  const log = await open(logFile, 'w');
  const child = spawn(process.execPath, [process.argv[1] ?? '', ...args, '--foreground'], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  });
  await log.close();
  const end = await new Promise<Report>((resolve) => {
    child.on('message', (message) => {
      const report = message as Report;
      if (report.type === 'progress') console.log(report.line);
      else resolve(report);
    });
    child.on('exit', (code) =>
      resolve({ type: 'failed', code: undefined, message: `it ended with ${code}: ${logFile}` }),
    );
  });
  if (child.connected) child.disconnect();
  child.unref();
  if (end.type === 'ready') {
    printRunning(end.state);
    return 0;
  }
  if (end.type === 'failed') throw new LocalKafkaError(end.code ?? 'START_FAILED', end.message);
  return 1;
}

/** To the parent process while there is one, else to the terminal. */
function reporter(): (report: Report) => void {
  return (report) => {
    if (process.connected) process.send?.(report);
    if (report.type === 'progress') console.log(report.line);
    if (report.type === 'ready') printRunning(report.state);
  };
}

/** Holds the process open (brokers do not) until it is told to stop or `end` is called. A second signal kills it. */
function waitForSignal(): { readonly signal: Promise<void>; readonly end: () => void } {
  const hold = setInterval(() => undefined, 60_000);
  const signal = new Promise<void>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => resolve());
  });
  return { signal, end: () => clearInterval(hold) };
}

function stateOf(kafka: LocalKafka): RunningKafka {
  const { version, bootstrapServers, schemaRegistryUrl, directory } = kafka;
  return {
    pid: process.pid,
    version,
    bootstrapServers,
    ...(schemaRegistryUrl === undefined ? {} : { schemaRegistryUrl }),
    directory,
    startedAt: new Date().toISOString(),
  };
}
