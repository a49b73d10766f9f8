import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs `work` while no other process that uses the same lock file does. It only saves work: what it guards is installed by
 * atomic renames, so that two processes that both get in (one took the other's lock for a dead one's) do no harm.
 *
 * @param onWait called once if another live process holds the lock
 */
export async function withInstallLock<T>(
  lockFile: string,
  onWait: (holder: number) => void,
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(dirname(lockFile), { recursive: true });
  let hasWaited = false;
  while (!(await tryLock(lockFile))) {
    const holder = await readHolder(lockFile);
    if (holder !== undefined && !isAlive(holder)) {
      await rm(lockFile, { force: true });
      continue;
    }
    if (!hasWaited && holder !== undefined) onWait(holder);
    hasWaited = true;
    await sleep(200);
  }
  try {
    return await work();
  } finally {
    await rm(lockFile, { force: true });
  }
}

/** True while a process of this id exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Linked into place with its content, so that a lock without a holder's id never exists. */
async function tryLock(lockFile: string): Promise<boolean> {
  const own = `${lockFile}.${process.pid}.${randomUUID()}`;
  await writeFile(own, String(process.pid));
  try {
    await link(own, lockFile);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

/** Undefined if the holder has just let go. */
async function readHolder(lockFile: string): Promise<number | undefined> {
  const text = await readFile(lockFile, 'utf8').catch(() => '');
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
