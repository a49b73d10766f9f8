import { type KafkaError } from '../../errors/errors.js';
import type { FetchFailure, FetchResult, RecordFetcher, RecordFetcherOptions } from '../port.js';
import { partitionKey, type RecordBatch, type TopicPartition, type TopicPartitionOffset } from '../records.js';
import {
  KafkaConsumer,
  OFFSET_INVALID,
  type NativeConfig,
  type NativeConsumer,
  type NativeEofEvent,
  type NativeError,
  type NativeRecord,
} from './addon.js';
import { AddonHandle } from './addon-handle.js';
import { AddonRecord } from './addon-record.js';
import type { Cluster } from './cluster.js';
import { clientClosed, NativeCode, toKafkaError } from './error-codes.js';
import { fetcherConfig } from './fetcher-config.js';
import { FetchPartition } from './fetch-partition.js';
import { FetchSuspicion } from './fetch-suspicion.js';

const defaultMaxPollRecords = 1000;
const defaultMaxBufferedBytes = 64 * 1024 * 1024;
/** Longest wait between two `consume` calls while records are wanted: the wake-up is edge-triggered and may be lost. */
const safetyPollMs = 250;
const emptyResult: FetchResult = Object.freeze({ batches: [], failures: [] });

/**
 * {@link RecordFetcher} on a consumer of the addon that joins no group: partitions are assigned by hand.
 *
 * - Exactly one `consume` is under way at a time, with time-out 0, so that no thread of the pool waits; the consumer's
 *   queue tells when it goes from empty to non-empty.
 * - Not calling `consume` is the back-pressure: the native queue fills and fetching stops.
 * - Assignments change only between two `consume` calls. A partition assigned anew is a new {@link FetchPartition}, so
 *   records of the old assignment that were under way go nowhere.
 * - Records of a paused partition are kept here, not thrown away and fetched again as the native pause does; only when
 *   they exceed their share of the memory is the partition paused natively.
 * - The addon reports a fetch error without its partition, and not at all when records came before it in the same call:
 *   see {@link FetchSuspicion}.
 * - Null header values arrive as empty ones.
 */
export class ConfluentFetcher implements RecordFetcher {
  private readonly handle: AddonHandle<InstanceType<typeof KafkaConsumer>, NativeConsumer>;
  private readonly maxPollRecords: number;
  private readonly maxPausedBytes: number;
  private readonly isReadCommitted: boolean;
  /** What the caller has assigned, by `partitionKey`. */
  private readonly assigned = new Map<string, FetchPartition>();
  /** What the native consumer has assigned: topic, then partition number. Changes between `consume` calls only. */
  private readonly native = new Map<string, (FetchPartition | undefined)[]>();
  private readonly toAssign = new Set<FetchPartition>();
  private readonly toUnassign = new Set<FetchPartition>();
  /** Partitions with something to return, in the order in which it came. */
  private readonly ready = new Set<FetchPartition>();
  private failures: FetchFailure[] = [];
  private pausedBytes = 0;
  private isConsuming = false;
  /** The native queue may hold something that no `consume` has taken yet. */
  private isSignalled = true;
  private isWoken = false;
  private readonly suspicion: FetchSuspicion;
  private authFailure: KafkaError | undefined;
  private onProgress: (() => void) | undefined;

  constructor(
    private readonly cluster: Cluster,
    options: RecordFetcherOptions,
  ) {
    this.maxPollRecords = options.maxPollRecords ?? defaultMaxPollRecords;
    const maxBufferedBytes = options.maxBufferedBytes ?? defaultMaxBufferedBytes;
    this.maxPausedBytes = maxBufferedBytes / 4;
    this.isReadCommitted = options.isolationLevel === 'read_committed';
    const config: NativeConfig = {
      ...fetcherConfig(cluster, options.isolationLevel, maxBufferedBytes),
      queue_non_empty_cb: () => {
        this.onQueueFilled();
      },
    };
    this.handle = new AddonHandle(new KafkaConsumer(config), cluster, 'fetcher', {
      onAuthFailure: (error) => {
        this.authFailure = error;
        this.onProgress?.();
      },
      onError: (message) => {
        if (/group/i.test(message)) return;
        const isForbidden = /authoriz/i.test(message);
        if (/topic|partition|offset/i.test(message)) this.suspicion.raise(isForbidden);
        else if (isForbidden) this.suspicion.noteRefusal();
      },
    });
    this.suspicion = new FetchSuspicion({
      handle: this.handle,
      cluster,
      onFailure: (state, error) => {
        this.fail(state, error);
      },
    });
  }

  connect(): Promise<void> {
    return this.handle.connect();
  }

  assign(partitions: readonly TopicPartitionOffset[]): void {
    this.handle.assertConnected('Cannot assign partitions');
    for (const { topic, partition, offset } of partitions) {
      const key = partitionKey(topic, partition);
      const before = this.assigned.get(key);
      if (before !== undefined) this.drop(before);
      const now = new FetchPartition(topic, partition, offset);
      this.assigned.set(key, now);
      this.toAssign.add(now);
    }
    this.applyAssignments();
  }

  unassign(partitions: readonly TopicPartition[]): void {
    this.handle.assertConnected('Cannot unassign partitions');
    for (const { topic, partition } of partitions) {
      const key = partitionKey(topic, partition);
      const state = this.assigned.get(key);
      if (state === undefined) continue;
      this.assigned.delete(key);
      this.drop(state);
    }
    this.applyAssignments();
  }

  /** Forgets what a partition has buffered, and takes it from the native consumer when that is possible. */
  private drop(state: FetchPartition): void {
    if (state.isPaused) this.pausedBytes -= state.bufferedBytes();
    state.isDropped = true;
    state.clear();
    this.ready.delete(state);
    if (!this.toAssign.delete(state) && state.isNative) this.toUnassign.add(state);
  }

  private applyAssignments(): void {
    if (this.isConsuming || !this.handle.isConnected) return;
    if (this.toUnassign.size > 0) this.unassignNatively();
    if (this.toAssign.size > 0) this.assignNatively();
  }

  private unassignNatively(): void {
    const partitions = [...this.toUnassign];
    this.toUnassign.clear();
    for (const state of partitions) {
      state.isNative = false;
      const ofTopic = this.native.get(state.topic);
      if (ofTopic?.[state.partition] === state) ofTopic[state.partition] = undefined;
    }
    try {
      this.handle.native.incrementalUnassign(partitions.map(({ topic, partition }) => ({ topic, partition })));
    } catch (error) {
      throw toKafkaError(error, 'Cannot unassign partitions from the fetcher');
    }
  }

  private assignNatively(): void {
    const partitions = [...this.toAssign];
    this.toAssign.clear();
    const now = Date.now();
    for (const state of partitions) {
      state.isNative = true;
      state.progressAtMs = now;
      let ofTopic = this.native.get(state.topic);
      if (ofTopic === undefined) this.native.set(state.topic, (ofTopic = []));
      ofTopic[state.partition] = state;
    }
    try {
      this.handle.native.incrementalAssign(
        partitions.map(({ topic, partition, nextOffset }) => ({ topic, partition, offset: nextOffset })),
      );
    } catch (error) {
      throw toKafkaError(error, 'Cannot assign partitions to the fetcher');
    }
    this.isSignalled = true;
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.handle.assertConnected('Cannot pause partitions');
    for (const { topic, partition } of partitions) {
      const state = this.assigned.get(partitionKey(topic, partition));
      if (state === undefined || state.isPaused) continue;
      state.isPaused = true;
      this.pausedBytes += state.bufferedBytes();
    }
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.handle.assertConnected('Cannot resume partitions');
    const natively: TopicPartition[] = [];
    for (const { topic, partition } of partitions) {
      const state = this.assigned.get(partitionKey(topic, partition));
      if (state === undefined || !state.isPaused) continue;
      this.pausedBytes -= state.bufferedBytes();
      state.isPaused = false;
      state.progressAtMs = Date.now();
      if (!state.isPausedNatively) continue;
      state.isPausedNatively = false;
      natively.push({ topic, partition });
    }
    if (natively.length > 0) this.handle.native.resume(natively);
    this.isSignalled = true;
    this.onProgress?.();
  }

  /** Takes paused partitions out of the native fetching when what is kept of them has become too much. */
  private limitPaused(): void {
    if (this.pausedBytes <= this.maxPausedBytes) return;
    const natively: TopicPartition[] = [];
    for (const state of this.assigned.values()) {
      if (!state.isPaused || state.isPausedNatively || !state.isNative) continue;
      state.isPausedNatively = true;
      natively.push({ topic: state.topic, partition: state.partition });
    }
    if (natively.length > 0) this.handle.native.pause(natively);
  }

  async poll(timeoutMs: number): Promise<FetchResult> {
    this.handle.assertConnected('Cannot poll');
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      this.suspicion.check(this.assigned);
      if (this.authFailure !== undefined) throw this.authFailure;
      const result = this.collect();
      if (result !== undefined) return result;
      const left = deadline - performance.now();
      if (this.isWoken || left <= 0) {
        this.isWoken = false;
        // A poll that may not wait still asks once, so that polling with 0 reads on.
        if (!this.isConsuming) this.consume();
        return emptyResult;
      }
      if (!this.isConsuming) this.consume();
      await this.progress(Math.min(left, safetyPollMs));
      if (!this.handle.isConnected) throw clientClosed('Cannot poll');
    }
  }

  wakeup(): void {
    this.isWoken = true;
    this.onProgress?.();
  }

  private progress(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.onProgress?.();
      }, timeoutMs);
      this.onProgress = () => {
        clearTimeout(timer);
        this.onProgress = undefined;
        resolve();
      };
    });
  }

  /** What is ready, at most `maxPollRecords`; the next `consume` is started while the caller works on it. */
  private collect(): FetchResult | undefined {
    if (this.ready.size === 0 && this.failures.length === 0) return undefined;
    const batches: RecordBatch[] = [];
    let left = this.maxPollRecords;
    for (const state of this.ready) {
      if (state.isPaused) continue;
      const batch = state.take(left);
      if (!state.isReady) this.ready.delete(state);
      batches.push(batch);
      left -= batch.records.length;
      if (left === 0) break;
    }
    const failures = this.failures;
    if (batches.length === 0 && failures.length === 0) return undefined;
    this.failures = [];
    this.isWoken = false;
    if (this.isSignalled && !this.hasReady()) this.consume();
    return { batches, failures };
  }

  private hasReady(): boolean {
    for (const state of this.ready) if (!state.isPaused) return true;
    return false;
  }

  private onQueueFilled(): void {
    this.isSignalled = true;
    // Only a caller that waits wants records; the others find the signal at their next poll.
    if (this.onProgress !== undefined && !this.isConsuming) this.consume();
  }

  private consume(): void {
    if (this.isConsuming || !this.handle.isConnected) return;
    this.applyAssignments();
    if (!this.wantsRecords()) return;
    this.isConsuming = true;
    this.isSignalled = false;
    this.handle.begin();
    this.handle.native.consume(0, this.maxPollRecords, false, this.onConsumed);
  }

  private wantsRecords(): boolean {
    for (const state of this.assigned.values()) if (!state.isPaused && !state.hasFailed) return true;
    return false;
  }

  private readonly onConsumed = (
    error: NativeError | null | undefined,
    records: readonly NativeRecord[],
    eofEvents: readonly NativeEofEvent[],
  ): void => {
    this.isConsuming = false;
    this.handle.end();
    if (!this.handle.isConnected) {
      this.onProgress?.();
      return;
    }
    if (error) this.onConsumeError(error);
    else if (records.length > 0 || eofEvents.length > 0) this.accept(records, eofEvents);
    if (records?.length === this.maxPollRecords) this.isSignalled = true;
    this.applyAssignments();
    if (this.onProgress !== undefined && (this.hasReady() || this.failures.length > 0)) this.onProgress();
    else if (this.onProgress !== undefined && this.isSignalled) this.consume();
  };

  private accept(records: readonly NativeRecord[], eofEvents: readonly NativeEofEvent[]): void {
    const now = Date.now();
    const touched = new Set<FetchPartition>();
    let topic: string | undefined;
    let partition = -1;
    let state: FetchPartition | undefined;
    for (const record of records) {
      if (record.partition !== partition || record.topic !== topic) {
        ({ topic, partition } = record);
        state = this.native.get(topic)?.[partition];
        if (state !== undefined && !state.isDropped) touched.add(state);
        else state = undefined;
      }
      state?.records.push(new AddonRecord(record));
    }
    for (const event of eofEvents) {
      const atEnd = this.native.get(event.topic)?.[event.partition];
      if (atEnd === undefined || atEnd.isDropped) continue;
      atEnd.eofOffset = event.offset;
      touched.add(atEnd);
    }
    this.advance(touched, now);
  }

  /** Moves the positions of partitions that have delivered something behind it, markers included. */
  private advance(touched: ReadonlySet<FetchPartition>, now: number): void {
    const partitions = [...touched].map((state) => ({ topic: state.topic, partition: state.partition }));
    const positions = partitions.length === 0 ? [] : this.handle.native.position(partitions);
    let index = 0;
    for (const state of touched) {
      const position = typeof positions === 'number' ? undefined : positions[index++];
      const offset = position === undefined || position instanceof Error ? undefined : position.offset;
      const bytes = state.isPaused ? state.bufferedBytes() : 0;
      state.advance(offset ?? OFFSET_INVALID, now);
      if (state.isPaused) this.pausedBytes += state.bufferedBytes() - bytes;
      if (state.isReady) this.ready.add(state);
    }
    this.limitPaused();
  }

  private onConsumeError(error: NativeError): void {
    if (error.code === NativeCode.timedOut || error.code === NativeCode.timedOutQueue) return;
    this.isSignalled = true;
    // About the group, which is none.
    if (error.code === NativeCode.maxPollExceeded || error.code === NativeCode.groupAuthorizationFailed) return;
    this.suspicion.raise(error.code === NativeCode.topicAuthorizationFailed);
  }

  private fail(state: FetchPartition, error: KafkaError): void {
    if (state.isDropped || !this.handle.isConnected) return;
    state.hasFailed = true;
    this.failures.push({ topic: state.topic, partition: state.partition, error });
    this.toUnassign.add(state);
    this.applyAssignments();
    this.onProgress?.();
  }

  endOffset({ topic, partition }: TopicPartition): number | undefined {
    const state = this.assigned.get(partitionKey(topic, partition));
    if (state === undefined || !state.isNative || !this.handle.isConnected) return undefined;
    // At its end under read_committed a partition stands at the last stable offset, which may be below the high watermark.
    if (this.isReadCommitted && state.isAtEnd) return state.nextOffset;
    const watermarks = this.handle.native.getWatermarkOffsets(topic, partition);
    const high = typeof watermarks === 'number' ? OFFSET_INVALID : watermarks.highOffset;
    const known = Math.max(high, state.eofOffset ?? OFFSET_INVALID);
    return known < 0 ? undefined : known;
  }

  async close(): Promise<void> {
    const closed = this.handle.close();
    this.onProgress?.();
    await closed;
  }
}
