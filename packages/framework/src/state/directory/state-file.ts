import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export const STATE_FILE = 'state.json';
export const STATE_FORMAT = 1;

/**
 * What a task directory says of itself. `phase`: `opening` while the store files are opened for the first time (a process
 * that dies there was probably killed by them), `open` while they are in use, `closed` after a clean stop.
 */
export interface StateFile {
  readonly format: number;
  readonly applicationId: string;
  readonly taskId: string;
  readonly phase: 'opening' | 'open' | 'closed';
  /** The machine's run in which the files were last opened; null: unknown, then each write waits for the disk. */
  readonly bootId: string | null;
  /** Least size of the data file. */
  readonly dataBytes: number;
  /** How the data file begins; null: it was not there yet. */
  readonly dataHeader: string | null;
  /** When it was last opened or closed, ms. */
  readonly usedAtMs: number;
  /** Processes in a row that died soon after they had opened the files, the present one counted in. @default 0 */
  readonly earlyDeaths?: number;
}

/** Undefined: there is none. `damaged`: it cannot be read. */
export function readStateFile(directory: string): StateFile | 'damaged' | undefined {
  let text: string;
  try {
    text = readFileSync(join(directory, STATE_FILE), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const parsed = JSON.parse(text) as Partial<StateFile> | null;
    const isWhole =
      parsed !== null &&
      typeof parsed.format === 'number' &&
      typeof parsed.applicationId === 'string' &&
      typeof parsed.taskId === 'string';
    return isWhole ? (parsed as StateFile) : 'damaged';
  } catch {
    return 'damaged';
  }
}

/** Replaces the file; it is on the disk when this returns. */
export function writeStateFile(directory: string, content: StateFile): void {
  const path = join(directory, STATE_FILE);
  const draft = `${path}.tmp`;
  const file = openSync(draft, 'w');
  try {
    writeSync(file, `${JSON.stringify(content, undefined, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
}
