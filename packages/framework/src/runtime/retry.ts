import { KafkaError } from '../errors/errors.js';
import type { Logger } from '../telemetry/logger.js';
import type { Clock } from '../time/clock.js';

/** How long calls to Kafka are tried again. `ResolvedOptions` is one. */
export interface Patience {
  readonly clock: Clock;
  readonly logger: Logger;
  /** ms */
  readonly taskTimeoutMs: number;
}

const RETRY_DELAY_MS = 100;
/** A call that is tried for this long is logged, and again each time it has passed, ms. */
const LOG_INTERVAL_MS = 5_000;

/** Makes a call to Kafka again while it fails with a retriable error, for at most `taskTimeoutMs`. Then throws the last error. */
export async function retrying<T>(
  { clock, logger, taskTimeoutMs }: Patience,
  what: string,
  call: () => Promise<T>,
): Promise<T> {
  const startMs = clock.monotonicMs();
  let loggedMs = startMs;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const nowMs = clock.monotonicMs();
      const canRetry = error instanceof KafkaError && error.isRetriable;
      if (!canRetry || nowMs - startMs >= taskTimeoutMs) throw error;
      if (nowMs - loggedMs >= LOG_INTERVAL_MS) {
        loggedMs = nowMs;
        const seconds = Math.round((nowMs - startMs) / 1000);
        logger.warn({ err: error }, `Still trying after ${seconds} s to ${what}: ${error.message}`);
      }
      await clock.sleep(RETRY_DELAY_MS);
    }
  }
}
