import type { DeliveryFailure, RecordProducer } from '../client/port.js';
import type { ConsumedRecord, RecordHeaders } from '../client/records.js';
import { IllegalStateError } from '../errors/errors.js';

/** A record that a topology under test has written. */
export interface CapturedRecord extends ConsumedRecord {
  readonly topic: string;
  readonly partition: number;
}

/** Producer of the {@link TopologyTestDriver}: keeps what is produced, in order, acknowledged at once. */
export class CapturingProducer implements RecordProducer {
  readonly #ends = new Map<string, number>();

  constructor(private readonly onRecord: (record: CapturedRecord) => void) {}

  produce(
    topic: string,
    partition: number,
    key: Buffer | null,
    value: Buffer | null,
    timestamp: number,
    headers: RecordHeaders,
  ): boolean {
    const place = `${topic}-${partition}`;
    const offset = this.#ends.get(place) ?? 0;
    this.#ends.set(place, offset + 1);
    this.onRecord({ topic, partition, offset, key, value, timestamp, headers });
    return true;
  }

  connect(): Promise<void> {
    return Promise.resolve();
  }

  drain(): Promise<void> {
    return Promise.resolve();
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  takeFailures(): readonly DeliveryFailure[] {
    return [];
  }

  initTransactions(): Promise<void> {
    return noTransactions();
  }

  beginTransaction(): Promise<void> {
    return noTransactions();
  }

  sendOffsets(): Promise<void> {
    return noTransactions();
  }

  commitTransaction(): Promise<void> {
    return noTransactions();
  }

  abortTransaction(): Promise<void> {
    return noTransactions();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function noTransactions(): Promise<never> {
  return Promise.reject(new IllegalStateError('The test driver commits nothing, so it has no transactions.'));
}
