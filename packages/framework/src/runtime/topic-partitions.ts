import type { KafkaAdmin } from '../client/port.js';
import { TopologyError } from '../errors/errors.js';

/** Partition counts of the topics that are written to. */
export interface TopicPartitions {
  /** Undefined for a topic that was not looked up yet. */
  count(topic: string): number | undefined;
  /** Asks the cluster. @throws TopologyError MISSING_SINK_TOPIC */
  lookup(topic: string): Promise<number>;
}

/** Counts kept in memory, asked from the cluster on first use and on `refresh()`. */
export class ClusterTopicPartitions implements TopicPartitions {
  readonly #counts = new Map<string, number>();

  constructor(private readonly admin: KafkaAdmin) {}

  count(topic: string): number | undefined {
    return this.#counts.get(topic);
  }

  set(topic: string, partitions: number): void {
    this.#counts.set(topic, partitions);
  }

  async lookup(topic: string): Promise<number> {
    const [description] = await this.admin.describeTopics([topic]);
    if (description === undefined) {
      throw new TopologyError(
        'MISSING_SINK_TOPIC',
        `The topic '${topic}' does not exist, so a record cannot be written to it. Create it, or correct the name.`,
        { topic },
      );
    }
    this.#counts.set(topic, description.partitions);
    return description.partitions;
  }

  /** Notices partitions that were added. */
  async refresh(): Promise<void> {
    for (const { topic, partitions } of await this.admin.describeTopics([...this.#counts.keys()])) {
      this.#counts.set(topic, partitions);
    }
  }
}
