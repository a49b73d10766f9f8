import type { Windowed } from '../../time/windowed.js';
import { UpdateCache, type UpdateListener } from '../cache/update-cache.js';
import { toBuffer, toByteString, type ByteString } from '../engine/byte-string.js';
import type { CachingStore } from './key-value-store.js';
import { observeTime } from './segments.js';
import type { ChangelogEmit, ManagedStore, RestoreRecord } from './store-environment.js';
import type { StoreSettings } from './store-settings.js';
import type { WindowStore } from './window-store.js';
import { WindowView, type WindowViewDeps } from './window-view.js';

/** Window store over a write buffer. */
export class BufferedWindowStore<K, V>
  extends WindowView<K, V>
  implements WindowStore<K, V>, CachingStore<Windowed<K>, V>, ManagedStore<BufferedWindowStore<K, V>, WindowView<K, V>>
{
  readonly store = this;
  readonly readOnly: WindowView<K, V>;
  readonly cache: UpdateCache | undefined;

  constructor(
    private readonly deps: WindowViewDeps<K, V>,
    private readonly settings: StoreSettings & { readonly retainsDuplicates: boolean },
  ) {
    const { env } = deps;
    super(deps, env.buffer, false);
    this.readOnly = new WindowView(deps, env.buffer.committedReader(), true);
    this.cache = settings.isCached ? new UpdateCache(env.buffer, env.cacheBudget) : undefined;
  }

  put(key: K, value: V | null, windowStartMs: number): void {
    this.assertOpen();
    const { env, layout } = this.deps;
    const { buffer, context } = env;
    if (value === null && this.settings.retainsDuplicates) return;
    observeTime(buffer, layout.segments, windowStartMs);
    if (windowStartMs < layout.segments.minLiveMs(buffer.observedTimeMs)) {
      context.writeExpired(this.name);
      return;
    }
    if (this.settings.retainsDuplicates) buffer.sequence = (buffer.sequence + 1) & 0x7fffffff;
    const at = layout.engineKey(this.keys.encode(key), windowStartMs, buffer.sequence);
    const stored = value === null ? null : this.values.encode(value);
    const timestampMs = (value === null ? undefined : this.values.timestampOf(value)) ?? context.recordTimestampMs();
    this.cache?.hold(at, stored?.length ?? 0, timestampMs, context.recordContext());
    buffer.put(at, stored, timestampMs, !this.settings.isLogged);
    this.cache?.evict();
  }

  setUpdateListener(listener: UpdateListener<Windowed<K>, V>, sendsOldValues: boolean): boolean {
    this.cache?.setListener(({ key, newValue, oldValue, timestampMs, recordContext }) =>
      listener({
        key: this.windowed(key),
        newValue: newValue === null ? null : this.values.decode(newValue),
        oldValue: oldValue === null || !sendsOldValues ? null : this.values.decode(oldValue),
        timestampMs,
        recordContext,
      }),
    );
    return this.cache !== undefined;
  }

  get hasUnlogged(): boolean {
    return this.deps.env.buffer.hasUnlogged;
  }

  get openBytes(): number {
    return this.deps.env.buffer.openBytes;
  }

  drainChangelog(emit: ChangelogEmit): void {
    this.deps.env.buffer.drainUnlogged((key, value, timestampMs) => {
      const bytes = value === null ? null : toBuffer(this.values.toChangelog(value));
      emit(toBuffer(this.layout.changelogKey(key)), bytes, timestampMs);
    });
  }

  restore(records: readonly RestoreRecord[]): void {
    const { buffer } = this.deps.env;
    const entries: { key: ByteString; record: RestoreRecord }[] = [];
    for (const record of records) {
      const key = record.key === null ? undefined : this.layout.fromChangelogKey(toByteString(record.key));
      if (key === undefined) continue;
      entries.push({ key, record });
      observeTime(buffer, this.layout.segments, this.layout.startOf(key));
      if (this.settings.retainsDuplicates) buffer.sequence = Math.max(buffer.sequence, this.layout.sequenceOf(key));
    }
    // Only now is it known what has expired.
    const minLiveMs = this.layout.segments.minLiveMs(buffer.observedTimeMs);
    for (const { key, record } of entries) {
      if (this.layout.startOf(key) < minLiveMs) continue;
      const { value, timestamp } = record;
      buffer.putCommitted(key, value === null ? null : this.values.fromChangelog(toByteString(value), timestamp));
    }
    buffer.commit();
  }

  commit(): void {
    this.deps.env.buffer.commit();
  }

  abort(): void {
    this.cache?.clear();
    this.deps.env.buffer.abort();
  }

  override close(): void {
    super.close();
    this.readOnly.close();
    this.cache?.clear();
  }
}
