import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StateStoreError } from '../../errors/errors.js';
import { DirectoryLock } from './directory-lock.js';

/**
 * An id that this process keeps over its restarts, and that no other living process has: the transactional id is made of
 * it, so that a restarted process fences what it left open when it was killed. Several processes that share a state
 * directory take one slot each (`.process-0`, `.process-1`, ...).
 */
export class ProcessId {
  private constructor(
    readonly id: string,
    /** Which of the processes that share the directory this is, from 0. */
    readonly slot: number,
    private readonly lock: DirectoryLock,
  ) {}

  /** @param applicationDirectory `<stateDir>/<applicationId>` */
  static acquire(applicationDirectory: string, nowMs: number): ProcessId {
    for (let slot = 0; ; slot++) {
      const directory = join(applicationDirectory, `.process-${slot}`);
      mkdirSync(directory, { recursive: true });
      let lock: DirectoryLock;
      try {
        lock = DirectoryLock.acquire(directory, nowMs);
      } catch (error) {
        if (error instanceof StateStoreError && error.code === 'STATE_DIRECTORY_LOCKED') continue;
        throw error;
      }
      return new ProcessId(readOrCreate(join(directory, 'id')), slot, lock);
    }
  }

  /** See {@link DirectoryLock.touch}. */
  touch(nowMs: number): void {
    this.lock.touch(nowMs);
  }

  release(): void {
    this.lock.release();
  }
}

function readOrCreate(file: string): string {
  try {
    const id = readFileSync(file, 'utf8').trim();
    if (/^[0-9a-f-]{36}$/.test(id)) return id;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const id = randomUUID();
  writeFileSync(file, `${id}\n`);
  return id;
}
