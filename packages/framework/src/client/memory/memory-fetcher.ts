import { KafkaError } from '../../errors/errors.js';
import type { FetchFailure, FetchResult, RecordFetcher, RecordFetcherOptions } from '../port.js';
import { partitionKey, type RecordBatch, type TopicPartition, type TopicPartitionOffset } from '../records.js';
import type { ClientProcess } from './client-process.js';
import { clientClosed, illegalCall, topicNotFound } from './kafka-failures.js';
import type { MemoryCluster } from './memory-cluster.js';
import type { PartitionLog } from './partition-log.js';

interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  log: PartitionLog | undefined;
  position: number;
  isPaused: boolean;
  endOffset: number | undefined;
}

/** Reads from the logs of the in-memory Kafka. Nothing is fetched ahead, so `maxBufferedBytes` has nothing to bound. */
export class MemoryFetcher implements RecordFetcher {
  readonly #process: ClientProcess;
  readonly #cluster: MemoryCluster;
  readonly #options: RecordFetcherOptions;
  readonly #partitions = new Map<string, FetchedPartition>();
  #state: 'created' | 'open' | 'closed' = 'created';
  #isPolling = false;
  #isWokenUp = false;
  #wake: (() => void) | undefined;
  /** Which partition a poll begins with, so that a full one does not starve the others. */
  #turn = 0;
  readonly #notify = (): void => this.#wake?.();

  constructor(process: ClientProcess, cluster: MemoryCluster, options: RecordFetcherOptions) {
    this.#process = process;
    this.#cluster = cluster;
    this.#options = options;
    process.onCrash(() => this.#release());
  }

  connect(): Promise<void> {
    return this.#process.call('fetcher.connect', [], () => {
      if (this.#state === 'closed') throw clientClosed('fetcher');
      this.#state = 'open';
    });
  }

  assign(partitions: readonly TopicPartitionOffset[]): void {
    this.#process.callNow('fetcher.assign', [partitions], () => {
      this.#assertOpen();
      for (const { topic, partition, offset } of partitions) {
        const key = partitionKey(topic, partition);
        this.#partitions.get(key)?.log?.unwatch(this.#notify);
        const log = this.#cluster.topics.find(topic)?.partitions[partition];
        log?.watch(this.#notify);
        this.#partitions.set(key, { topic, partition, log, position: offset, isPaused: false, endOffset: undefined });
      }
      this.#notify();
    });
  }

  unassign(partitions: readonly TopicPartition[]): void {
    this.#process.callNow('fetcher.unassign', [partitions], () => {
      this.#assertOpen();
      for (const { topic, partition } of partitions) this.#drop(partitionKey(topic, partition));
    });
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#setPaused(partitions, true);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#setPaused(partitions, false);
    this.#notify();
  }

  async poll(timeoutMs: number): Promise<FetchResult> {
    if (this.#isPolling) throw illegalCall('Another poll() of this fetcher is under way: await it first');
    this.#isPolling = true;
    try {
      // Collected after the answer: a call that fails, or is late, neither moves a position nor returns what is gone.
      await this.#process.call('fetcher.poll', [timeoutMs], () => this.#whenReady(timeoutMs));
      return this.#collect();
    } finally {
      this.#isPolling = false;
    }
  }

  wakeup(): void {
    this.#process.assertAlive();
    this.#isWokenUp = true;
    this.#notify();
  }

  endOffset({ topic, partition }: TopicPartition): number | undefined {
    return this.#partitions.get(partitionKey(topic, partition))?.endOffset;
  }

  close(): Promise<void> {
    return this.#process.call('fetcher.close', [], () => {
      this.#state = 'closed';
      this.#release();
      this.#notify();
    });
  }

  /** Resolves when there is something to return, the time is over, or the fetcher is woken up or closed. */
  async #whenReady(timeoutMs: number): Promise<void> {
    this.#assertOpen();
    const { alarms, clock } = this.#cluster;
    const dueMs = alarms.nowMs() + timeoutMs;
    // A turn of the clock for everybody else, also where there is always something to return.
    await clock.sleep(0);
    for (;;) {
      alarms.runDue();
      const isOver = this.#isWokenUp || this.#state === 'closed' || alarms.nowMs() >= dueMs;
      if (isOver || this.#hasNews()) {
        this.#isWokenUp = false;
        return;
      }
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#wake = undefined;
          alarms.cancel(alarm);
          resolve();
        };
        const alarm = alarms.awaited(dueMs, wake);
        this.#wake = wake;
      });
    }
  }

  #hasNews(): boolean {
    const { isolationLevel } = this.#options;
    for (const { topic, log, position, isPaused } of this.#partitions.values()) {
      if (isPaused) continue;
      if (log?.isLive !== true || position < log.endOffset(isolationLevel)) return true;
      const isInRange = position >= log.startOffset && position <= log.endOffset('read_uncommitted');
      if (!isInRange || !this.#cluster.access.allows(this.#process.identity, 'read', 'topic', topic)) return true;
    }
    return false;
  }

  #collect(): FetchResult {
    const batches: RecordBatch[] = [];
    const failures: FetchFailure[] = [];
    const partitions = [...this.#partitions.values()];
    let room = this.#options.maxPollRecords ?? 1_000;
    this.#turn += 1;
    for (let i = 0; i < partitions.length && room > 0; i += 1) {
      const state = partitions[(this.#turn + i) % partitions.length];
      if (state === undefined || state.isPaused) continue;
      try {
        const batch = this.#fetch(state, room);
        if (batch === undefined) continue;
        batches.push(batch);
        room -= batch.records.length;
      } catch (error) {
        if (!(error instanceof KafkaError)) throw error;
        const { topic, partition } = state;
        failures.push({ topic, partition, error });
        this.#drop(partitionKey(topic, partition));
      }
    }
    return { batches, failures };
  }

  #fetch(state: FetchedPartition, maxRecords: number): RecordBatch | undefined {
    const { topic, partition, log } = state;
    const { isolationLevel } = this.#options;
    this.#cluster.access.check(this.#process.identity, 'read', 'topic', topic);
    if (log?.isLive !== true) throw topicNotFound(topic, partition);
    const batch = log.read(state.position, maxRecords, isolationLevel);
    state.endOffset = log.endOffset(isolationLevel);
    if (batch !== undefined) state.position = batch.nextOffset;
    return batch;
  }

  #setPaused(partitions: readonly TopicPartition[], isPaused: boolean): void {
    this.#process.assertAlive();
    this.#assertOpen();
    for (const { topic, partition } of partitions) {
      const state = this.#partitions.get(partitionKey(topic, partition));
      if (state !== undefined) state.isPaused = isPaused;
    }
  }

  #drop(key: string): void {
    this.#partitions.get(key)?.log?.unwatch(this.#notify);
    this.#partitions.delete(key);
  }

  #release(): void {
    for (const key of [...this.#partitions.keys()]) this.#drop(key);
  }

  #assertOpen(): void {
    if (this.#state !== 'open') throw clientClosed('fetcher');
  }
}
