const SEED = 0x9747b28c | 0;
const MULTIPLIER = 0x5bd1e995;

/**
 * 32-bit murmur2 with Kafka's seed: the signed result of `org.apache.kafka.common.utils.Utils.murmur2`, on which the
 * partition of every keyed record depends.
 */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  let hash = SEED ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    let word =
      byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24);
    word = Math.imul(word, MULTIPLIER);
    word = Math.imul(word ^ (word >>> 24), MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ word;
  }
  const rest = length - at;
  if (rest > 0) {
    if (rest > 2) hash ^= byteAt(bytes, at + 2) << 16;
    if (rest > 1) hash ^= byteAt(bytes, at + 1) << 8;
    hash = Math.imul(hash ^ byteAt(bytes, at), MULTIPLIER);
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
}

/** Partition of a serialised key: `(murmur2(key) & 0x7fffffff) % partitions`, as Java's default partitioner. */
export function partitionOfKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

/** How many bytes without a key go to one partition before the next takes over; Java's `batch.size`. */
const STICKY_BYTES = 16_384;

interface StickyPartition {
  partition: number;
  bytes: number;
}

/**
 * Kafka's default partitioner. Records with a key go where {@link partitionOfKey} says; those without stay on one
 * partition for a batch of 16 KiB, then go to the next (in turn, where Java chooses at random: KIP-794).
 */
export class DefaultPartitioner {
  readonly #sticky = new Map<string, StickyPartition>();

  /** @param recordBytes size of the record, which decides when a record without a key moves on to the next partition */
  partition(topic: string, key: Uint8Array | null, recordBytes: number, partitions: number): number {
    if (key !== null) return partitionOfKey(key, partitions);
    let sticky = this.#sticky.get(topic);
    if (sticky === undefined) {
      sticky = { partition: 0, bytes: 0 };
      this.#sticky.set(topic, sticky);
    }
    if (sticky.bytes >= STICKY_BYTES) {
      sticky.partition++;
      sticky.bytes = 0;
    }
    sticky.partition %= partitions;
    sticky.bytes += recordBytes;
    return sticky.partition;
  }
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] as number;
}
