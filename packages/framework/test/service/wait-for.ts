import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when the condition holds, asking every 20 ms; rejects after 40 s, within the time-out of its tests. */
export async function waitFor(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 40_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Still not true after 40 s: ${condition.toString()}`);
    await sleep(20);
  }
}
