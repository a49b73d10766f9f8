import type { Database } from 'lmdb';
import type { ByteString } from '../byte-string.js';
import type { ByteEntry, EnginePurge, EngineStore } from '../engine.js';
import {
  bucketKey,
  expand,
  formatBucket,
  isLongKey,
  parseBucket,
  restOf,
  storedFrom,
  storedKey,
  storedTo,
  withBucketEntry,
} from './lmdb-keys.js';

/** One store as one LMDB database of the task's environment. */
export class LmdbStore implements EngineStore {
  #entryCount: number | undefined;

  constructor(private readonly database: Database<ByteString, ByteString>) {}

  get(key: ByteString): ByteString | undefined {
    if (!isLongKey(key)) return this.database.get(storedKey(key));
    const bucket = this.database.get(bucketKey(key));
    if (bucket === undefined) return undefined;
    const rest = restOf(key);
    return parseBucket(bucket).find((entry) => entry.rest === rest)?.value;
  }

  scan(from: ByteString | undefined, to: ByteString | undefined, isReverse: boolean, limit: number): ByteEntry[] {
    const found: ByteEntry[] = [];
    if (limit <= 0 || (to !== undefined && (to.length === 0 || (from !== undefined && from >= to)))) return found;
    // The buckets of the two bounds may hold nothing that is wanted.
    for (const stored of this.#range(storedFrom(from), storedTo(to), isReverse, limit + 2)) {
      if (stored.key.length < 1900) {
        // Neither a bucket nor beside one: bounds hold exactly. (An all-zero key is unmapped by expand.)
        if (stored.key.charCodeAt(stored.key.length - 1) !== 0) found.push(stored);
        else found.push(...expand(stored.key, stored.value));
      } else {
        const entries = expand(stored.key, stored.value);
        if (isReverse) entries.reverse();
        for (const entry of entries) {
          if ((from === undefined || entry.key >= from) && (to === undefined || entry.key < to)) found.push(entry);
        }
      }
      if (found.length >= limit) break;
    }
    if (found.length > limit) found.length = limit;
    return found;
  }

  approximateEntries(): number {
    // Statistics walk the free list, so they are kept until the next write.
    this.#entryCount ??= (this.database.getStats() as { entryCount: number }).entryCount;
    return this.#entryCount;
  }

  /** Applies changes inside the environment's open write transaction, in key order: neighbours share pages. */
  apply(changes: Iterable<readonly [ByteString, ByteString | null]>): void {
    this.#entryCount = undefined;
    const values: ReadonlyMap<ByteString, ByteString | null> = changes instanceof Map ? changes : new Map(changes);
    // Keys alone and without a function to compare them are sorted more than twice as fast as entries.
    for (const key of [...values.keys()].sort()) {
      const value = values.get(key) ?? null;
      if (isLongKey(key)) this.#applyLong(key, value);
      else if (value === null) this.database.removeSync(storedKey(key));
      else this.database.putSync(storedKey(key), value);
    }
  }

  /** Deletes old entries inside the open write transaction. Returns whether the limit stopped it. */
  purge({ from, to, limit }: EnginePurge): boolean {
    const keys: ByteString[] = [];
    for (const { key } of this.#range(storedFrom(from), storedTo(to), false, limit)) keys.push(key);
    // A bucket may also hold keys beyond the bound: those go one by one.
    for (const key of keys) {
      const stored = key.length < 1900 ? undefined : this.database.get(key);
      const beyond = stored === undefined ? undefined : expand(key, stored).filter((entry) => entry.key >= to);
      if (beyond !== undefined && beyond.length > 0 && isLongKey((beyond[0] as ByteEntry).key)) {
        this.database.putSync(key, formatBucket(beyond.map(({ key: long, value }) => ({ rest: restOf(long), value }))));
      } else this.database.removeSync(key);
    }
    if (keys.length > 0) this.#entryCount = undefined;
    return keys.length === limit;
  }

  #applyLong(key: ByteString, value: ByteString | null): void {
    const at = bucketKey(key);
    const old = this.database.get(at);
    const entries = withBucketEntry(old === undefined ? [] : parseBucket(old), restOf(key), value);
    if (entries.length > 0) this.database.putSync(at, formatBucket(entries));
    else if (old !== undefined) this.database.removeSync(at);
  }

  #range(
    from: ByteString | undefined,
    to: ByteString | undefined,
    isReverse: boolean,
    limit: number,
  ): Iterable<ByteEntry> {
    // lmdb names the bounds by where the walk starts; an absent one must be given as undefined, else it is a default.
    const options = isReverse
      ? { reverse: true, start: to, exclusiveStart: true, end: from, inclusiveEnd: true, limit }
      : { start: from, end: to, limit };
    return this.database.getRange(options as object);
  }
}
