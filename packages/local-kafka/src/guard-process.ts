/*
 * Runs as a small process of its own and ends what its parent leaves behind. The parent holds the other end of stdin; when
 * the parent dies, however it dies, the pipe closes. Lines on stdin:
 *
 *   watch <pid>     end this process when the parent is gone
 *   forget <pid>    it has ended; its id may belong to another process now
 *   remove <path>   delete this folder when all has ended
 *   keep folder     do not
 */
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from './install-lock.js';

const GRACE_MS = 10_000;
const watched = new Set<number>();
let folderToRemove: string | undefined;

// A terminal's Ctrl-C reaches the whole process group; the guard must outlive it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  const space = line.indexOf(' ');
  const argument = line.slice(space + 1);
  switch (line.slice(0, space)) {
    case 'watch':
      watched.add(Number(argument));
      break;
    case 'forget':
      watched.delete(Number(argument));
      break;
    case 'remove':
      folderToRemove = argument;
      break;
    case 'keep':
      folderToRemove = undefined;
      break;
  }
}

// Data that is thrown away needs no clean shutdown.
signalAll(folderToRemove === undefined ? 'SIGTERM' : 'SIGKILL');
const deadline = Date.now() + GRACE_MS;
while ([...watched].some(isAlive)) {
  if (Date.now() > deadline) signalAll('SIGKILL');
  await sleep(20);
}
if (folderToRemove !== undefined) await rm(folderToRemove, { recursive: true, force: true });

function signalAll(signal: NodeJS.Signals): void {
  for (const pid of watched) {
    try {
      process.kill(pid, signal);
    } catch {
      watched.delete(pid);
    }
  }
}
