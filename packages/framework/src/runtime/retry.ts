import { KafkaError } from '../errors/errors.js';
import type { Clock } from '../time/clock.js';

const RETRY_DELAY_MS = 100;

/** Makes a call to Kafka again while it fails with a retriable error, for at most `timeoutMs`. Then throws the last error. */
export async function retrying<T>(clock: Clock, timeoutMs: number, call: () => Promise<T>): Promise<T> {
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const canRetry = error instanceof KafkaError && error.isRetriable;
      if (!canRetry || clock.monotonicMs() >= deadlineMs) throw error;
      await clock.sleep(RETRY_DELAY_MS);
    }
  }
}
