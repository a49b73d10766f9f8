import { NO_HEADERS } from '../client/records.js';
import type { CapturedInput, ProcessorContext } from '../processor/processor-context.js';
import { StreamRecord } from '../processor/record.js';
import type { StoreUpdate } from '../state/cache/update-cache.js';
import type { CachingStore } from '../state/stores/key-value-store.js';
import type { ValueAndTimestamp } from '../state/stores/serde-codec.js';
import type { Change } from './change.js';

/**
 * Passes on the changes of a table with a store: at once if the store does not cache, else when its cache gives them up,
 * as results of the input records that they came from.
 */
export class ChangeForwarder<K, V> {
  readonly #isCached: boolean;
  #working: Promise<void> | undefined;

  /** @param sendsOldValues whether someone below needs the values before */
  constructor(
    store: CachingStore<K, ValueAndTimestamp<V>>,
    private readonly context: ProcessorContext<K, Change<V>>,
    private readonly sendsOldValues: boolean,
  ) {
    this.#isCached = store.setUpdateListener((update) => this.#forwardUpdate(update), sendsOldValues);
  }

  /** True: `forward` needs the old value. (With a cache, the cache knows it.) */
  get needsOldValues(): boolean {
    return this.sendsOldValues && !this.#isCached;
  }

  /** To be called after the store was changed; the caller returns the answer. `oldValue` may be null if not asked for. */
  forward(
    record: StreamRecord<K, unknown>,
    newValue: V | null,
    oldValue: V | null,
    timestampMs: number,
  ): void | Promise<void> {
    // The change may have pushed an earlier one out of the cache; the next record waits until that has been worked on.
    if (this.#isCached) return this.#working;
    const change = { newValue, oldValue: this.sendsOldValues ? oldValue : null };
    return this.context.forward(new StreamRecord(record.key, change, timestampMs, record.headers));
  }

  #forwardUpdate(update: StoreUpdate<K, ValueAndTimestamp<V>>): void | Promise<void> {
    const { context } = this;
    const { key, newValue, oldValue } = update;
    const input = update.recordContext as CapturedInput | undefined;
    const change = { newValue: newValue?.value ?? null, oldValue: oldValue?.value ?? null };
    const timestampMs = newValue?.timestampMs ?? update.timestampMs;
    const record = new StreamRecord(key, change, timestampMs, input?.headers ?? NO_HEADERS);
    const working = context.withInput(input, () => context.forward(record));
    if (working === undefined) return;
    const done = (): void => {
      this.#working = undefined;
    };
    this.#working = working;
    working.then(done, done);
    return working;
  }
}
