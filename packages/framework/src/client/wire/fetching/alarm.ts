import type { Clock } from '../../../time/clock.js';

/** Rings once at the earliest of the times it was set to. */
export class Alarm {
  private dueMs = Infinity;
  private sleep: AbortController | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly ring: () => void,
  ) {}

  /** @param atMs time of the clock's `monotonicMs()`; a later time than the one it waits for is ignored */
  set(atMs: number): void {
    if (atMs >= this.dueMs) return;
    this.clear();
    this.dueMs = atMs;
    const sleep = new AbortController();
    this.sleep = sleep;
    void this.clock.sleep(Math.max(1, atMs - this.clock.monotonicMs()), sleep.signal).then(() => {
      if (sleep.signal.aborted) return;
      this.sleep = undefined;
      this.dueMs = Infinity;
      this.ring();
    });
  }

  clear(): void {
    this.dueMs = Infinity;
    this.sleep?.abort();
    this.sleep = undefined;
  }
}
