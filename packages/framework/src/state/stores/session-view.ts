import { Windowed } from '../../time/windowed.js';
import type { ByteReader } from '../buffer/byte-reader.js';
import type { ByteString } from '../engine/byte-string.js';
import type { ByteEntry } from '../engine/engine.js';
import type { StoreIterator } from '../iterators/store-iterator.js';
import { RangesCursor } from './segments.js';
import type { SerdeCodec, ValueCodec } from './serde-codec.js';
import type { SessionLayout } from './session-layout.js';
import type { ReadOnlySessionStore } from './session-store.js';
import type { StoreEnvironment } from './store-environment.js';
import { StoreView } from './store-view.js';

export interface SessionViewDeps<K, V> {
  readonly env: StoreEnvironment;
  readonly keys: SerdeCodec<K>;
  readonly values: ValueCodec<V>;
  readonly layout: SessionLayout;
}

type Sessions<K, V> = StoreIterator<readonly [Windowed<K>, V]>;

/** Reads typed sessions from a byte reader. */
export class SessionView<K, V> extends StoreView implements ReadOnlySessionStore<K, V> {
  protected readonly keys: SerdeCodec<K>;
  protected readonly values: ValueCodec<V>;
  protected readonly layout: SessionLayout;

  constructor(deps: SessionViewDeps<K, V>, reader: ByteReader, isInteractive: boolean) {
    super(deps.env.buffer.name, deps.env.isPersistent, reader, isInteractive ? undefined : deps.env.iterators);
    this.keys = deps.keys;
    this.values = deps.values;
    this.layout = deps.layout;
  }

  fetchSession(key: K, startMs: number, endMs: number): V | undefined {
    this.assertOpen();
    if (endMs < this.#minLiveMs()) return undefined;
    const stored = this.reader.get(this.layout.engineKey(this.keys.encode(key), startMs, endMs));
    return stored === undefined ? undefined : this.values.decode(stored);
  }

  findSessions(key: K, earliestEndMs: number, latestStartMs: number): Sessions<K, V> {
    return this.#find(key, earliestEndMs, latestStartMs, false);
  }

  backwardFindSessions(key: K, earliestEndMs: number, latestStartMs: number): Sessions<K, V> {
    return this.#find(key, earliestEndMs, latestStartMs, true);
  }

  fetch(key: K): Sessions<K, V> {
    return this.#find(key, 0, Number.MAX_SAFE_INTEGER, false);
  }

  backwardFetch(key: K): Sessions<K, V> {
    return this.#find(key, 0, Number.MAX_SAFE_INTEGER, true);
  }

  findSessionsOfKeys(
    fromKey: K | undefined,
    toKey: K | undefined,
    earliestEndMs: number,
    latestStartMs: number,
  ): Sessions<K, V> {
    this.assertOpen();
    const { layout, reader } = this;
    const low = fromKey === undefined ? '' : this.keys.encode(fromKey);
    const high = toKey === undefined ? undefined : this.keys.encode(toKey);
    const from = Math.max(earliestEndMs, this.#minLiveMs());
    const ranges = layout.rangesOfSpan(low, high, from, reader.observedTimeMs);
    return this.iterate(new RangesCursor(reader, ranges, false), (entry) => {
      const key = layout.keyOf(entry.key);
      if (key < low || (high !== undefined && key > high)) return undefined;
      return layout.endOf(entry.key) < from ? undefined : this.#session(entry, latestStartMs);
    });
  }

  protected windowed(engineKey: ByteString): Windowed<K> {
    const { layout } = this;
    return new Windowed(this.keys.decode(layout.keyOf(engineKey)), {
      startMs: layout.startOf(engineKey),
      endMs: layout.endOf(engineKey),
    });
  }

  #minLiveMs(): number {
    return this.layout.segments.minLiveMs(this.reader.observedTimeMs);
  }

  #find(key: K, earliestEndMs: number, latestStartMs: number, isReverse: boolean): Sessions<K, V> {
    this.assertOpen();
    const { layout, reader } = this;
    const bytes = this.keys.encode(key);
    const length = layout.lengthFor(bytes);
    const from = Math.max(earliestEndMs, this.#minLiveMs());
    const ranges = layout.rangesOfKey(bytes, from, reader.observedTimeMs);
    return this.iterate(new RangesCursor(reader, ranges, isReverse), (entry) =>
      entry.key.length === length ? this.#session(entry, latestStartMs) : undefined,
    );
  }

  #session({ key, value }: ByteEntry, latestStartMs: number): readonly [Windowed<K>, V] | undefined {
    return this.layout.startOf(key) > latestStartMs ? undefined : [this.windowed(key), this.values.decode(value)];
  }
}
