import type { Windowed } from '../../time/windowed.js';
import type { StoreBuffer } from '../buffer/store-buffer.js';
import type { UpdateListener } from '../cache/update-cache.js';
import type { ByteString } from '../engine/byte-string.js';
import type { CachingStore } from './key-value-store.js';
import { SegmentedWriter } from './segmented-writer.js';
import type { StoreSettings } from './store-settings.js';
import type { WindowStore } from './window-store.js';
import { WindowView, type WindowViewDeps } from './window-view.js';
import { assertStoreTime } from './store-time.js';

/** Window store over a write buffer. */
export class BufferedWindowStore<K, V>
  extends WindowView<K, V>
  implements WindowStore<K, V>, CachingStore<Windowed<K>, V>
{
  readonly transaction: SegmentedWriter<Windowed<K>, V>;
  readonly #buffer: StoreBuffer;
  readonly #retainsDuplicates: boolean;

  constructor(deps: WindowViewDeps<K, V>, settings: StoreSettings & { readonly retainsDuplicates: boolean }) {
    const { buffer } = deps.env;
    super(deps, buffer, false);
    this.#buffer = buffer;
    this.#retainsDuplicates = settings.retainsDuplicates;
    const onRestored = (key: ByteString): void => {
      buffer.sequence = Math.max(buffer.sequence, deps.layout.sequenceOf(key));
    };
    this.transaction = new SegmentedWriter({
      ...{ ...deps, settings, decodeKey: (key: ByteString) => this.windowed(key) },
      ...(settings.retainsDuplicates && { onRestored }),
    });
  }

  put(key: K, value: V | null, windowStartMs: number): void {
    this.assertOpen();
    if (value === null && this.#retainsDuplicates) return;
    assertStoreTime(this.name, 'the start of a window', windowStartMs);
    if (!this.transaction.admits(windowStartMs)) return;
    const buffer = this.#buffer;
    if (this.#retainsDuplicates) buffer.sequence = (buffer.sequence + 1) & 0x7fffffff;
    this.transaction.write(this.layout.engineKey(this.keys.encode(key), windowStartMs, buffer.sequence), value);
  }

  setUpdateListener(listener: UpdateListener<Windowed<K>, V>, sendsOldValues: boolean): boolean {
    return this.transaction.setUpdateListener(listener, sendsOldValues);
  }
}
