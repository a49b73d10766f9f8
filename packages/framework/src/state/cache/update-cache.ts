import type { ByteReader } from '../buffer/byte-reader.js';
import type { ByteString } from '../engine/byte-string.js';
import type { CacheBudget } from './cache-budget.js';

/** Several changes of one key, passed on as one. */
export interface StoreUpdate<K, V> {
  readonly key: K;
  /** null: the key was deleted. */
  readonly newValue: V | null;
  /** Value before the first of the changes; null: none, or old values were not asked for. */
  readonly oldValue: V | null;
  /** Timestamp of the record of the last change, ms. */
  readonly timestampMs: number;
  /** What the context said of the record of the last change. */
  readonly recordContext: unknown;
}

/**
 * Called on eviction and before a commit, inside the task. It may write to this and other stores. Until a promise that it
 * returns is settled, the cache holds back further updates; the task waits for the promise.
 */
export type UpdateListener<K, V> = (update: StoreUpdate<K, V>) => void | Promise<void>;

interface HeldUpdate {
  readonly oldValue: ByteString | null;
  timestampMs: number;
  recordContext: unknown;
  bytes: number;
}

/** Rough cost of a held update besides its bytes. */
const UPDATE_OVERHEAD_BYTES = 150;

/**
 * Holds back the updates of one store, so that only the last one of each key is passed on: at the latest before the next
 * commit, earlier when the process's budget is exceeded (least recently updated first). The values themselves are in
 * the store's write buffer.
 */
export class UpdateCache {
  readonly #held = new Map<ByteString, HeldUpdate>();
  #listener: UpdateListener<ByteString, ByteString> | undefined;
  #oldest = this.#held.entries();
  #isWaiting = false;

  constructor(
    private readonly reader: ByteReader,
    private readonly budget: CacheBudget,
  ) {}

  get size(): number {
    return this.#held.size;
  }

  setListener(listener: UpdateListener<ByteString, ByteString>): void {
    this.#listener = listener;
  }

  /** Called before a change is written to the buffer. */
  hold(key: ByteString, valueLength: number, timestampMs: number, recordContext: unknown): void {
    if (this.#listener === undefined) return;
    let update = this.#held.get(key);
    if (update === undefined) {
      const oldValue = this.reader.get(key) ?? null;
      update = { oldValue, timestampMs, recordContext, bytes: 0 };
    } else {
      // To the end: the map's order is that of the last update.
      this.#held.delete(key);
      update.timestampMs = timestampMs;
      update.recordContext = recordContext;
    }
    const bytes = UPDATE_OVERHEAD_BYTES + key.length + (update.oldValue?.length ?? 0) + valueLength;
    this.budget.add(bytes - update.bytes);
    update.bytes = bytes;
    this.#held.set(key, update);
  }

  /** True while an update that was passed on is still being worked on. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** Called after a change was written: passes on the oldest updates while the budget is exceeded. */
  evict(): void {
    while (this.budget.isExceeded && this.#held.size > 0 && !this.#isWaiting) this.#passOnOldest();
  }

  /**
   * Passes on everything, also what listeners add meanwhile, but stops when it has to wait for a listener. Returns how
   * many updates it passed on.
   */
  flush(): number {
    let count = 0;
    for (; this.#held.size > 0 && !this.#isWaiting; count++) this.#passOnOldest();
    return count;
  }

  /** Forgets everything: the open transaction is given up. */
  clear(): void {
    for (const { bytes } of this.#held.values()) this.budget.add(-bytes);
    this.#held.clear();
    this.#oldest = this.#held.entries();
  }

  /**
   * One iterator for all, because a new one would step over everything that was deleted before it. It is always at the
   * oldest update: what it has passed is gone, and what is held again goes to the end.
   */
  #takeOldest(): [ByteString, HeldUpdate] {
    let step = this.#oldest.next();
    if (step.done === true) {
      this.#oldest = this.#held.entries();
      step = this.#oldest.next();
    }
    const entry = step.value as [ByteString, HeldUpdate];
    this.#held.delete(entry[0]);
    return entry;
  }

  #passOnOldest(): void {
    const [key, update] = this.#takeOldest();
    this.budget.add(-update.bytes);
    const { oldValue, timestampMs, recordContext } = update;
    const newValue = this.reader.get(key) ?? null;
    // A key that came and went between two flushes concerns no one.
    if (newValue === null && oldValue === null) return;
    const working = this.#listener?.({ key, newValue, oldValue, timestampMs, recordContext });
    if (working === undefined) return;
    this.#isWaiting = true;
    const goOn = (): void => {
      this.#isWaiting = false;
    };
    working.then(goOn, goOn);
  }
}
