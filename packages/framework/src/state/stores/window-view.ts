import { Windowed } from '../../time/windowed.js';
import type { ByteReader } from '../buffer/byte-reader.js';
import type { ByteString } from '../engine/byte-string.js';
import type { ByteEntry } from '../engine/engine.js';
import type { StoreIterator } from '../iterators/store-iterator.js';
import { RangesCursor } from './segments.js';
import type { SerdeCodec, ValueCodec } from './serde-codec.js';
import type { StoreEnvironment } from './store-environment.js';
import { StoreView } from './store-view.js';
import type { WindowLayout } from './window-layout.js';
import type { ReadOnlyWindowStore } from './window-store.js';

export interface WindowViewDeps<K, V> {
  readonly env: StoreEnvironment;
  readonly keys: SerdeCodec<K>;
  readonly values: ValueCodec<V>;
  readonly layout: WindowLayout;
  /** Gives the end of the windows that are handed out. */
  readonly windowSizeMs: number;
}

/** Reads typed windows from a byte reader. */
export class WindowView<K, V> extends StoreView implements ReadOnlyWindowStore<K, V> {
  protected readonly keys: SerdeCodec<K>;
  protected readonly values: ValueCodec<V>;
  protected readonly layout: WindowLayout;
  readonly #windowSizeMs: number;

  constructor(deps: WindowViewDeps<K, V>, reader: ByteReader, isInteractive: boolean) {
    super(deps.env.buffer.name, deps.env.isPersistent, reader, isInteractive ? undefined : deps.env.iterators);
    this.keys = deps.keys;
    this.values = deps.values;
    this.layout = deps.layout;
    this.#windowSizeMs = deps.windowSizeMs;
  }

  get(key: K, windowStartMs: number): V | undefined {
    this.assertOpen();
    if (windowStartMs < this.#minLiveMs()) return undefined;
    const stored = this.reader.get(this.layout.engineKey(this.keys.encode(key), windowStartMs, 0));
    return stored === undefined ? undefined : this.values.decode(stored);
  }

  fetch(key: K, fromMs: number, toMs: number): StoreIterator<readonly [number, V]> {
    return this.#fetchKey(key, fromMs, toMs, false);
  }

  backwardFetch(key: K, fromMs: number, toMs: number): StoreIterator<readonly [number, V]> {
    return this.#fetchKey(key, fromMs, toMs, true);
  }

  fetchKeys(
    from: K | undefined,
    to: K | undefined,
    fromMs: number,
    toMs: number,
  ): StoreIterator<readonly [Windowed<K>, V]> {
    return this.#fetchSpan(from, to, fromMs, toMs, false);
  }

  backwardFetchKeys(
    from: K | undefined,
    to: K | undefined,
    fromMs: number,
    toMs: number,
  ): StoreIterator<readonly [Windowed<K>, V]> {
    return this.#fetchSpan(from, to, fromMs, toMs, true);
  }

  fetchAll(fromMs: number, toMs: number): StoreIterator<readonly [Windowed<K>, V]> {
    return this.#fetchSpan(undefined, undefined, fromMs, toMs, false);
  }

  backwardFetchAll(fromMs: number, toMs: number): StoreIterator<readonly [Windowed<K>, V]> {
    return this.#fetchSpan(undefined, undefined, fromMs, toMs, true);
  }

  all(): StoreIterator<readonly [Windowed<K>, V]> {
    return this.#fetchSpan(undefined, undefined, 0, this.reader.observedTimeMs, false);
  }

  backwardAll(): StoreIterator<readonly [Windowed<K>, V]> {
    return this.#fetchSpan(undefined, undefined, 0, this.reader.observedTimeMs, true);
  }

  protected windowed(engineKey: ByteString): Windowed<K> {
    const startMs = this.layout.startOf(engineKey);
    const endMs = Math.min(startMs + this.#windowSizeMs, Number.MAX_SAFE_INTEGER);
    return new Windowed(this.keys.decode(this.layout.keyOf(engineKey)), { startMs, endMs });
  }

  #minLiveMs(): number {
    return this.layout.segments.minLiveMs(this.reader.observedTimeMs);
  }

  #fetchKey(key: K, fromMs: number, toMs: number, isReverse: boolean): StoreIterator<readonly [number, V]> {
    this.assertOpen();
    const { layout, reader } = this;
    const bytes = this.keys.encode(key);
    const length = layout.lengthFor(bytes);
    const from = Math.max(fromMs, this.#minLiveMs());
    const to = Math.min(toMs, reader.observedTimeMs);
    const ranges = layout.rangesOfKey(bytes, from, to);
    return this.iterate(new RangesCursor(reader, ranges, isReverse), ({ key: at, value }) =>
      at.length === length ? [layout.startOf(at), this.values.decode(value)] : undefined,
    );
  }

  #fetchSpan(
    fromKey: K | undefined,
    toKey: K | undefined,
    fromMs: number,
    toMs: number,
    isReverse: boolean,
  ): StoreIterator<readonly [Windowed<K>, V]> {
    this.assertOpen();
    const { layout, reader } = this;
    const low = fromKey === undefined ? '' : this.keys.encode(fromKey);
    const high = toKey === undefined ? undefined : this.keys.encode(toKey);
    const from = Math.max(fromMs, this.#minLiveMs());
    const to = Math.min(toMs, reader.observedTimeMs);
    const ranges = layout.rangesOfSpan(low, high, from, to);
    const convert = ({ key: at, value }: ByteEntry): readonly [Windowed<K>, V] | undefined => {
      const startMs = layout.startOf(at);
      if (startMs < from || startMs > to) return undefined;
      const key = layout.keyOf(at);
      if (key < low || (high !== undefined && key > high)) return undefined;
      return [this.windowed(at), this.values.decode(value)];
    };
    return this.iterate(new RangesCursor(reader, ranges, isReverse), convert);
  }
}
