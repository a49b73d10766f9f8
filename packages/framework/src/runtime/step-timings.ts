/** The steps of the loop whose time is measured. */
export type LoopStep = 'poll' | 'process' | 'punctuate' | 'commit' | 'rebalance';

export interface StepTiming {
  readonly count: number;
  readonly totalMs: number;
  readonly maxMs: number;
}

/** Time spent in each step of the loop since it started. Measured per step, never per record. */
export class StepTimings {
  readonly #steps = new Map<LoopStep, { count: number; totalMs: number; maxMs: number }>();

  add(step: LoopStep, durationMs: number): void {
    let timing = this.#steps.get(step);
    if (timing === undefined) {
      timing = { count: 0, totalMs: 0, maxMs: 0 };
      this.#steps.set(step, timing);
    }
    timing.count++;
    timing.totalMs += durationMs;
    if (durationMs > timing.maxMs) timing.maxMs = durationMs;
  }

  snapshot(): Readonly<Partial<Record<LoopStep, StepTiming>>> {
    return Object.fromEntries([...this.#steps].map(([step, timing]) => [step, { ...timing }]));
  }
}
