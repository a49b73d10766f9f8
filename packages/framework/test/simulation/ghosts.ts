import { CrashedProcessError } from '../../dist/client/memory/client-process.js';
import { DiskOfTheDeadError, ProcessDied } from './simulated-disk.js';

/** Whether an error comes from a process that is dead already: nothing of a real one would be left to raise it. */
export function isOfTheDead(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof CrashedProcessError || cause instanceof ProcessDied) return true;
    if (cause instanceof DiskOfTheDeadError) return true;
  }
  return false;
}
