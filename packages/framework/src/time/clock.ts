/**
 * The only source of time in the runtime. The system clock in production; a clock that a test advances elsewhere.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds from an arbitrary origin, never going back; for durations. */
  monotonicMs(): number;
  /** Resolves after `ms` milliseconds of this clock; at once (next macrotask) for 0. */
  sleep(ms: number): Promise<void>;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms) =>
    new Promise((resolve) => {
      if (ms <= 0) setImmediate(resolve);
      else setTimeout(resolve, ms);
    }),
};
