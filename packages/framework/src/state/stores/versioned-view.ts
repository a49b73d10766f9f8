import type { ByteReader } from '../buffer/byte-reader.js';
import { StoreIterator } from '../iterators/store-iterator.js';
import type { Segments } from './segments.js';
import type { SerdeCodec } from './serde-codec.js';
import type { StoreEnvironment } from './store-environment.js';
import { StoreView } from './store-view.js';
import { VersionHistory, type Version } from './version-history.js';
import type { ReadOnlyVersionedStore, VersionedRecord } from './versioned-store.js';

export interface VersionedViewDeps<K, V> {
  readonly env: StoreEnvironment;
  readonly keys: SerdeCodec<K>;
  readonly values: SerdeCodec<V>;
  readonly segments: Segments;
}

/** Reads typed versions from a byte reader. */
export class VersionedView<K, V> extends StoreView implements ReadOnlyVersionedStore<K, V> {
  protected readonly keys: SerdeCodec<K>;
  protected readonly values: SerdeCodec<V>;
  protected readonly segments: Segments;
  protected readonly history: VersionHistory;
  readonly #registry: StoreEnvironment['iterators'] | undefined;

  constructor(deps: VersionedViewDeps<K, V>, reader: ByteReader, isInteractive: boolean) {
    const registry = isInteractive ? undefined : deps.env.iterators;
    super(deps.env.buffer.name, deps.env.isPersistent, reader, registry);
    this.keys = deps.keys;
    this.values = deps.values;
    this.segments = deps.segments;
    this.history = new VersionHistory(reader, deps.segments);
    this.#registry = registry;
  }

  get(key: K): VersionedRecord<V> | undefined {
    this.assertOpen();
    return this.#record(this.history.latest(this.keys.encode(key)));
  }

  asOf(key: K, timestampMs: number): VersionedRecord<V> | undefined {
    this.assertOpen();
    if (timestampMs < this.#oldestMs()) return undefined;
    const at = this.keys.encode(key);
    const latest = this.history.latest(at);
    if (latest !== undefined && latest.fromMs <= timestampMs) return this.#record(latest);
    const version = this.history.endingAfter(at, timestampMs);
    return version !== undefined && version.fromMs <= timestampMs ? this.#record(version) : undefined;
  }

  versions(key: K, fromMs: number, toMs: number): StoreIterator<VersionedRecord<V>> {
    this.assertOpen();
    const at = this.keys.encode(key);
    const next = this.history.versionsEndingAfter(at, Math.max(fromMs, this.#oldestMs()));
    let isHistoryDone = false;
    const advance = (): VersionedRecord<V> | undefined => {
      this.assertOpen();
      while (!isHistoryDone) {
        const version = next();
        if (version === undefined) break;
        if (version.fromMs > toMs) break;
        const record = this.#record(version);
        if (record !== undefined) return record;
      }
      if (isHistoryDone) return undefined;
      isHistoryDone = true;
      const latest = this.history.latest(at);
      return latest !== undefined && latest.fromMs <= toMs ? this.#record(latest) : undefined;
    };
    return new StoreIterator(this.name, advance, this.#registry);
  }

  /** Earliest time that can be asked for. */
  #oldestMs(): number {
    return this.reader.observedTimeMs - this.segments.retentionMs;
  }

  #record(version: Version | undefined): VersionedRecord<V> | undefined {
    if (version === undefined || version.value === null) return undefined;
    return { value: this.values.decode(version.value), timestampMs: version.fromMs, validToMs: version.toMs };
  }
}
