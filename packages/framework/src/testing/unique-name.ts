import { randomBytes } from 'node:crypto';

/**
 * A name of a topic, group, application or transactional id that nobody else uses: `orders-1f6e0c2b9a4d`. Tests share one
 * Kafka, so each takes its own.
 */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}
