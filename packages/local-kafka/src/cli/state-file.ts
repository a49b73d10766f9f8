import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stateDirectory } from '../directories.js';
import { isAlive } from '../install-lock.js';

/** What the CLI remembers of the Kafka that runs in the background. */
export interface RunningKafka {
  /** Process that holds it; ends it on SIGTERM. */
  readonly pid: number;
  readonly version: string;
  readonly bootstrapServers: string;
  readonly schemaRegistryUrl?: string;
  /** Folder with data and logs. */
  readonly directory: string;
  /** ISO 8601. */
  readonly startedAt: string;
}

function stateFile(): string {
  return join(stateDirectory(), 'local-kafka.json');
}

/** The Kafka that runs; undefined if none does, also if its process was killed and left the file behind. */
export async function readState(): Promise<RunningKafka | undefined> {
  const text = await readFile(stateFile(), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const state = JSON.parse(text) as RunningKafka;
  return isAlive(state.pid) && (await isOurs(state.pid)) ? state : undefined;
}

/** The id may belong to another program by now. Where there is no /proc to ask, it is taken for ours. */
async function isOurs(pid: number): Promise<boolean> {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  return commandLine === undefined || commandLine.includes('millrace-kafka');
}

/** Replaces the file in one step. */
export async function writeState(state: RunningKafka): Promise<void> {
  const file = stateFile();
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.${process.pid}`, JSON.stringify(state, null, 2) + '\n');
  await rename(`${file}.${process.pid}`, file);
}

export async function removeState(): Promise<void> {
  await rm(stateFile(), { force: true });
}
