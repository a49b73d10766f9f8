import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when the condition holds; the test's own time-out is the limit. */
export async function waitFor(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}
