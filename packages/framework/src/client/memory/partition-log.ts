import type { IsolationLevel } from '../port.js';
import type { ConsumedRecord, RecordBatch, RecordHeaders } from '../records.js';
import { offsetOutOfRange } from './kafka-failures.js';

/** A record on its way into a log. */
export interface NewRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: number;
  readonly headers: RecordHeaders;
}

/** Who appends: an idempotent or transactional producer, with the sequence number of the first record of its batch. */
export interface AppendSource {
  readonly producerId: number;
  readonly epoch: number;
  readonly baseSequence: number;
  readonly isTransactional: boolean;
}

/** What an entry of the log is to a reader. */
const DATA = 0;
const ABORTED = 1;
const MARKER = 2;
type EntryKind = typeof DATA | typeof ABORTED | typeof MARKER;

const EMPTY = Buffer.alloc(0);
/** Dropped entries are cut off when they are this many and half of the array. */
const MIN_CUT = 1_024;

/**
 * The log of one partition. Entries are records and transaction markers, each with an offset. Appending and reading one
 * record cost constant time; offsets are dense until `compact()` leaves holes.
 */
export class PartitionLog {
  readonly topic: string;
  readonly partition: number;
  #entries: ConsumedRecord[] = [];
  #kinds: EntryKind[] = [];
  /** Index of the first entry that is not deleted. */
  #head = 0;
  #startOffset = 0;
  #endOffset = 0;
  /** Offsets of the records of each open transaction, by producer id, in the order in which the transactions began. */
  readonly #open = new Map<number, number[]>();
  /** What each producer's next batch must begin with; a new epoch begins with 0. */
  readonly #nextSequences = new Map<number, { epoch: number; sequence: number }>();
  readonly #watchers = new Set<() => void>();
  /** False once the topic is deleted. */
  isLive = true;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  get startOffset(): number {
    return this.#startOffset;
  }

  /** High watermark, or last stable offset under `read_committed`. */
  endOffset(isolationLevel: IsolationLevel): number {
    if (isolationLevel === 'read_committed') {
      for (const offsets of this.#open.values()) return offsets[0] ?? this.#endOffset;
    }
    return this.#endOffset;
  }

  /** Appends a batch; one that is here already, because its answer was lost, is passed over. */
  append(records: readonly NewRecord[], source?: AppendSource): void {
    if (source !== undefined) {
      const { producerId, epoch, baseSequence } = source;
      const next = this.#nextSequences.get(producerId);
      if (next?.epoch === epoch && baseSequence < next.sequence) return;
      this.#nextSequences.set(producerId, { epoch, sequence: baseSequence + records.length });
    }
    let offsets: number[] | undefined;
    if (source?.isTransactional === true) {
      offsets = this.#open.get(source.producerId) ?? [];
      this.#open.set(source.producerId, offsets);
    }
    for (const { timestamp, key, value, headers } of records) {
      const offset = this.#endOffset++;
      offsets?.push(offset);
      this.#entries.push({ offset, timestamp, key, value, headers });
      this.#kinds.push(DATA);
    }
    this.#notify();
  }

  /** Ends the producer's transaction with a marker, which takes an offset of its own. */
  endTransaction(producerId: number, outcome: 'committed' | 'aborted', timestamp: number): void {
    const offsets = this.#open.get(producerId);
    this.#open.delete(producerId);
    if (outcome === 'aborted') {
      for (const offset of offsets ?? []) {
        if (offset >= this.#startOffset) this.#kinds[this.#indexOf(offset)] = ABORTED;
      }
    }
    this.#entries.push({ offset: this.#endOffset++, timestamp, key: EMPTY, value: EMPTY, headers: [] });
    this.#kinds.push(MARKER);
    this.#notify();
  }

  /** Records from `offset` on that the isolation level may see; `undefined` if the position cannot move. */
  read(offset: number, maxRecords: number, isolationLevel: IsolationLevel): RecordBatch | undefined {
    const endOffset = this.endOffset(isolationLevel);
    if (offset < this.#startOffset || offset > this.#endOffset) {
      throw offsetOutOfRange(this.topic, this.partition, offset, `${this.#startOffset} to ${this.#endOffset}`);
    }
    if (offset >= endOffset) return undefined;
    const seesAborted = isolationLevel === 'read_uncommitted';
    const records: ConsumedRecord[] = [];
    let nextOffset = endOffset;
    for (let i = this.#indexOf(offset); i < this.#entries.length; i += 1) {
      const entry = this.#entries[i];
      if (entry === undefined || entry.offset >= endOffset) break;
      const kind = this.#kinds[i];
      if (kind === MARKER || (kind === ABORTED && !seesAborted)) continue;
      if (records.length === maxRecords) {
        nextOffset = entry.offset;
        break;
      }
      records.push(entry);
    }
    return { topic: this.topic, partition: this.partition, records, nextOffset };
  }

  /** Offset of the first record at or after the timestamp; the end offset if there is none. */
  offsetAt(timestamp: number, isolationLevel: IsolationLevel): number {
    const endOffset = this.endOffset(isolationLevel);
    for (let i = this.#head; i < this.#entries.length; i += 1) {
      const entry = this.#entries[i];
      if (entry === undefined || entry.offset >= endOffset) break;
      if (this.#kinds[i] !== MARKER && entry.timestamp >= timestamp) return entry.offset;
    }
    return endOffset;
  }

  /** Deletes everything below the offset; -1 stands for the high watermark. */
  deleteBelow(offset: number): void {
    const startOffset = offset === -1 ? this.#endOffset : offset;
    if (startOffset < 0 || startOffset > this.#endOffset) {
      throw offsetOutOfRange(this.topic, this.partition, offset, `${this.#startOffset} to ${this.#endOffset}`);
    }
    if (startOffset <= this.#startOffset) return;
    this.#head = this.#indexOf(startOffset);
    this.#startOffset = startOffset;
    if (this.#head >= MIN_CUT && this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#kinds = this.#kinds.slice(this.#head);
      this.#head = 0;
    }
    this.#notify();
  }

  /**
   * What the broker's cleaner does: of the committed records below the last stable offset, keeps the newest of each key;
   * drops aborted records and markers. Offsets stay.
   * @param dropsTombstones also drops the newest record of a key when its value is null
   */
  compact(dropsTombstones = false): void {
    const endOffset = this.endOffset('read_committed');
    const newest = new Map<string, number>();
    this.#entries.forEach((entry, i) => {
      if (i < this.#head || entry.offset >= endOffset || this.#kinds[i] !== DATA || entry.key === null) return;
      newest.set(entry.key.toString('latin1'), entry.offset);
    });
    const isKept = (entry: ConsumedRecord, i: number): boolean => {
      if (i < this.#head) return false;
      if (entry.offset >= endOffset) return true;
      if (this.#kinds[i] !== DATA || entry.key === null) return false;
      if (dropsTombstones && entry.value === null) return false;
      return newest.get(entry.key.toString('latin1')) === entry.offset;
    };
    const kept = this.#entries.map(isKept);
    this.#entries = this.#entries.filter((_, i) => kept[i]);
    this.#kinds = this.#kinds.filter((_, i) => kept[i]);
    this.#head = 0;
    this.#notify();
  }

  /** Calls back whenever there may be more to read. */
  watch(watcher: () => void): void {
    this.#watchers.add(watcher);
  }

  unwatch(watcher: () => void): void {
    this.#watchers.delete(watcher);
  }

  /** The topic was deleted. */
  close(): void {
    this.isLive = false;
    this.#notify();
  }

  #notify(): void {
    for (const watcher of this.#watchers) watcher();
  }

  /** Index of the first entry at or above the offset. */
  #indexOf(offset: number): number {
    const entries = this.#entries;
    const first = entries[0]?.offset ?? this.#endOffset;
    if (entries.length === this.#endOffset - first) return Math.max(0, offset - first);
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((entries[middle]?.offset ?? Infinity) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
