import { NO_HEADERS, type RecordHeaders } from '../records.js';

/** What the report of a failed record lacks. */
export interface SentDetails {
  readonly timestamp: number;
  readonly headers: RecordHeaders;
}

/** The part of a record that a delivery report gives back. */
export interface ReportedRecord {
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

const defaultCapacity = 65_536;
const sampledKeyBytes = 8;
const sampledValueBytes = 12;

/**
 * Remembers timestamp and headers of the last records sent, under a fingerprint of partition, key and value.
 *
 * The addon's report of a record that failed has neither, and it leaks the opaque value that could carry them. Keeping
 * the records themselves would cost memory and garbage collection on the hot path; a number per record in two typed arrays
 * costs some 50 ns. Records that are alike in all sampled bytes are told apart by their order only, and a record older than
 * the last 65,536 is not found.
 */
export class SentRecords {
  private readonly fingerprints: Int32Array;
  private readonly timestamps: Float64Array;
  private readonly headers: (RecordHeaders | undefined)[];
  private readonly mask: number;
  private count = 0;

  /** @param capacity a power of two */
  constructor(capacity = defaultCapacity) {
    this.fingerprints = new Int32Array(capacity);
    this.timestamps = new Float64Array(capacity);
    this.headers = new Array<RecordHeaders | undefined>(capacity).fill(undefined);
    this.mask = capacity - 1;
  }

  /** Takes note of a record that was queued. */
  note(partition: number, key: Buffer | null, value: Buffer | null, timestamp: number, headers: RecordHeaders): void {
    const slot = this.count++ & this.mask;
    this.fingerprints[slot] = fingerprint(partition, key, value);
    this.timestamps[slot] = timestamp;
    this.headers[slot] = headers.length === 0 ? undefined : headers;
  }

  /** Finds the records, each at most once, oldest first; `undefined` for one that is not remembered. */
  find(records: readonly ReportedRecord[]): (SentDetails | undefined)[] {
    const slots = this.slotsByFingerprint();
    return records.map(({ partition, key, value }) => {
      const slot = slots.get(fingerprint(partition, key, value))?.shift();
      if (slot === undefined) return undefined;
      return { timestamp: this.timestamps[slot] ?? -1, headers: this.headers[slot] ?? NO_HEADERS };
    });
  }

  private slotsByFingerprint(): Map<number, number[]> {
    const slots = new Map<number, number[]>();
    const first = Math.max(0, this.count - this.mask - 1);
    for (let i = first; i < this.count; i++) {
      const slot = i & this.mask;
      const print = this.fingerprints[slot] ?? 0;
      const known = slots.get(print);
      if (known === undefined) slots.set(print, [slot]);
      else known.push(slot);
    }
    return slots;
  }
}

/** FNV-1a over the partition, both lengths, the last bytes of the key and bytes spread over the value. */
function fingerprint(partition: number, key: Buffer | null, value: Buffer | null): number {
  let hash = Math.imul(partition ^ 0x811c9dc5, 0x01000193);
  hash = Math.imul(hash ^ (key === null ? -1 : key.length), 0x01000193);
  hash = Math.imul(hash ^ (value === null ? -1 : value.length), 0x01000193);
  if (key !== null) {
    for (let i = Math.max(0, key.length - sampledKeyBytes); i < key.length; i++) {
      hash = Math.imul(hash ^ (key[i] ?? 0), 0x01000193);
    }
  }
  if (value !== null && value.length > 0) {
    const step = Math.max(1, Math.floor(value.length / sampledValueBytes));
    for (let i = value.length - 1; i >= 0; i -= step) hash = Math.imul(hash ^ (value[i] ?? 0), 0x01000193);
  }
  return hash;
}
