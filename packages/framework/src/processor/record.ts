import { NO_HEADERS, type RecordHeaders } from '../client/records.js';

/**
 * A record inside a topology. Immutable: the `with...` methods return a copy.
 *
 * @typeParam K key, `null` allowed
 * @typeParam V value, `null` is a tombstone
 */
export class StreamRecord<K, V> {
  constructor(
    readonly key: K,
    readonly value: V,
    /** Event time, milliseconds since the epoch, never negative. */
    readonly timestamp: number,
    readonly headers: RecordHeaders = NO_HEADERS,
  ) {}

  withKey<NK>(key: NK): StreamRecord<NK, V> {
    return new StreamRecord(key, this.value, this.timestamp, this.headers);
  }

  withValue<NV>(value: NV): StreamRecord<K, NV> {
    return new StreamRecord(this.key, value, this.timestamp, this.headers);
  }

  withTimestamp(timestamp: number): StreamRecord<K, V> {
    return new StreamRecord(this.key, this.value, timestamp, this.headers);
  }

  withHeaders(headers: RecordHeaders): StreamRecord<K, V> {
    return new StreamRecord(this.key, this.value, this.timestamp, headers);
  }
}
