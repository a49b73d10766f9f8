import type { FetchResult, RecordFetcher } from '../client/port.js';
import { partitionKey, type TopicPartition } from '../client/records.js';
import { retrying, type Patience } from './retry.js';

/** Keeps one fetch in flight while the loop works, and holds its result until the loop takes it. */
export class FetchPump {
  #inFlight: Promise<void> | undefined;
  #result: FetchResult | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly fetcher: RecordFetcher,
    private readonly patience: Patience,
  ) {}

  /** Starts a fetch unless one is under way or its result was not taken yet. */
  start(waitMs: number): void {
    if (this.#inFlight !== undefined || this.hasResult) return;
    this.#inFlight = retrying(this.patience, 'fetch records', () => this.fetcher.poll(waitMs)).then(
      (result) => {
        this.#result = result;
        this.#inFlight = undefined;
      },
      (error: unknown) => {
        this.#failure = { error };
        this.#inFlight = undefined;
      },
    );
  }

  get hasResult(): boolean {
    return this.#result !== undefined || this.#failure !== undefined;
  }

  /** Waits for the fetch under way, if there is one. Never rejects. */
  async wait(): Promise<void> {
    await this.#inFlight;
  }

  /** The result, once. @throws what made the fetch fail */
  take(): FetchResult | undefined {
    const [result, failure] = [this.#result, this.#failure];
    this.#result = undefined;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
    return result;
  }

  /**
   * Stops reading partitions. The fetch under way is ended first: a batch of an earlier assignment must not reach a
   * later one of the same partition.
   */
  async unassign(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return;
    this.fetcher.wakeup();
    await this.#inFlight;
    this.fetcher.unassign(partitions);
    if (this.#result === undefined) return;
    const gone = new Set(partitions.map(({ topic, partition }) => partitionKey(topic, partition)));
    const isKept = ({ topic, partition }: TopicPartition): boolean => !gone.has(partitionKey(topic, partition));
    const { batches, failures } = this.#result;
    this.#result = { batches: batches.filter(isKept), failures: failures.filter(isKept) };
  }
}
