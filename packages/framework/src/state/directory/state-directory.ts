import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StateStoreError } from '../../errors/errors.js';
import type { Clock } from '../../time/clock.js';
import { DirectoryLock, isLocked } from './directory-lock.js';
import { readStateFile } from './state-file.js';
import { DATA_FILE, TaskDirectory } from './task-directory.js';

const TRASH = '.trash-';
const FINGERPRINT_FILE = '.topology.json';

/**
 * Local state of one application on this machine: `<stateDir>/<applicationId>/<taskId>/`. Each task directory is locked by
 * itself, so that several processes of the application may share the state directory: a task that moves from one to
 * another finds its state.
 */
export class StateDirectory {
  readonly path: string;

  /** @throws StateStoreError `STATE_DIRECTORY_FAILED` if the directory cannot be made */
  constructor(
    stateDir: string,
    private readonly applicationId: string,
    private readonly clock: Clock,
  ) {
    this.path = join(stateDir, applicationId);
    try {
      mkdirSync(this.path, { recursive: true });
    } catch (cause) {
      throw new StateStoreError(
        'STATE_DIRECTORY_FAILED',
        `State directory ${this.path} cannot be made: ${String(cause)}. Set stateDir to a place that this user may write.`,
        { cause },
      );
    }
  }

  /** Names the directory, whoever asks: processes that share it know that they do. */
  get id(): string {
    const file = join(this.path, '.directory-id');
    try {
      writeFileSync(file, `${randomUUID()}\n`, { flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    return readFileSync(file, 'utf8').trim();
  }

  /** Fingerprint of the topology whose state is kept here, as it was set. */
  get fingerprint(): string | undefined {
    try {
      return readFileSync(join(this.path, FINGERPRINT_FILE), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  set fingerprint(value: string) {
    // Never seen half written: processes that share the directory may start at the same time.
    const draft = join(this.path, `${FINGERPRINT_FILE}.${randomUUID()}`);
    writeFileSync(draft, value);
    renameSync(draft, join(this.path, FINGERPRINT_FILE));
  }

  /**
   * Locks and opens the state of a task. Errors are those of {@link TaskDirectory}.
   * @throws StateStoreError also `STATE_DIRECTORY_FAILED`
   */
  openTask(taskId: string): TaskDirectory {
    const { applicationId, clock } = this;
    const path = join(this.path, taskId);
    return usable(path, () => new TaskDirectory({ path, applicationId, taskId, clock }));
  }

  /** Tasks that have state here, also those that other processes use. */
  tasks(): readonly string[] {
    return readdirSync(this.path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && typeof readStateFile(join(this.path, entry.name)) === 'object')
      .map((entry) => entry.name);
  }

  /**
   * Deletes the state of tasks that nobody uses and that were not used for a while: they have moved elsewhere for good.
   *
   * @param unusedMs `state.cleanup.delay.ms`; 0: whatever is not in use now
   * @returns the tasks whose state was deleted
   */
  removeUnused(unusedMs: number): readonly string[] {
    this.#emptyTrash();
    return this.tasks().filter((taskId) => this.#removeIfUnused(taskId, unusedMs));
  }

  #removeIfUnused(taskId: string, unusedMs: number): boolean {
    const path = join(this.path, taskId);
    const nowMs = this.clock.now();
    if (isLocked(path, nowMs) || nowMs - lastUsedMs(path) < unusedMs) return false;
    let lock: DirectoryLock;
    try {
      lock = DirectoryLock.acquire(path, nowMs);
    } catch {
      // Someone was faster.
      return false;
    }
    // Once it has another name nobody can open it any more, half deleted or not.
    const trash = join(this.path, `${TRASH}${taskId}-${randomUUID()}`);
    try {
      renameSync(path, trash);
    } catch (error) {
      lock.release();
      throw error;
    }
    rmSync(trash, { recursive: true, force: true });
    return true;
  }

  /** Finishes what a process was doing when it died. */
  #emptyTrash(): void {
    for (const name of readdirSync(this.path)) {
      if (name.startsWith(TRASH)) rmSync(join(this.path, name), { recursive: true, force: true });
    }
  }
}

function lastUsedMs(path: string): number {
  const state = readStateFile(path);
  const usedAtMs = typeof state === 'object' ? state.usedAtMs : 0;
  try {
    return Math.max(usedAtMs, statSync(join(path, DATA_FILE)).mtimeMs);
  } catch {
    return usedAtMs;
  }
}

/** @throws StateStoreError `STATE_DIRECTORY_FAILED` for what the operating system refuses: no right to write, no space */
export function usable<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof Error) || !('syscall' in cause)) throw cause;
    throw new StateStoreError(
      'STATE_DIRECTORY_FAILED',
      `State directory ${path} cannot be used: ${cause.message}. See that this user may write there and that the disk has space, or choose another stateDir.`,
      { cause },
    );
  }
}
