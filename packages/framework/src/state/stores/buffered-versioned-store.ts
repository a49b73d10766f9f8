import type { StoreSettings } from './store-settings.js';
import type { PutResult, VersionedRecord, VersionedStore } from './versioned-store.js';
import { VersionedView, type VersionedViewDeps } from './versioned-view.js';
import { VersionedWriter } from './versioned-writer.js';
import { assertStoreTime } from './store-time.js';

/** Versioned store over a write buffer. */
export class BufferedVersionedStore<K, V> extends VersionedView<K, V> implements VersionedStore<K, V> {
  readonly transaction: VersionedWriter;

  constructor(
    private readonly deps: VersionedViewDeps<K, V>,
    { isLogged }: StoreSettings,
  ) {
    const { env, segments } = deps;
    super(deps, env.buffer, false);
    this.transaction = new VersionedWriter({ env, segments, history: this.history, isLogged });
  }

  put(key: K, value: V | null, timestampMs: number): PutResult {
    this.assertOpen();
    assertStoreTime(this.name, 'the timestamp of a version', timestampMs);
    const { buffer, context } = this.deps.env;
    const at = this.keys.encode(key);
    const stored = value === null ? null : this.values.encode(value);
    if (timestampMs < buffer.observedTimeMs - this.segments.retentionMs) {
      context.writeExpired(this.name);
      return { isWritten: false, validToMs: undefined };
    }
    return { isWritten: true, validToMs: this.transaction.write(at, stored, timestampMs) };
  }

  delete(key: K, timestampMs: number): VersionedRecord<V> | undefined {
    const old = this.asOf(key, timestampMs);
    this.put(key, null, timestampMs);
    return old;
  }
}
