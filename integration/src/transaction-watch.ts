import { setTimeout as sleep } from 'node:timers/promises';
import { kafkaClients, type KafkaAdmin, type KafkaConnectionOptions, type TopicPartition } from '@millrace/framework';

const LOOK_INTERVAL_MS = 200;

/** How long open transactions keep readers of committed records from going on, measured from outside. */
export class TransactionWatch {
  /** Longest time for which one transaction was seen open at the front of a partition, ms. */
  longestMs = 0;
  /** Whether one was open at the last look. */
  isOpen = false;
  readonly #done: Promise<void>;
  #isStopped = false;

  /** @param partitions that exist already */
  constructor(connection: KafkaConnectionOptions, partitions: readonly TopicPartition[]) {
    this.#done = this.#run(kafkaClients(connection).admin(), partitions);
    // Whoever stops it gets the error.
    this.#done.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }

  async #run(admin: KafkaAdmin, partitions: readonly TopicPartition[]): Promise<void> {
    await admin.connect();
    try {
      const open = new Map<string, { readonly offset: number; readonly sinceMs: number }>();
      while (!this.#isStopped) {
        // In this order: what ends in between looks finished, never open.
        const ends = await admin.listOffsets(partitions, 'latest', 'read_uncommitted');
        const stable = await admin.listOffsets(partitions, 'latest', 'read_committed');
        const endOf = new Map(ends.map(({ topic, partition, offset }) => [keyOf({ topic, partition }), offset]));
        const nowMs = performance.now();
        for (const { topic, partition, offset } of stable) {
          const key = keyOf({ topic, partition });
          // The last stable offset is the first record of the oldest open transaction.
          if (offset >= (endOf.get(key) ?? 0)) open.delete(key);
          else if (open.get(key)?.offset !== offset) open.set(key, { offset, sinceMs: nowMs });
          this.longestMs = Math.max(this.longestMs, nowMs - (open.get(key)?.sinceMs ?? nowMs));
        }
        this.isOpen = open.size > 0;
        await sleep(LOOK_INTERVAL_MS);
      }
    } finally {
      await admin.close();
    }
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}
