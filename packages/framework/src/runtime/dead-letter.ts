import type { RecordHeader, RecordHeaders } from '../client/records.js';
import type { FailedRecord } from './handlers.js';

/** A record on its way to the dead-letter topic. */
export interface DeadLetter {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: number;
  readonly headers: RecordHeaders;
}

/**
 * The original record with `__streams.errors.*` headers added (KIP-1034): exception, message, stacktrace, and the
 * topic, partition and offset that it came from. Headers of an earlier failure are replaced.
 */
export function deadLetterOf(record: FailedRecord, error: unknown): DeadLetter {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const shown = cause instanceof Error ? cause : new Error(String(cause));
  const headers: RecordHeader[] = record.headers.filter((header) => !header.key.startsWith('__streams.errors.'));
  const add = (name: string, text: string): void => {
    headers.push({ key: `__streams.errors.${name}`, value: Buffer.from(text) });
  };
  add('exception', shown.name);
  add('message', shown.message);
  add('stacktrace', shown.stack ?? '');
  add('topic', record.topic);
  add('partition', String(record.partition));
  add('offset', String(record.offset));
  return { key: record.key, value: record.value, timestamp: record.timestamp, headers };
}
