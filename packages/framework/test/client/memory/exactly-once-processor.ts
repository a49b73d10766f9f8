import type { KafkaClientFactory, RecordFetcher, RecordProducer } from '../../../dist/client/port.js';
import { partitionKey, type TopicPartition } from '../../../dist/client/records.js';
import { KafkaError } from '../../../dist/errors/errors.js';
import type { Clock } from '../../../dist/time/clock.js';

/** A commit comes after so many records, or so much time. */
const COMMIT_EVERY = 7;
const COMMIT_INTERVAL_MS = 1_000;

/**
 * The smallest exactly-once processor that follows the port's rules: copies `in` to `out`, partition by partition.
 * Returns when `isStopped` says so; throws on a fatal error, which a supervisor answers with a new process.
 */
export async function runProcessor(
  clients: KafkaClientFactory,
  clock: Clock,
  transactionalId: string,
  isStopped: () => boolean,
): Promise<void> {
  const membership = clients.membership({ groupId: 'group', maxPollIntervalMs: 6_000 });
  const fetcher = clients.fetcher({ isolationLevel: 'read_committed', maxPollRecords: 5 });
  const producer = clients.producer({ transactionalId, transactionTimeoutMs: 20_000 });
  const positions = new Map<string, number>();
  const dirty = new Map<string, TopicPartition>();
  let uncommitted = 0;
  let committedAtMs = clock.monotonicMs();

  await retry(clock, () => fetcher.connect());
  await retry(clock, () => producer.connect());
  await retry(clock, () => producer.initTransactions());
  await retry(clock, () => membership.join({ topics: ['in'], patterns: [] }));

  async function rewind(partitions: readonly TopicPartition[]): Promise<void> {
    const committed = await retry(clock, () => membership.committed(partitions));
    for (const { topic, partition } of partitions) {
      const found = committed.find((other) => other.topic === topic && other.partition === partition);
      positions.set(partitionKey(topic, partition), found?.offset ?? 0);
    }
    fetcher.assign(
      partitions.map((tp) => ({ ...tp, offset: positions.get(partitionKey(tp.topic, tp.partition)) ?? 0 })),
    );
  }

  async function abort(): Promise<void> {
    if (dirty.size > 0) await retry(clock, () => producer.abortTransaction());
    dirty.clear();
    uncommitted = 0;
  }

  /** Commits what is done; where the broker demands it, aborts and goes back to the committed offsets. */
  async function commit(): Promise<void> {
    committedAtMs = clock.monotonicMs();
    if (dirty.size === 0) return;
    const offsets = [...dirty].map(([key, tp]) => ({ ...tp, offset: positions.get(key) ?? 0 }));
    try {
      await retry(clock, () => producer.sendOffsets(offsets, membership));
      await retry(clock, () => producer.commitTransaction());
      dirty.clear();
      uncommitted = 0;
    } catch (error) {
      if (!(error instanceof KafkaError) || !error.requiresAbort) throw error;
      await abort();
      await rewind(membership.assignment());
    }
  }

  while (!isStopped()) {
    for (const event of membership.poll()) {
      if (event.type === 'error') throw event.error;
      if (event.type === 'assigned') await rewind(event.partitions);
      else {
        if (event.type === 'revoked') await commit();
        else {
          await abort();
          await rewind(membership.assignment());
        }
        fetcher.unassign(event.partitions);
        for (const { topic, partition } of event.partitions) positions.delete(partitionKey(topic, partition));
      }
      membership.acknowledge();
    }
    uncommitted += await copyBatch(fetcher, producer, clock, positions, dirty);
    if (uncommitted >= COMMIT_EVERY || clock.monotonicMs() >= committedAtMs + COMMIT_INTERVAL_MS) await commit();
  }
  await commit();
  await retry(clock, () => membership.leave());
}

/** Copies what one poll gives; returns the number of records. */
async function copyBatch(
  fetcher: RecordFetcher,
  producer: RecordProducer,
  clock: Clock,
  positions: Map<string, number>,
  dirty: Map<string, TopicPartition>,
): Promise<number> {
  const { batches, failures } = await retry(clock, () => fetcher.poll(100));
  if (failures[0] !== undefined) throw failures[0].error;
  let records = 0;
  for (const { topic, partition, records: batch, nextOffset } of batches) {
    if (dirty.size === 0) await retry(clock, () => producer.beginTransaction());
    const key = partitionKey(topic, partition);
    dirty.set(key, { topic, partition });
    for (const { key: k, value, timestamp } of batch) {
      while (!producer.produce('out', partition, k, value, timestamp, [])) await producer.drain();
    }
    positions.set(key, nextOffset);
    records += batch.length;
  }
  return records;
}

/** Makes the same call again as long as the error allows it. */
async function retry<T>(clock: Clock, call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof KafkaError) || !error.isRetriable) throw error;
      await clock.sleep(50);
    }
  }
}
