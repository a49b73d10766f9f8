import { encodeInt64, toBuffer, toByteString, type ByteString } from '../engine/byte-string.js';
import { observeTime, type Segments } from './segments.js';
import type { ChangelogEmit, RestoreRecord, StoreEnvironment, StoreTransaction } from './store-environment.js';
import type { VersionHistory } from './version-history.js';

interface LoggedVersion {
  readonly key: ByteString;
  readonly value: ByteString | null;
  readonly timestampMs: number;
}

export interface VersionedWriterDeps {
  readonly env: StoreEnvironment;
  readonly segments: Segments;
  readonly history: VersionHistory;
  readonly isLogged: boolean;
}

/**
 * The writing side of a versioned store. One put may change several entries of the write buffer, so the changelog has a
 * list of its own: plain value, record timestamp = start of the version.
 */
export class VersionedWriter implements StoreTransaction {
  readonly cache = undefined;
  /** Versions that the changelog lacks, by key and timestamp: each of them must get there, not only a key's last. */
  readonly #log = new Map<ByteString, LoggedVersion>();
  #logBytes = 0;

  constructor(private readonly deps: VersionedWriterDeps) {}

  /** Returns the end of the new version; undefined: it is the latest. */
  write(key: ByteString, value: ByteString | null, timestampMs: number): number | undefined {
    const { env, segments, isLogged } = this.deps;
    observeTime(env.buffer, segments, timestampMs);
    const validToMs = this.#insert(key, value, timestampMs);
    if (isLogged) {
      this.#log.set(key + encodeInt64(timestampMs), { key, value, timestampMs });
      this.#logBytes += key.length + (value?.length ?? 0);
    }
    return validToMs;
  }

  get hasUnlogged(): boolean {
    return this.#log.size > 0;
  }

  get openBytes(): number {
    return this.deps.env.buffer.openBytes + this.#logBytes;
  }

  drainChangelog(emit: ChangelogEmit): void {
    // Oldest first: compaction keeps the last record of a key, which then is the latest version.
    const versions = [...this.#log.values()].sort((a, b) => a.timestampMs - b.timestampMs);
    this.#clearLog();
    for (const { key, value, timestampMs } of versions) {
      emit(toBuffer(key), value === null ? null : toBuffer(value), timestampMs);
    }
  }

  restore(records: readonly RestoreRecord[]): void {
    const { env, segments } = this.deps;
    for (const { key, value, timestamp } of records) {
      if (key === null) continue;
      // Record by record, not first to the end of the batch: a deletion must not be forgotten before the older versions
      // that came after it.
      observeTime(env.buffer, segments, timestamp);
      this.#insert(toByteString(key), value === null ? null : toByteString(value), timestamp);
    }
    env.buffer.commit();
  }

  commit(): void {
    this.deps.env.buffer.commit();
  }

  abort(): void {
    this.#clearLog();
    this.deps.env.buffer.abort();
  }

  #clearLog(): void {
    this.#log.clear();
    this.#logBytes = 0;
  }

  #insert(key: ByteString, value: ByteString | null, fromMs: number): number | undefined {
    const { history } = this.deps;
    const latest = history.latest(key) ?? history.latestDeletion(key);
    if (latest === undefined) {
      this.#setLatest(key, value, fromMs);
      return undefined;
    }
    if (fromMs >= latest.fromMs) {
      if (fromMs > latest.fromMs) this.#setHistory(key, latest.value, latest.fromMs, fromMs);
      if (latest.value === null) this.#put(history.deletionKey(key, latest.fromMs), null);
      else if (value === null) this.#put(history.latestKey(key), null);
      this.#setLatest(key, value, fromMs);
      return undefined;
    }
    const next = history.endingAfter(key, fromMs);
    if (next?.toMs === undefined || next.fromMs > fromMs) {
      const toMs = next === undefined ? latest.fromMs : next.fromMs;
      this.#setHistory(key, value, fromMs, toMs);
      return toMs;
    }
    // The new version takes over the end of the one it falls into.
    if (next.fromMs < fromMs) this.#setHistory(key, next.value, next.fromMs, fromMs);
    this.#setHistory(key, value, fromMs, next.toMs);
    return next.toMs;
  }

  #setLatest(key: ByteString, value: ByteString | null, fromMs: number): void {
    const { history } = this.deps;
    if (value === null) this.#put(history.deletionKey(key, fromMs), '');
    else this.#put(history.latestKey(key), history.latestValue(fromMs, value));
  }

  #setHistory(key: ByteString, value: ByteString | null, fromMs: number, toMs: number): void {
    // Nobody can ask for it any more. (Only while restoring: a put that old is refused.)
    const { segments, history, env } = this.deps;
    if (toMs < segments.minLiveMs(env.buffer.observedTimeMs)) return;
    this.#put(history.historyKey(key, toMs), history.historyValue(fromMs, value));
  }

  #put(at: ByteString, value: ByteString | null): void {
    this.deps.env.buffer.put(at, value, 0, true);
  }
}
