import type { StoreIterator } from '../iterators/store-iterator.js';
import type { ReadOnlyVersionedStore, VersionedRecord } from '../stores/versioned-store.js';
import { CompositeStore } from './composite-store.js';

/** Versioned stores of several tasks. */
export class CompositeVersionedStore<K, V>
  extends CompositeStore<ReadOnlyVersionedStore<K, V>>
  implements ReadOnlyVersionedStore<K, V>
{
  get(key: K): VersionedRecord<V> | undefined {
    return this.first((store) => store.get(key));
  }

  asOf(key: K, timestampMs: number): VersionedRecord<V> | undefined {
    return this.first((store) => store.asOf(key, timestampMs));
  }

  versions(key: K, fromMs: number, toMs: number): StoreIterator<VersionedRecord<V>> {
    return this.chain((store) => store.versions(key, fromMs, toMs));
  }
}
