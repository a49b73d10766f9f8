import { toByteString, type ByteString } from '../engine/byte-string.js';
import type { SegmentedLayout } from './segmented-layout.js';
import { observeTime } from './segments.js';
import type { RestoreRecord } from './store-environment.js';
import { StoreWriter, type StoreWriterDeps } from './store-writer.js';

export interface SegmentedWriterDeps<K, V> extends StoreWriterDeps<K, V> {
  readonly layout: SegmentedLayout;
  /** Told of each key that is read back from the changelog. */
  readonly onRestored?: (engineKey: ByteString) => void;
}

/** The writing side of a store with retention: raises its observed time and keeps out what is expired. */
export class SegmentedWriter<K, V> extends StoreWriter<K, V> {
  readonly #layout: SegmentedLayout;
  readonly #onRestored: ((engineKey: ByteString) => void) | undefined;

  constructor(deps: SegmentedWriterDeps<K, V>) {
    super(deps);
    this.#layout = deps.layout;
    this.#onRestored = deps.onRestored;
  }

  /** To be asked before each write. @returns false: its time is expired, it is counted as dropped */
  admits(timeMs: number): boolean {
    observeTime(this.buffer, this.#layout.segments, timeMs);
    if (timeMs >= this.#minLiveMs()) return true;
    const { context, buffer } = this.deps.env;
    context.writeExpired(buffer.name);
    return false;
  }

  override restore(records: readonly RestoreRecord[]): void {
    const layout = this.#layout;
    const entries: { readonly at: ByteString; readonly record: RestoreRecord }[] = [];
    for (const record of records) {
      const at = record.key === null ? undefined : layout.fromChangelogKey(toByteString(record.key));
      if (at === undefined) continue;
      entries.push({ at, record });
      observeTime(this.buffer, layout.segments, layout.timeOf(at));
      this.#onRestored?.(at);
    }
    // Only now is it known what has expired.
    const minLiveMs = this.#minLiveMs();
    for (const { at, record } of entries) if (layout.timeOf(at) >= minLiveMs) this.restoreEntry(at, record);
    this.buffer.commit();
  }

  protected override changelogKey(engineKey: ByteString): ByteString {
    return this.#layout.changelogKey(engineKey);
  }

  #minLiveMs(): number {
    return this.#layout.segments.minLiveMs(this.buffer.observedTimeMs);
  }
}
