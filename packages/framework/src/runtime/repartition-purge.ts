import type { KafkaAdmin } from '../client/port.js';
import { partitionKey, type TopicPartitionOffset } from '../client/records.js';
import type { ResolvedOptions } from './resolve-options.js';

/** Deletes records of repartition topics once they are processed and committed: nobody else reads them. */
export class RepartitionPurge {
  readonly #offsets = new Map<string, TopicPartitionOffset>();
  #lastRunMs: number;

  constructor(
    private readonly admin: KafkaAdmin,
    private readonly topics: ReadonlySet<string>,
    private readonly options: Pick<ResolvedOptions, 'clock' | 'logger' | 'repartitionPurgeIntervalMs'>,
  ) {
    this.#lastRunMs = options.clock.monotonicMs();
  }

  /** Notes offsets that were committed. */
  committed(offsets: readonly TopicPartitionOffset[]): void {
    for (const { topic, partition, offset } of offsets) {
      if (this.topics.has(topic)) this.#offsets.set(partitionKey(topic, partition), { topic, partition, offset });
    }
  }

  /** Deletes, if it is time. A failure is logged: the records stay until the next time. */
  async run(): Promise<void> {
    const { clock, logger, repartitionPurgeIntervalMs } = this.options;
    const nowMs = clock.monotonicMs();
    if (this.#offsets.size === 0 || nowMs - this.#lastRunMs < repartitionPurgeIntervalMs) return;
    this.#lastRunMs = nowMs;
    const offsets = [...this.#offsets.values()];
    this.#offsets.clear();
    try {
      await this.admin.deleteRecords(offsets);
    } catch (error) {
      logger.warn({ err: error }, 'Processed records could not be deleted from repartition topics');
    }
  }
}
