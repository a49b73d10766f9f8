import type { FetchFailure, IsolationLevel, KafkaClientFactory } from '@millrace/framework';

export interface SeenRecord {
  readonly offset: number;
  readonly value: string;
}

/** Reads all partitions of a topic from their beginning until told to stop, whatever happens meanwhile. */
export class LiveReader {
  /** By partition, in the order in which they came. */
  readonly records: SeenRecord[][];
  /** Position of each partition. */
  readonly positions: number[];
  readonly failures: FetchFailure[] = [];
  /** Records read so far. */
  count = 0;
  #isStopped = false;
  readonly #done: Promise<void>;

  constructor(clients: KafkaClientFactory, topic: string, partitions: number, isolationLevel: IsolationLevel) {
    this.records = Array.from({ length: partitions }, () => []);
    this.positions = Array.from({ length: partitions }, () => 0);
    this.#done = this.#run(clients, topic, isolationLevel);
    // Whoever stops it gets the error.
    this.#done.catch(() => undefined);
  }

  /** @throws what a call of the fetcher threw */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }

  async #run(clients: KafkaClientFactory, topic: string, isolationLevel: IsolationLevel): Promise<void> {
    const fetcher = clients.fetcher({ isolationLevel });
    await fetcher.connect();
    try {
      fetcher.assign(this.positions.map((offset, partition) => ({ topic, partition, offset })));
      while (!this.#isStopped) {
        const { batches, failures } = await fetcher.poll(200);
        this.failures.push(...failures);
        for (const { partition, records, nextOffset } of batches) {
          for (const { offset, value } of records) {
            this.records[partition]?.push({ offset, value: value?.toString() ?? '' });
          }
          this.count += records.length;
          this.positions[partition] = nextOffset;
        }
      }
    } finally {
      await fetcher.close();
    }
  }
}
