import type { KafkaAdmin } from '../client/port.js';
import type { TopicPartitionOffset } from '../client/records.js';
import type { LocalState } from './local-state.js';
import { RepartitionPurge } from './repartition-purge.js';
import type { ResolvedOptions } from './resolve-options.js';
import type { ClusterTopicPartitions } from './topic-partitions.js';

/** How often partition counts are asked for again, ms (Kafka's metadata.max.age.ms). */
const METADATA_MAX_AGE_MS = 300_000;
/** How often a line sums up the work done, ms (log.summary.interval.ms). */
const SUMMARY_INTERVAL_MS = 120_000;

export interface HousekeepingDeps {
  readonly admin: KafkaAdmin;
  readonly repartitionTopics: ReadonlySet<string>;
  readonly partitionCounts: ClusterTopicPartitions;
  readonly localState: LocalState;
  readonly options: ResolvedOptions;
}

/** Work between commits that can wait and may fail without harm. */
export class Housekeeping {
  readonly #purge: RepartitionPurge;
  #lastRefreshMs: number;
  #lastSummaryMs: number;
  #recordsAtSummary = 0;

  constructor(private readonly deps: HousekeepingDeps) {
    this.#purge = new RepartitionPurge(deps.admin, deps.repartitionTopics, deps.options);
    this.#lastRefreshMs = this.#lastSummaryMs = deps.options.clock.monotonicMs();
  }

  /** Notes offsets that were committed. */
  committed(offsets: readonly TopicPartitionOffset[]): void {
    this.#purge.committed(offsets);
  }

  async run(tasks: number, processedRecords: number): Promise<void> {
    const { clock, logger } = this.deps.options;
    const now = clock.monotonicMs();
    await this.#purge.run();
    if (now - this.#lastRefreshMs >= METADATA_MAX_AGE_MS) {
      this.#lastRefreshMs = now;
      this.deps.localState.cleanUp();
      try {
        await this.deps.partitionCounts.refresh();
      } catch (error) {
        logger.warn({ err: error }, 'Partition counts could not be refreshed; the old ones stay');
      }
    }
    if (now - this.#lastSummaryMs >= SUMMARY_INTERVAL_MS) {
      const records = processedRecords - this.#recordsAtSummary;
      logger.info({ tasks, records }, 'Records processed since the last summary');
      this.#lastSummaryMs = now;
      this.#recordsAtSummary = processedRecords;
    }
  }
}
