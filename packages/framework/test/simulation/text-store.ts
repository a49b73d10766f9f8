import type { ProcessorContext } from '../../dist/processor/processor-context.js';
import { serdes } from '../../dist/serde/serdes.js';
import type { CachingKeyValueStore } from '../../dist/state/stores/stores.js';
import { Stores } from '../../dist/state/stores/stores.js';
import type { StoreBuilder } from '../../dist/state/stores/store-builder.js';
import type { ValueAndTimestamp } from '../../dist/state/stores/serde-codec.js';
import type { HistorySettings } from './history-settings.js';

export type StoreShape = Pick<HistorySettings, 'isCached' | 'isTimestamped' | 'engine'>;

type PlainStore = CachingKeyValueStore<string, string>;
type TimestampedStore = CachingKeyValueStore<string, ValueAndTimestamp<string>>;

/** A store of texts, whichever kind the history uses. */
export interface TextStore {
  get(key: string): string | undefined;
  put(key: string, value: string | null, timestampMs: number): void;
  /** Hands updates on at once, or later merged. */
  onUpdate(listener: (key: string, value: string | null, timestampMs: number) => void): void;
}

/** @param isCached overrides the history's setting */
export function textStoreBuilder(name: string, shape: StoreShape, isCached = shape.isCached): StoreBuilder {
  const { string } = serdes;
  const options = { name, keySerde: string, valueSerde: string, engine: shape.engine, caching: isCached };
  return shape.isTimestamped ? Stores.timestampedKeyValueStore(options) : Stores.keyValueStore(options);
}

export function openTextStore(context: ProcessorContext, name: string, { isTimestamped }: StoreShape): TextStore {
  return isTimestamped
    ? timestamped(context.getStateStore<TimestampedStore>(name))
    : plain(context.getStateStore<PlainStore>(name));
}

function plain(store: PlainStore): TextStore {
  const listeners = new Listeners();
  const isCached = store.setUpdateListener(({ key, newValue, timestampMs }) => {
    listeners.tell(key, newValue, timestampMs);
  }, false);
  return {
    get: (key) => store.get(key),
    put: (key, value, timestampMs) => {
      store.put(key, value);
      if (!isCached) listeners.tell(key, value, timestampMs);
    },
    onUpdate: (listener) => {
      listeners.tell = listener;
    },
  };
}

function timestamped(store: TimestampedStore): TextStore {
  const listeners = new Listeners();
  const isCached = store.setUpdateListener(({ key, newValue, timestampMs }) => {
    listeners.tell(key, newValue?.value ?? null, timestampMs);
  }, false);
  return {
    get: (key) => store.get(key)?.value,
    put: (key, value, timestampMs) => {
      store.put(key, value === null ? null : { value, timestampMs });
      if (!isCached) listeners.tell(key, value, timestampMs);
    },
    onUpdate: (listener) => {
      listeners.tell = listener;
    },
  };
}

class Listeners {
  tell: (key: string, value: string | null, timestampMs: number) => void = () => undefined;
}
