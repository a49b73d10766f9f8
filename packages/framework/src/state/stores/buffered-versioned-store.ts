import { encodeInt64, toBuffer, toByteString, type ByteString } from '../engine/byte-string.js';
import { observeTime } from './segments.js';
import type { ChangelogEmit, ManagedStore, RestoreRecord } from './store-environment.js';
import type { StoreSettings } from './store-settings.js';
import type { PutResult, VersionedRecord, VersionedStore } from './versioned-store.js';
import { VersionedView, type VersionedViewDeps } from './versioned-view.js';

interface LoggedVersion {
  readonly key: ByteString;
  readonly value: ByteString | null;
  readonly timestampMs: number;
}

/** Versioned store over a write buffer. Changelog: plain value, record timestamp = start of the version. */
export class BufferedVersionedStore<K, V>
  extends VersionedView<K, V>
  implements VersionedStore<K, V>, ManagedStore<BufferedVersionedStore<K, V>, VersionedView<K, V>>
{
  readonly store = this;
  readonly readOnly: VersionedView<K, V>;
  readonly cache = undefined;
  /** Versions that the changelog lacks, by key and timestamp: each of them must get there, not only a key's last. */
  readonly #log = new Map<ByteString, LoggedVersion>();
  #logBytes = 0;

  constructor(
    private readonly deps: VersionedViewDeps<K, V>,
    private readonly settings: StoreSettings,
  ) {
    super(deps, deps.env.buffer, false);
    this.readOnly = new VersionedView(deps, deps.env.buffer.committedReader(), true);
  }

  put(key: K, value: V | null, timestampMs: number): PutResult {
    this.assertOpen();
    const { buffer, context } = this.deps.env;
    const at = this.keys.encode(key);
    const stored = value === null ? null : this.values.encode(value);
    if (timestampMs < buffer.observedTimeMs - this.segments.retentionMs) {
      context.writeExpired(this.name);
      return { isWritten: false, validToMs: undefined };
    }
    observeTime(buffer, this.segments, timestampMs);
    const validToMs = this.#write(at, stored, timestampMs);
    if (this.settings.isLogged) {
      this.#log.set(at + encodeInt64(timestampMs), { key: at, value: stored, timestampMs });
      this.#logBytes += at.length + (stored?.length ?? 0);
    }
    return { isWritten: true, validToMs };
  }

  delete(key: K, timestampMs: number): VersionedRecord<V> | undefined {
    const old = this.asOf(key, timestampMs);
    this.put(key, null, timestampMs);
    return old;
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
    const { buffer } = this.deps.env;
    for (const { key, value, timestamp } of records) {
      if (key === null) continue;
      // Record by record, not first to the end of the batch: a deletion must not be forgotten before the older versions
      // that came after it.
      observeTime(buffer, this.segments, timestamp);
      this.#write(toByteString(key), value === null ? null : toByteString(value), timestamp);
    }
    buffer.commit();
  }

  commit(): void {
    this.deps.env.buffer.commit();
  }

  abort(): void {
    this.#clearLog();
    this.deps.env.buffer.abort();
  }

  override close(): void {
    super.close();
    this.readOnly.close();
  }

  #clearLog(): void {
    this.#log.clear();
    this.#logBytes = 0;
  }

  /** Returns the end of the new version; undefined: it is the latest. */
  #write(key: ByteString, value: ByteString | null, fromMs: number): number | undefined {
    const { history } = this;
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
    const { history } = this;
    if (value === null) this.#put(history.deletionKey(key, fromMs), '');
    else this.#put(history.latestKey(key), history.latestValue(fromMs, value));
  }

  #setHistory(key: ByteString, value: ByteString | null, fromMs: number, toMs: number): void {
    // Nobody can ask for it any more. (Only while restoring: a put that old is refused.)
    if (toMs < this.segments.minLiveMs(this.reader.observedTimeMs)) return;
    this.#put(this.history.historyKey(key, toMs), this.history.historyValue(fromMs, value));
  }

  #put(at: ByteString, value: ByteString | null): void {
    this.deps.env.buffer.put(at, value, 0, true);
  }
}
