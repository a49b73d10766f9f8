import type { Windowed } from '../../time/windowed.js';
import type { StoreIterator } from '../iterators/store-iterator.js';
import type { ReadOnlySessionStore } from '../stores/session-store.js';
import { CompositeStore } from './composite-store.js';

type Sessions<K, V> = StoreIterator<readonly [Windowed<K>, V]>;

/** Session stores of several tasks; what is ordered in each of them comes partition after partition. */
export class CompositeSessionStore<K, V>
  extends CompositeStore<ReadOnlySessionStore<K, V>>
  implements ReadOnlySessionStore<K, V>
{
  fetchSession(key: K, startMs: number, endMs: number): V | undefined {
    return this.first((store) => store.fetchSession(key, startMs, endMs));
  }

  findSessions(key: K, earliestEndMs: number, latestStartMs: number): Sessions<K, V> {
    return this.chain((store) => store.findSessions(key, earliestEndMs, latestStartMs));
  }

  backwardFindSessions(key: K, earliestEndMs: number, latestStartMs: number): Sessions<K, V> {
    return this.chain((store) => store.backwardFindSessions(key, earliestEndMs, latestStartMs));
  }

  findSessionsOfKeys(
    fromKey: K | undefined,
    toKey: K | undefined,
    earliestEndMs: number,
    latestStartMs: number,
  ): Sessions<K, V> {
    return this.chain((store) => store.findSessionsOfKeys(fromKey, toKey, earliestEndMs, latestStartMs));
  }

  fetch(key: K): Sessions<K, V> {
    return this.chain((store) => store.fetch(key));
  }

  backwardFetch(key: K): Sessions<K, V> {
    return this.chain((store) => store.backwardFetch(key));
  }
}
