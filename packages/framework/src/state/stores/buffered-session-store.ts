import type { Windowed } from '../../time/windowed.js';
import type { UpdateListener } from '../cache/update-cache.js';
import type { CachingStore } from './key-value-store.js';
import { SegmentedWriter } from './segmented-writer.js';
import type { SessionStore } from './session-store.js';
import { SessionView, type SessionViewDeps } from './session-view.js';
import type { StoreSettings } from './store-settings.js';
import { assertStoreTime } from './store-time.js';

/** Session store over a write buffer. */
export class BufferedSessionStore<K, V>
  extends SessionView<K, V>
  implements SessionStore<K, V>, CachingStore<Windowed<K>, V>
{
  readonly transaction: SegmentedWriter<Windowed<K>, V>;

  constructor(deps: SessionViewDeps<K, V>, settings: StoreSettings) {
    super(deps, deps.env.buffer, false);
    this.transaction = new SegmentedWriter({ ...deps, settings, decodeKey: (key) => this.windowed(key) });
  }

  put(session: Windowed<K>, aggregate: V | null): void {
    this.assertOpen();
    const { startMs, endMs } = session.window;
    assertStoreTime(this.name, 'the start of a session', startMs);
    assertStoreTime(this.name, 'the end of a session', endMs);
    assertStoreTime(this.name, 'the length of a session', endMs - startMs);
    if (!this.transaction.admits(endMs)) return;
    this.transaction.write(this.layout.engineKey(this.keys.encode(session.key), startMs, endMs), aggregate);
  }

  remove(session: Windowed<K>): void {
    this.put(session, null);
  }

  setUpdateListener(listener: UpdateListener<Windowed<K>, V>, sendsOldValues: boolean): boolean {
    return this.transaction.setUpdateListener(listener, sendsOldValues);
  }
}
