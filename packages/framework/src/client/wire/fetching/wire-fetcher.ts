import { KafkaError } from '../../../errors/errors.js';
import type { Clock } from '../../../time/clock.js';
import { clientClosed } from '../../connection/kafka-failure.js';
import type { FetchFailure, FetchResult, RecordFetcher, RecordFetcherOptions } from '../../port.js';
import { partitionKey, type RecordBatch, type TopicPartition, type TopicPartitionOffset } from '../../records.js';
import { loadZstd } from '../protocol/zstd.js';
import type { AssignedPartition } from './assigned-partition.js';
import type { BufferBudget } from './buffer-budget.js';
import type { FetchNetwork } from './fetch-network.js';
import { PartitionFetching } from './partition-fetching.js';
import { ReadyPartitions } from './ready-partitions.js';

const DEFAULT_MAX_POLL_RECORDS = 1000;
const DEFAULT_MAX_BUFFERED_BYTES = 64 * 1024 * 1024;
/** Polls that return at once give way to timers and sockets after this long, ms. */
const GIVE_WAY_MS = 10;

const emptyResult: FetchResult = Object.freeze({ batches: [], failures: [] });

export interface WireFetcherDeps {
  /** Of this fetcher: closed with it. */
  readonly network: FetchNetwork;
  /** Of all fetchers of the process. */
  readonly budget: BufferBudget;
  readonly clock: Clock;
  /** Rack of this process (KIP-392). */
  readonly rack: string | undefined;
}

/*
 *   new --connect--> connecting --> open --close--> closed
 *    |                   |                            ^
 *    +-------close-------+--------(failure)-----------+
 */
type FetcherState = 'new' | 'connecting' | 'open' | 'closed';

/**
 * {@link RecordFetcher} that speaks the Kafka protocol itself and decodes records in JavaScript.
 *
 * What arrives is kept undecoded; `poll` decodes as much as it returns, a part from each partition in turn. Key and value
 * of a record are views of what was fetched. {@link PartitionFetching} keeps the requests going.
 */
export class WireFetcher implements RecordFetcher {
  private readonly maxPollRecords: number;
  private readonly maxBufferedBytes: number;
  private readonly fetching: PartitionFetching;
  private readonly assigned = new Map<string, AssignedPartition>();
  private readonly ready = new ReadyPartitions();
  /** Failed, and perhaps not yet read up to the failure. */
  private readonly failing = new Map<AssignedPartition, KafkaError>();
  private state: FetcherState = 'new';
  private readonly closing = new AbortController();
  private connecting: Promise<void> | undefined;
  private isPolling = false;
  private isWoken = false;
  private gaveWayAtMs = 0;
  private fatal: Error | undefined;
  private onProgress: (() => void) | undefined;

  constructor(
    private readonly deps: WireFetcherDeps,
    options: RecordFetcherOptions,
  ) {
    this.maxPollRecords = options.maxPollRecords ?? DEFAULT_MAX_POLL_RECORDS;
    this.maxBufferedBytes = options.maxBufferedBytes ?? DEFAULT_MAX_BUFFERED_BYTES;
    this.fetching = new PartitionFetching({
      ...deps,
      isolation: options.isolationLevel,
      onRecords: (partition) => {
        if (!partition.isPaused) this.ready.add(partition);
      },
      onFailure: (partition, error) => {
        this.fail(partition, error);
      },
      onFatal: (error) => {
        this.fatal = error;
        this.onProgress?.();
      },
      onResponse: () => {
        if (!this.ready.isEmpty) this.onProgress?.();
      },
    });
  }

  connect(): Promise<void> {
    if (this.state === 'closed' && this.connecting === undefined) return Promise.reject(closed('Cannot connect'));
    this.connecting ??= this.open();
    return this.connecting;
  }

  private async open(): Promise<void> {
    this.state = 'connecting';
    try {
      // Polls unpack without waiting.
      await loadZstd();
      if (this.closing.signal.aborted) throw closed('Cannot connect');
      await this.deps.network.connect(this.closing.signal);
    } catch (error) {
      this.state = 'closed';
      throw error;
    }
    if (this.closing.signal.aborted) throw closed('Cannot connect');
    this.state = 'open';
    this.deps.budget.join(this.maxBufferedBytes);
  }

  assign(partitions: readonly TopicPartitionOffset[]): void {
    this.assertOpen('Cannot assign partitions');
    for (const { topic, partition, offset } of partitions) {
      const before = this.assigned.get(partitionKey(topic, partition));
      if (before !== undefined) this.drop(before);
      const now = this.fetching.start(topic, partition, offset);
      this.assigned.set(now.key, now);
    }
  }

  unassign(partitions: readonly TopicPartition[]): void {
    this.assertOpen('Cannot unassign partitions');
    for (const { topic, partition } of partitions) {
      const state = this.assigned.get(partitionKey(topic, partition));
      if (state !== undefined) this.drop(state);
    }
  }

  private drop(partition: AssignedPartition): void {
    this.assigned.delete(partition.key);
    this.ready.remove(partition);
    this.failing.delete(partition);
    this.fetching.stop(partition);
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.assertOpen('Cannot pause partitions');
    for (const { topic, partition } of partitions) {
      const state = this.assigned.get(partitionKey(topic, partition));
      if (state === undefined) continue;
      state.isPaused = true;
      this.ready.remove(state);
    }
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.assertOpen('Cannot resume partitions');
    const resumed: AssignedPartition[] = [];
    for (const { topic, partition } of partitions) {
      const state = this.assigned.get(partitionKey(topic, partition));
      if (state === undefined || !state.isPaused) continue;
      state.isPaused = false;
      if (!state.buffer.isEmpty) this.ready.add(state);
      resumed.push(state);
    }
    this.fetching.continue(resumed);
    if (!this.ready.isEmpty) this.onProgress?.();
  }

  async poll(timeoutMs: number): Promise<FetchResult> {
    this.assertOpen('Cannot poll');
    if (this.isPolling) {
      throw new KafkaError('KAFKA_FAILURE', 'Another poll() of this fetcher is under way: await it first.', {
        kafkaCode: '_STATE',
      });
    }
    this.isPolling = true;
    try {
      return await this.pollUntil(this.deps.clock.monotonicMs() + timeoutMs);
    } finally {
      this.isPolling = false;
    }
  }

  private async pollUntil(deadlineMs: number): Promise<FetchResult> {
    const { clock } = this.deps;
    let now = clock.monotonicMs();
    if (now - this.gaveWayAtMs >= GIVE_WAY_MS || now >= deadlineMs) now = await this.giveWay();
    for (;;) {
      this.assertOpen('Cannot poll');
      if (this.fatal !== undefined) throw this.fatal;
      const result = this.collect();
      if (result !== undefined) return result;
      if (this.isWoken || now >= deadlineMs) {
        this.isWoken = false;
        return emptyResult;
      }
      await this.progress(deadlineMs - now);
      now = this.gaveWayAtMs = clock.monotonicMs();
    }
  }

  /** One turn of the event loop for sockets and timers, which a caller that polls without pause would stop. */
  private async giveWay(): Promise<number> {
    await this.deps.clock.sleep(0);
    return (this.gaveWayAtMs = this.deps.clock.monotonicMs());
  }

  /** Until something has come, somebody calls `wakeup`, or the time is over. */
  private async progress(timeoutMs: number): Promise<void> {
    const waiting = new AbortController();
    this.onProgress = () => {
      waiting.abort();
    };
    await this.deps.clock.sleep(timeoutMs, waiting.signal);
    this.onProgress = undefined;
  }

  wakeup(): void {
    this.isWoken = true;
    this.onProgress?.();
  }

  private collect(): FetchResult | undefined {
    const batches: RecordBatch[] = [];
    const taken: AssignedPartition[] = [];
    if (!this.ready.isEmpty) {
      this.ready.share(this.maxPollRecords, (partition, maxRecords) => {
        taken.push(partition);
        return this.take(partition, maxRecords, batches);
      });
    }
    const failures = this.takeFailures();
    if (batches.length === 0 && failures.length === 0) return undefined;
    this.isWoken = false;
    this.fetching.continue(taken);
    return { batches, failures };
  }

  private take(state: AssignedPartition, maxRecords: number, batches: RecordBatch[]): number {
    const { buffer, topic, partition } = state;
    const { heldBytes, position } = buffer;
    try {
      const { records, nextOffset } = buffer.take(maxRecords);
      this.deps.budget.release(heldBytes - buffer.heldBytes);
      if (records.length > 0 || nextOffset > position) batches.push({ topic, partition, records, nextOffset });
      return records.length;
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      this.fetching.stop(state);
      this.fail(state, error);
      return 0;
    }
  }

  private fail(partition: AssignedPartition, error: KafkaError): void {
    partition.hasFailed = true;
    this.failing.set(partition, error);
    this.onProgress?.();
  }

  /** Failures of partitions of which everything before the failure was taken. */
  private takeFailures(): FetchFailure[] {
    const failures: FetchFailure[] = [];
    for (const [state, error] of this.failing) {
      if (!state.buffer.isEmpty) continue;
      this.failing.delete(state);
      failures.push({ topic: state.topic, partition: state.partition, error });
    }
    return failures;
  }

  endOffset({ topic, partition }: TopicPartition): number | undefined {
    return this.assigned.get(partitionKey(topic, partition))?.endOffset;
  }

  async close(): Promise<void> {
    if (this.state === 'open') this.deps.budget.leave(this.maxBufferedBytes);
    this.state = 'closed';
    this.closing.abort();
    for (const partition of [...this.assigned.values()]) this.drop(partition);
    this.fetching.close();
    this.onProgress?.();
    await this.deps.network.close();
  }

  private assertOpen(what: string): void {
    if (this.state !== 'open') throw closed(what);
  }
}

function closed(what: string): KafkaError {
  return clientClosed(`${what} (fetcher)`);
}
