/** Waiting times between attempts: doubled up to a limit, a fifth of each drawn at random so that clients spread. */
export class Backoff {
  private attempts = 0;

  constructor(
    private readonly firstMs: number,
    private readonly maxMs: number,
    private readonly random: () => number = Math.random,
  ) {}

  /** How long to wait after one more failure, ms. */
  next(): number {
    const ms = Math.min(this.maxMs, this.firstMs * 2 ** Math.min(this.attempts, 20));
    this.attempts += 1;
    return ms * (0.9 + 0.2 * this.random());
  }

  reset(): void {
    this.attempts = 0;
  }
}
