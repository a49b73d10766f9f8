import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StateStoreError } from '../../errors/errors.js';
import { currentProcess, parseProcessIdentity, processLives, type ProcessIdentity } from './process-identity.js';

export const LOCK_FILE = '.lock';

/**
 * A lock of another host is given up for dead when its file was not touched for this long, ms. (Whether a process of
 * another host lives cannot be asked.)
 */
const OTHER_HOST_TIMEOUT_MS = 60_000;

/**
 * Exclusive use of a directory by one process, kept as a file that names the process. A lock whose process is dead is
 * taken over. Made with `link`, which is atomic, so that the file is never seen half written.
 */
export class DirectoryLock {
  #isReleased = false;

  private constructor(
    private readonly path: string,
    private readonly content: string,
  ) {}

  /**
   * @param nowMs wall-clock time, to judge locks of other hosts
   * @throws StateStoreError `STATE_DIRECTORY_LOCKED` if a living process holds it
   */
  static acquire(directory: string, nowMs: number): DirectoryLock {
    const path = join(directory, LOCK_FILE);
    const content = JSON.stringify({ ...currentProcess(), token: randomUUID() });
    for (;;) {
      if (createWith(path, content)) return new DirectoryLock(path, content);
      const held = read(path);
      // Released in this moment: try again.
      if (held === undefined) continue;
      const holder = parseProcessIdentity(held);
      if (holder !== undefined && isHeld(path, holder, nowMs)) throw locked(directory, path, holder);
      takeAway(directory, path, held, nowMs);
    }
  }

  /** Tells other hosts that this process lives. To be called at least every 20 seconds where hosts share a directory. */
  touch(nowMs: number): void {
    if (!this.#isReleased) utimesSync(this.path, nowMs / 1000, nowMs / 1000);
  }

  /** Releasing twice does no harm. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    if (read(this.path) === this.content) unlinkSync(this.path);
  }
}

/** Whether a living process holds the lock of a directory. */
export function isLocked(directory: string, nowMs: number): boolean {
  const path = join(directory, LOCK_FILE);
  const held = read(path);
  const holder = held === undefined ? undefined : parseProcessIdentity(held);
  return holder !== undefined && isHeld(path, holder, nowMs);
}

function isHeld(path: string, holder: ProcessIdentity, nowMs: number): boolean {
  const lives = processLives(holder);
  if (lives !== 'unknown') return lives;
  try {
    return nowMs - statSync(path).mtimeMs < OTHER_HOST_TIMEOUT_MS;
  } catch {
    return false;
  }
}

/**
 * Removes a dead process's lock. Two processes may find the same dead lock; the second must not remove the lock that the
 * first has made meanwhile. So removal itself is guarded by a second lock, held for a moment.
 */
function takeAway(directory: string, path: string, dead: string, nowMs: number): void {
  const guard = `${path}.takeover`;
  const content = JSON.stringify({ ...currentProcess(), token: randomUUID() });
  if (!createWith(guard, content)) {
    const held = read(guard);
    if (held === undefined) return;
    const holder = parseProcessIdentity(held);
    if (holder !== undefined && isHeld(guard, holder, nowMs)) throw locked(directory, guard, holder);
    removeDeadGuard(guard, held);
    return;
  }
  try {
    if (read(path) === dead) unlinkSync(path);
  } finally {
    unlinkSync(guard);
  }
}

/** Someone died in the moment of {@link takeAway}. What is moved away is checked to be the dead one's file. */
function removeDeadGuard(guard: string, dead: string): void {
  const aside = `${guard}.${randomUUID()}`;
  try {
    renameSync(guard, aside);
  } catch {
    return;
  }
  if (read(aside) !== dead) linkSync(aside, guard);
  unlinkSync(aside);
}

/** Makes a file with this content if there is none. */
function createWith(path: string, content: string): boolean {
  const draft = `${path}.${randomUUID()}`;
  writeFileSync(draft, content);
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    unlinkSync(draft);
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function locked(directory: string, path: string, { pid, host }: ProcessIdentity): StateStoreError {
  const who = pid === process.pid ? 'this process' : `process ${pid} on ${host}`;
  return new StateStoreError(
    'STATE_DIRECTORY_LOCKED',
    `State directory ${directory} is in use by ${who}. Stop it, or give each process its own stateDir. ` +
      `If that process is certainly gone, delete ${path}.`,
  );
}
