import type { Cancellable, Punctuator } from '../processor/processor-context.js';

interface Schedule {
  readonly intervalMs: number;
  readonly fire: Punctuator;
  dueMs: number;
}

/**
 * Punctuators of one task and one kind of time. A tick missed several times fires once, and the next stays on the grid
 * (PunctuationSchedule.java).
 */
export class PunctuationQueue {
  #schedules: Schedule[] = [];
  /** Time of the next tick; Infinity if nothing is scheduled. Read once per record: a field, not a method. */
  nextDueMs = Infinity;

  schedule(firstDueMs: number, intervalMs: number, fire: Punctuator): Cancellable {
    const schedule: Schedule = { intervalMs, fire, dueMs: firstDueMs };
    this.#schedules.push(schedule);
    this.#findNext();
    return {
      cancel: () => {
        this.#schedules = this.#schedules.filter((other) => other !== schedule);
        this.#findNext();
      },
    };
  }

  /** Fires all that is due, earliest first. A punctuator that returns a promise is awaited before the next one. */
  async punctuate(nowMs: number): Promise<void> {
    while (this.nextDueMs <= nowMs) {
      const schedule = this.#schedules.reduce((first, other) => (other.dueMs < first.dueMs ? other : first));
      const missed = Math.floor((nowMs - schedule.dueMs) / schedule.intervalMs);
      schedule.dueMs += (missed + 1) * schedule.intervalMs;
      this.#findNext();
      await schedule.fire(nowMs);
    }
  }

  clear(): void {
    this.#schedules = [];
    this.nextDueMs = Infinity;
  }

  #findNext(): void {
    let next = Infinity;
    for (const schedule of this.#schedules) if (schedule.dueMs < next) next = schedule.dueMs;
    this.nextDueMs = next;
  }
}
