import type { Logger } from '../../telemetry/logger.js';

/** Shortest time between two log lines about the same thing, ms. */
const REPEAT_MS = 10_000;

/** Logs what goes wrong with connections, without repeating itself while a broker is away. */
export class ProblemLog {
  private readonly loggedAtMs = new Map<string, number>();

  constructor(private readonly logger: Logger | undefined) {}

  /** @param kind lines of the same kind come at most every ten seconds */
  warn(kind: string, fields: object, text: string): void {
    const nowMs = performance.now();
    const lastMs = this.loggedAtMs.get(kind);
    if (lastMs !== undefined && nowMs - lastMs < REPEAT_MS) return;
    this.loggedAtMs.set(kind, nowMs);
    this.logger?.warn(fields, text);
  }
}
