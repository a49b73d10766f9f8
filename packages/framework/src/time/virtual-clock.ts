import { IllegalStateError } from '../errors/errors.js';
import type { Clock } from './clock.js';
import { DeadlineQueue, type Deadline } from './deadline-queue.js';

interface Sleeper extends Deadline {
  readonly wake: () => void;
  isCancelled: boolean;
}

/** Bounds of a run, in milliseconds of the virtual clock. */
export interface VirtualRunOptions {
  /** The run fails once this much virtual time has passed. @default 86400000 (a day) */
  readonly limitMs?: number;
}

const DAY_MS = 86_400_000;

/**
 * A clock that stands still until it is told to go on. Sleepers wake in the order of their time, those of the same time in
 * the order in which they went to sleep, one by one: everything that one of them starts by microtasks is finished before
 * the next wakes. Code that waits for nothing but this clock therefore runs the same way every time.
 *
 * @example
 * const clock = new VirtualClock();
 * const work = clock.sleep(1_000).then(() => 'done');
 * await clock.advance(1_000);
 * await work;
 */
export class VirtualClock implements Clock {
  readonly #originMs: number;
  #nowMs: number;
  #sequence = 0;
  #sleeping = 0;
  readonly #sleepers = new DeadlineQueue<Sleeper>();

  /** @param startMs what `now()` says at the beginning, milliseconds since the epoch */
  constructor(startMs = 0) {
    this.#originMs = startMs;
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs - this.#originMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const abort = (): void => {
        sleeper.isCancelled = true;
        this.#sleeping -= 1;
        resolve();
      };
      const wake = (): void => {
        signal?.removeEventListener('abort', abort);
        this.#sleeping -= 1;
        resolve();
      };
      const dueMs = this.#nowMs + Math.max(0, ms);
      const sleeper: Sleeper = { dueMs, sequence: this.#sequence++, wake, isCancelled: false };
      signal?.addEventListener('abort', abort, { once: true });
      this.#sleeping += 1;
      this.#sleepers.push(sleeper);
    });
  }

  /** How many sleep. */
  get sleeping(): number {
    return this.#sleeping;
  }

  /** When the next sleeper wakes, milliseconds since the epoch; `undefined` if nobody sleeps, or only for ever. */
  nextWakeMs(): number | undefined {
    while (this.#sleepers.peek()?.isCancelled === true) this.#sleepers.pop();
    const dueMs = this.#sleepers.peek()?.dueMs;
    return dueMs === Infinity ? undefined : dueMs;
  }

  /** Lets microtasks finish, then goes to the next sleeper's time and wakes it. False if nobody slept. */
  async step(): Promise<boolean> {
    await settle();
    return this.#wakeNext();
  }

  /** Goes forward by `ms`, waking all that is due on the way, also what is put to sleep on the way. */
  async advance(ms: number): Promise<void> {
    const targetMs = this.#nowMs + ms;
    await settle();
    while ((this.nextWakeMs() ?? Infinity) <= targetMs) await this.#wakeNext();
    this.#nowMs = targetMs;
  }

  /** Steps until the condition holds. @throws IllegalStateError if nobody sleeps any more, or the time limit is reached */
  async runUntil(condition: () => boolean, { limitMs = DAY_MS }: VirtualRunOptions = {}): Promise<void> {
    const endMs = this.#nowMs + limitMs;
    await settle();
    while (!condition()) {
      const nextMs = this.nextWakeMs();
      if (nextMs === undefined) {
        throw new IllegalStateError(
          'Nothing sleeps on the virtual clock, so the awaited condition can never come true',
        );
      }
      if (nextMs > endMs) {
        throw new IllegalStateError(
          `The awaited condition did not come true within ${limitMs} ms of the virtual clock`,
        );
      }
      await this.#wakeNext();
    }
  }

  /** Steps until nobody sleeps. @throws IllegalStateError if somebody still sleeps after the time limit */
  async runUntilIdle(options: VirtualRunOptions = {}): Promise<void> {
    await this.runUntil(() => this.nextWakeMs() === undefined, options);
  }

  /** Steps until the work is done, and gives its result. @throws what the work throws; IllegalStateError as `runUntil` */
  async run<T>(work: Promise<T>, options: VirtualRunOptions = {}): Promise<T> {
    let isSettled = false;
    const settled = work.finally(() => {
      isSettled = true;
    });
    // Keeps a rejection quiet until it is awaited below.
    settled.catch(() => undefined);
    await this.runUntil(() => isSettled, options);
    return settled;
  }

  /** Wakes the next sleeper and lets everything finish that follows from it at once. */
  async #wakeNext(): Promise<boolean> {
    if (this.nextWakeMs() === undefined) return false;
    const sleeper = this.#sleepers.pop();
    if (sleeper === undefined) return false;
    this.#nowMs = Math.max(this.#nowMs, sleeper.dueMs);
    sleeper.wake();
    await settle();
    return true;
  }
}

/** Resolves when no microtask is left: a macrotask comes after all of them. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
