import type { Windowed } from '../../time/windowed.js';
import { UpdateCache, type UpdateListener } from '../cache/update-cache.js';
import { toBuffer, toByteString, type ByteString } from '../engine/byte-string.js';
import type { CachingStore } from './key-value-store.js';
import { observeTime } from './segments.js';
import type { SessionStore } from './session-store.js';
import { SessionView, type SessionViewDeps } from './session-view.js';
import type { ChangelogEmit, ManagedStore, RestoreRecord } from './store-environment.js';
import type { StoreSettings } from './store-settings.js';

/** Session store over a write buffer. */
export class BufferedSessionStore<K, V>
  extends SessionView<K, V>
  implements
    SessionStore<K, V>,
    CachingStore<Windowed<K>, V>,
    ManagedStore<BufferedSessionStore<K, V>, SessionView<K, V>>
{
  readonly store = this;
  readonly readOnly: SessionView<K, V>;
  readonly cache: UpdateCache | undefined;

  constructor(
    private readonly deps: SessionViewDeps<K, V>,
    private readonly settings: StoreSettings,
  ) {
    const { env } = deps;
    super(deps, env.buffer, false);
    this.readOnly = new SessionView(deps, env.buffer.committedReader(), true);
    this.cache = settings.isCached ? new UpdateCache(env.buffer, env.cacheBudget) : undefined;
  }

  put(session: Windowed<K>, aggregate: V | null): void {
    this.assertOpen();
    const { env, layout } = this.deps;
    const { buffer, context } = env;
    const { startMs, endMs } = session.window;
    observeTime(buffer, layout.segments, endMs);
    if (endMs < layout.segments.minLiveMs(buffer.observedTimeMs)) {
      context.writeExpired(this.name);
      return;
    }
    const at = layout.engineKey(this.keys.encode(session.key), startMs, endMs);
    const stored = aggregate === null ? null : this.values.encode(aggregate);
    const timestampMs =
      (aggregate === null ? undefined : this.values.timestampOf(aggregate)) ?? context.recordTimestampMs();
    this.cache?.hold(at, stored?.length ?? 0, timestampMs, context.recordContext());
    buffer.put(at, stored, timestampMs, !this.settings.isLogged);
    this.cache?.evict();
  }

  remove(session: Windowed<K>): void {
    this.put(session, null);
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
    const { layout } = this;
    const entries: { key: ByteString; record: RestoreRecord }[] = [];
    for (const record of records) {
      const key = record.key === null ? undefined : layout.fromChangelogKey(toByteString(record.key));
      if (key === undefined) continue;
      entries.push({ key, record });
      observeTime(buffer, layout.segments, layout.endOf(key));
    }
    // Only now is it known what has expired.
    const minLiveMs = layout.segments.minLiveMs(buffer.observedTimeMs);
    for (const { key, record } of entries) {
      if (layout.endOf(key) < minLiveMs) continue;
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
