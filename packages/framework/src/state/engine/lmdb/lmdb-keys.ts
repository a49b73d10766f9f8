import { decodeUint32, encodeUint32, type ByteString } from '../byte-string.js';
import type { ByteEntry } from '../engine.js';

/**
 * LMDB takes keys of 1 to 1978 bytes (at the usual page size of 4 KiB); Kafka takes any. Both ends are mapped so that
 * the order of keys stays the same:
 *
 * - A key of zero bytes only (the empty one, too) gets one zero byte more.
 * - A key longer than {@link MAX_PLAIN_KEY} shares a bucket with all others that begin with the same 1900 bytes. The
 *   bucket's key is these bytes and a 0x01: right after the plain key of the same bytes and before any greater plain
 *   key. Its value lists the rest of each key with the value, sorted.
 */
const MAX_PLAIN_KEY = 1900;
const BUCKET_MARK = '\u0001';
const AFTER_BUCKET_MARK = '\u0002';

/** One entry of a bucket: the part of the key beyond the shared bytes, and the value. */
export interface BucketEntry {
  readonly rest: ByteString;
  readonly value: ByteString;
}

export function isLongKey(key: ByteString): boolean {
  return key.length > MAX_PLAIN_KEY;
}

/** Key under which a plain key is stored. */
export function storedKey(key: ByteString): ByteString {
  if (key.length > 0 && key.charCodeAt(0) !== 0) return key;
  for (let i = 1; i < key.length; i++) if (key.charCodeAt(i) !== 0) return key;
  return key + '\u0000';
}

/** Key of the bucket that holds a long key. */
export function bucketKey(key: ByteString): ByteString {
  return key.slice(0, MAX_PLAIN_KEY) + BUCKET_MARK;
}

/** Part of a long key that is kept inside its bucket. */
export function restOf(key: ByteString): ByteString {
  return key.slice(MAX_PLAIN_KEY);
}

/** Inclusive lower bound in stored form. */
export function storedFrom(from: ByteString | undefined): ByteString | undefined {
  if (from === undefined || from.length === 0) return undefined;
  return isLongKey(from) ? bucketKey(from) : storedKey(from);
}

/** Exclusive upper bound in stored form. A long bound's own bucket is inside: its entries are compared one by one. */
export function storedTo(to: ByteString | undefined): ByteString | undefined {
  if (to === undefined) return undefined;
  return isLongKey(to) ? to.slice(0, MAX_PLAIN_KEY) + AFTER_BUCKET_MARK : storedKey(to);
}

/** The entries that a stored entry stands for, ascending: one, or those of a bucket. */
export function expand(key: ByteString, value: ByteString): ByteEntry[] {
  if (key.length > MAX_PLAIN_KEY && key.endsWith(BUCKET_MARK)) {
    const shared = key.slice(0, MAX_PLAIN_KEY);
    return parseBucket(value).map(({ rest, value: inner }) => ({ key: shared + rest, value: inner }));
  }
  return [{ key: plainKey(key), value }];
}

export function parseBucket(bucket: ByteString): BucketEntry[] {
  const entries: BucketEntry[] = [];
  for (let at = 0; at < bucket.length;) {
    const restEnd = at + 4 + decodeUint32(bucket, at);
    const valueEnd = restEnd + 4 + decodeUint32(bucket, restEnd);
    entries.push({ rest: bucket.slice(at + 4, restEnd), value: bucket.slice(restEnd + 4, valueEnd) });
    at = valueEnd;
  }
  return entries;
}

export function formatBucket(entries: readonly BucketEntry[]): ByteString {
  let bucket = '';
  for (const { rest, value } of entries) {
    bucket += encodeUint32(rest.length) + rest + encodeUint32(value.length) + value;
  }
  return bucket;
}

/** The bucket after setting (or, with null, removing) one of its entries. */
export function withBucketEntry(
  bucket: readonly BucketEntry[],
  rest: ByteString,
  value: ByteString | null,
): BucketEntry[] {
  const others = bucket.filter((entry) => entry.rest !== rest);
  if (value === null) return others;
  const at = others.findIndex((entry) => entry.rest > rest);
  others.splice(at < 0 ? others.length : at, 0, { rest, value });
  return others;
}

function plainKey(stored: ByteString): ByteString {
  if (stored.charCodeAt(stored.length - 1) !== 0) return stored;
  for (let i = 0; i < stored.length; i++) if (stored.charCodeAt(i) !== 0) return stored;
  return stored.slice(1);
}
