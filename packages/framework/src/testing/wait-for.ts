import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 20;

/**
 * Resolves as soon as the condition holds, asking again every few milliseconds.
 *
 * @param description what is waited for, for the error: `all partitions are assigned`
 * @throws Error naming `description` once `timeoutMs` are over; its cause is what the condition threw last, if it threw
 */
export async function waitFor(
  condition: () => boolean | Promise<boolean>,
  description: string,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
    try {
      if (await condition()) return;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutMs} ms in vain: ${description}`, cause === undefined ? undefined : { cause });
    }
    await sleep(PAUSE_MS);
  }
}
