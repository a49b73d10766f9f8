const FIRST_MS = 50;
const MOST_MS = 1_000;
/** The wait is up to this much shorter or longer, so that the clients of a broker that comes back do not come all at once. */
const JITTER = 0.2;

/** How long to wait after this many failures in a row, ms: 50, 100, 200, ... 1000, each 20 % up or down. */
export function backoffMs(failures: number): number {
  const base = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10));
  return base * (1 - JITTER + 2 * JITTER * Math.random());
}

/** Counts the failures in a row of one thing that is tried again and again. */
export class Backoff {
  private failures = 0;

  /** How long to wait after one more failure, ms; see {@link backoffMs}. */
  next(): number {
    return backoffMs(++this.failures);
  }

  reset(): void {
    this.failures = 0;
  }
}

/** Waits that end at once, with an error, when their owner closes. */
export class Waits {
  private readonly endings = new Set<(error: Error) => void>();
  private failure: Error | undefined;

  /** @throws the error given to {@link end} */
  wait(ms: number): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      const finish = (error?: Error): void => {
        clearTimeout(timer);
        this.endings.delete(finish);
        if (error === undefined) resolve();
        else reject(error);
      };
      const timer = setTimeout(() => {
        finish();
      }, ms);
      this.endings.add(finish);
    });
  }

  /** Rejects the waits under way and all later ones. */
  end(error: Error): void {
    this.failure ??= error;
    for (const finish of [...this.endings]) finish(error);
  }
}
