import type { ReadOnlyKeyValueStore } from '../stores/key-value-store.js';
import type { ValueAndTimestamp } from '../stores/serde-codec.js';
import type { ReadOnlySessionStore } from '../stores/session-store.js';
import type { StoreKind } from '../stores/store-settings.js';
import type { ReadOnlyVersionedStore } from '../stores/versioned-store.js';
import type { ReadOnlyWindowStore } from '../stores/window-store.js';
import { CompositeKeyValueStore } from './composite-key-value-store.js';
import { CompositeSessionStore } from './composite-session-store.js';
import type { StoreSource } from './composite-store.js';
import { CompositeVersionedStore } from './composite-versioned-store.js';
import { CompositeWindowStore } from './composite-window-store.js';

/** How a store is to be read by an interactive query. `R` is what the query gets. */
export interface QueryableType<R> {
  readonly name: string;
  /** Kinds of stores that can be read so. */
  readonly kinds: readonly StoreKind[];
  compose(source: StoreSource): R;
}

/**
 * Kinds of stores for `StreamsClient.store()`. `keyValue` and `window` also read the stores of aggregates and tables,
 * whose values have timestamps: they leave the timestamps out.
 *
 * @example
 * const counts = client.store('counts', QueryableStores.keyValue<string, number>());
 * counts.get('AMS');
 */
export const QueryableStores = {
  keyValue<K, V>(): QueryableType<ReadOnlyKeyValueStore<K, V>> {
    return {
      name: 'keyValue',
      kinds: ['key-value', 'timestamped-key-value'],
      compose: (source) =>
        source.kind === 'key-value'
          ? new CompositeKeyValueStore<K, V, V>(source, itself)
          : new CompositeKeyValueStore<K, ValueAndTimestamp<V>, V>(source, plain),
    };
  },

  timestampedKeyValue<K, V>(): QueryableType<ReadOnlyKeyValueStore<K, ValueAndTimestamp<V>>> {
    return {
      name: 'timestampedKeyValue',
      kinds: ['timestamped-key-value'],
      compose: (source) => new CompositeKeyValueStore<K, ValueAndTimestamp<V>, ValueAndTimestamp<V>>(source, itself),
    };
  },

  window<K, V>(): QueryableType<ReadOnlyWindowStore<K, V>> {
    return {
      name: 'window',
      kinds: ['window', 'timestamped-window'],
      compose: (source) =>
        source.kind === 'window'
          ? new CompositeWindowStore<K, V, V>(source, itself)
          : new CompositeWindowStore<K, ValueAndTimestamp<V>, V>(source, plain),
    };
  },

  timestampedWindow<K, V>(): QueryableType<ReadOnlyWindowStore<K, ValueAndTimestamp<V>>> {
    return {
      name: 'timestampedWindow',
      kinds: ['timestamped-window'],
      compose: (source) => new CompositeWindowStore<K, ValueAndTimestamp<V>, ValueAndTimestamp<V>>(source, itself),
    };
  },

  session<K, V>(): QueryableType<ReadOnlySessionStore<K, V>> {
    return { name: 'session', kinds: ['session'], compose: (source) => new CompositeSessionStore<K, V>(source) };
  },

  versioned<K, V>(): QueryableType<ReadOnlyVersionedStore<K, V>> {
    return { name: 'versioned', kinds: ['versioned'], compose: (source) => new CompositeVersionedStore<K, V>(source) };
  },
};

/** The read-only form of a store of this kind, with the values that it holds. */
export function composeByKind(source: StoreSource): unknown {
  switch (source.kind) {
    case 'key-value':
      return QueryableStores.keyValue().compose(source);
    case 'timestamped-key-value':
      return QueryableStores.timestampedKeyValue().compose(source);
    case 'window':
      return QueryableStores.window().compose(source);
    case 'timestamped-window':
      return QueryableStores.timestampedWindow().compose(source);
    case 'session':
      return QueryableStores.session().compose(source);
    case 'versioned':
      return QueryableStores.versioned().compose(source);
  }
}

function itself<V>(stored: V): V {
  return stored;
}

function plain<V>({ value }: ValueAndTimestamp<V>): V {
  return value;
}
