import type { Clock } from '../../time/clock.js';
import { DeadlineQueue, type Deadline } from '../../time/deadline-queue.js';

/** Something to be done at a time. */
export interface Alarm extends Deadline {
  isCancelled: boolean;
  readonly isAwaited: boolean;
  readonly run: () => void;
}

/** What a Node timer can take; a longer wait is slept in parts. */
const LONGEST_SLEEP_MS = 2 ** 31 - 1;

/**
 * Everything that the in-memory Kafka does by itself at some time: timeouts of polls, sessions and transactions.
 *
 * Alarms of the cluster (sessions, transactions) are seen only through client calls, so they need no timer: each call
 * first runs what is due. Only while some client waits (an *awaited* alarm is set) the queue sleeps on the clock, until
 * the earliest alarm of both kinds. An idle cluster keeps no process alive.
 */
export class AlarmQueue {
  readonly #clock: Clock;
  readonly #queue = new DeadlineQueue<Alarm>();
  #sequence = 0;
  #awaited = 0;
  #sleepingUntilMs = Infinity;
  #isRunning = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** An alarm that some client waits for. */
  awaited(dueMs: number, run: () => void): Alarm {
    this.#awaited += 1;
    const alarm = this.#add(dueMs, run, true);
    this.#sleep();
    return alarm;
  }

  /** An alarm of the cluster itself: run by the first client call after its time, or while a client waits. */
  background(dueMs: number, run: () => void): Alarm {
    const alarm = this.#add(dueMs, run, false);
    this.#sleep();
    return alarm;
  }

  cancel(alarm: Alarm | undefined): void {
    if (alarm === undefined || alarm.isCancelled) return;
    alarm.isCancelled = true;
    if (alarm.isAwaited) this.#awaited -= 1;
  }

  /** Runs what is due, in order. */
  runDue(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      const nowMs = this.nowMs();
      for (let alarm = this.#earliest(); alarm !== undefined && alarm.dueMs <= nowMs; alarm = this.#earliest()) {
        this.#queue.pop();
        this.cancel(alarm);
        alarm.run();
      }
    } finally {
      this.#isRunning = false;
    }
  }

  #add(dueMs: number, run: () => void, isAwaited: boolean): Alarm {
    const alarm: Alarm = { dueMs, sequence: this.#sequence++, isCancelled: false, isAwaited, run };
    this.#queue.push(alarm);
    return alarm;
  }

  #earliest(): Alarm | undefined {
    let alarm = this.#queue.peek();
    while (alarm?.isCancelled === true) {
      this.#queue.pop();
      alarm = this.#queue.peek();
    }
    return alarm;
  }

  #sleep(): void {
    const dueMs = this.#awaited > 0 ? this.#earliest()?.dueMs : undefined;
    if (dueMs === undefined || dueMs >= this.#sleepingUntilMs) return;
    this.#sleepingUntilMs = dueMs;
    void this.#clock.sleep(Math.min(LONGEST_SLEEP_MS, Math.max(0, dueMs - this.nowMs()))).then(() => {
      // A later, earlier-ending sleep may have taken over; it has reset the mark, then this one is only a spare look.
      if (this.#sleepingUntilMs === dueMs) this.#sleepingUntilMs = Infinity;
      this.runDue();
      this.#sleep();
    });
  }
}
