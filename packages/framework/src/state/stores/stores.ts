import { StateStoreError } from '../../errors/errors.js';
import type { Serde } from '../../serde/serde.js';
import type { Windowed } from '../../time/windowed.js';
import { BufferedKeyValueStore } from './buffered-key-value-store.js';
import { BufferedSessionStore } from './buffered-session-store.js';
import { BufferedVersionedStore } from './buffered-versioned-store.js';
import { BufferedWindowStore } from './buffered-window-store.js';
import type { CachingStore, KeyValueStore, ReadOnlyKeyValueStore } from './key-value-store.js';
import { KeyValueView } from './key-value-view.js';
import { Segments } from './segments.js';
import {
  PlainValueCodec,
  SerdeCodec,
  TimestampedValueCodec,
  type ValueAndTimestamp,
  type ValueCodec,
} from './serde-codec.js';
import { SessionLayout } from './session-layout.js';
import type { ReadOnlySessionStore, SessionStore } from './session-store.js';
import { SessionView } from './session-view.js';
import { checkDuration, defineStore, resolveStoreSettings, type StoreBuilder } from './store-builder.js';
import type { ManagedStore, StoreEnvironment, StoreTransaction } from './store-environment.js';
import type { StoreKind, StoreOptions } from './store-settings.js';
import type { StoreView } from './store-view.js';
import type { ReadOnlyVersionedStore, VersionedStore } from './versioned-store.js';
import { VersionedView } from './versioned-view.js';
import { WindowLayout } from './window-layout.js';
import type { ReadOnlyWindowStore, WindowStore } from './window-store.js';
import { WindowView } from './window-view.js';

/** Options of a store with typed keys and values. */
export interface SerdeStoreOptions<K, V> extends StoreOptions {
  readonly keySerde: Serde<K>;
  readonly valueSerde: Serde<V>;
}

export interface WindowStoreOptions<K, V> extends SerdeStoreOptions<K, V> {
  /** How long a window is kept after its start, ms; at least the window's size, and the grace period should be in it. */
  readonly retentionMs: number;
  /** Length of the windows, ms: gives the end of the windows handed out. */
  readonly windowSizeMs: number;
  /** Whether several values may be put for one key and start (stream-stream joins). @default false */
  readonly retainDuplicates?: boolean;
}

export interface SessionStoreOptions<K, V> extends SerdeStoreOptions<K, V> {
  /** How long a session is kept after its end, ms. */
  readonly retentionMs: number;
}

export interface VersionedStoreOptions<K, V> extends Omit<SerdeStoreOptions<K, V>, 'caching'> {
  /** How long a version can still be asked for after it was replaced, ms; also how late a put may come. */
  readonly historyRetentionMs: number;
}

/** A key-value store that may cache. */
export type CachingKeyValueStore<K, V> = KeyValueStore<K, V> & CachingStore<K, V>;
/** A window store that may cache. */
export type CachingWindowStore<K, V> = WindowStore<K, V> & CachingStore<Windowed<K>, V>;
/** A session store that may cache. */
export type CachingSessionStore<K, V> = SessionStore<K, V> & CachingStore<Windowed<K>, V>;

/**
 * Makes store builders.
 *
 * @example
 * const counts = Stores.keyValueStore({ name: 'counts', keySerde: serdes.string, valueSerde: serdes.int64 });
 * builder.addStateStore(counts);
 * stream.process(() => new Counter(), { stores: ['counts'] });
 */
export const Stores = {
  /** Keys and values. */
  keyValueStore<K, V>(
    options: SerdeStoreOptions<K, V>,
  ): StoreBuilder<CachingKeyValueStore<K, V>, ReadOnlyKeyValueStore<K, V>> {
    return keyValue('key-value', options, (serde) => new PlainValueCodec(serde));
  },

  /** Keys and values, each value with its event time. */
  timestampedKeyValueStore<K, V>(
    options: SerdeStoreOptions<K, V>,
  ): StoreBuilder<CachingKeyValueStore<K, ValueAndTimestamp<V>>, ReadOnlyKeyValueStore<K, ValueAndTimestamp<V>>> {
    return keyValue('timestamped-key-value', options, (serde) => new TimestampedValueCodec(serde));
  },

  /** Values per key and window start. */
  windowStore<K, V>(
    options: WindowStoreOptions<K, V>,
  ): StoreBuilder<CachingWindowStore<K, V>, ReadOnlyWindowStore<K, V>> {
    return windows('window', options, (serde) => new PlainValueCodec(serde));
  },

  /** Values per key and window start, each with its event time. */
  timestampedWindowStore<K, V>(
    options: WindowStoreOptions<K, V>,
  ): StoreBuilder<CachingWindowStore<K, ValueAndTimestamp<V>>, ReadOnlyWindowStore<K, ValueAndTimestamp<V>>> {
    return windows('timestamped-window', options, (serde) => new TimestampedValueCodec(serde));
  },

  /** Aggregates per key and session. */
  sessionStore<K, V>(
    options: SessionStoreOptions<K, V>,
  ): StoreBuilder<CachingSessionStore<K, V>, ReadOnlySessionStore<K, V>> {
    const settings = resolveStoreSettings('session', options);
    const { keySerde, valueSerde, retentionMs } = options;
    checkDuration(options.name, 'retentionMs', retentionMs, 1);
    const layout = new SessionLayout(new Segments(retentionMs));
    const parts = [keySerde.name, valueSerde.name, retentionMs];
    return defineStore(settings, { retentionMs }, parts, (env) => {
      const values = new PlainValueCodec(valueCodec(env, valueSerde));
      const deps = { env, keys: keyCodec(env, keySerde), values, layout };
      return managed(
        new BufferedSessionStore(deps, settings),
        new SessionView(deps, env.buffer.committedReader(), true),
      );
    });
  },

  /** The history of each key. Not cached. */
  versionedKeyValueStore<K, V>(
    options: VersionedStoreOptions<K, V>,
  ): StoreBuilder<VersionedStore<K, V>, ReadOnlyVersionedStore<K, V>> {
    const settings = resolveStoreSettings('versioned', options);
    const { keySerde, valueSerde, historyRetentionMs } = options;
    checkDuration(options.name, 'historyRetentionMs', historyRetentionMs, 0);
    const parts = [keySerde.name, valueSerde.name, historyRetentionMs];
    return defineStore(settings, { historyRetentionMs }, parts, (env) => {
      const segments = new Segments(historyRetentionMs);
      const deps = { env, keys: keyCodec(env, keySerde), values: valueCodec(env, valueSerde), segments };
      return managed(
        new BufferedVersionedStore(deps, settings),
        new VersionedView(deps, env.buffer.committedReader(), true),
      );
    });
  },
};

function keyValue<K, V, S>(
  kind: StoreKind,
  options: SerdeStoreOptions<K, V>,
  codec: (serde: SerdeCodec<V>) => ValueCodec<S>,
): StoreBuilder<CachingKeyValueStore<K, S>, ReadOnlyKeyValueStore<K, S>> {
  const settings = resolveStoreSettings(kind, options);
  const { keySerde, valueSerde } = options;
  return defineStore(settings, {}, [keySerde.name, valueSerde.name], (env) => {
    const keys = keyCodec(env, keySerde);
    const values = codec(valueCodec(env, valueSerde));
    return managed(
      new BufferedKeyValueStore(env, settings, keys, values),
      new KeyValueView(env, env.buffer.committedReader(), keys, values, true),
    );
  });
}

function windows<K, V, S>(
  kind: StoreKind,
  options: WindowStoreOptions<K, V>,
  codec: (serde: SerdeCodec<V>) => ValueCodec<S>,
): StoreBuilder<CachingWindowStore<K, S>, ReadOnlyWindowStore<K, S>> {
  const {
    name,
    keySerde,
    valueSerde,
    retentionMs,
    windowSizeMs,
    retainDuplicates: retainsDuplicates = false,
  } = options;
  const settings = { ...resolveStoreSettings(kind, options), retainsDuplicates };
  checkDuration(name, 'windowSizeMs', windowSizeMs, 1);
  checkDuration(name, 'retentionMs', retentionMs, windowSizeMs);
  if (retainsDuplicates && settings.isCached) {
    throw new StateStoreError(
      'STORE_INVALID_OPTION',
      `Store ${name}: caching would merge the duplicates it is to keep. Leave out caching or retainDuplicates.`,
    );
  }
  const layout = new WindowLayout(new Segments(retentionMs));
  const parts = [keySerde.name, valueSerde.name, retentionMs, windowSizeMs, retainsDuplicates];
  return defineStore(settings, { retentionMs }, parts, (env) => {
    const keys = keyCodec(env, keySerde);
    const values = codec(valueCodec(env, valueSerde));
    const deps = { env, keys, values, layout, windowSizeMs };
    return managed(new BufferedWindowStore(deps, settings), new WindowView(deps, env.buffer.committedReader(), true));
  });
}

/** Puts the two forms of a store together. */
function managed<S extends StoreView & { readonly transaction: StoreTransaction }, R extends StoreView>(
  store: S,
  readOnly: R,
): ManagedStore<S, R> {
  const { transaction } = store;
  return {
    store,
    readOnly,
    transaction,
    close() {
      store.close();
      readOnly.close();
    },
  };
}

function keyCodec<K>(env: StoreEnvironment, serde: Serde<K>): SerdeCodec<K> {
  return new SerdeCodec(env.buffer.name, env.changelogTopic, 'key', serde);
}

function valueCodec<V>(env: StoreEnvironment, serde: Serde<V>): SerdeCodec<V> {
  return new SerdeCodec(env.buffer.name, env.changelogTopic, 'value', serde);
}
