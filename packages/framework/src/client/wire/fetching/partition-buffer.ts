import type { ConsumedRecord } from '../../records.js';

/** An undecoded record set, as `RecordReader` is. */
export interface RecordSource {
  readonly nextOffset: number;
  readonly isDone: boolean;
  /** @throws KafkaError for damaged records, once those before them were returned */
  read(maxRecords: number, into: ConsumedRecord[]): number;
}

interface Chunk {
  readonly source: RecordSource;
  /** Of memory that it keeps alive. */
  readonly bytes: number;
  /** Offset after it. */
  readonly endOffset: number;
}

/** Records and the position behind them. */
export interface TakenRecords {
  readonly records: readonly ConsumedRecord[];
  readonly nextOffset: number;
}

/** What is fetched of one assignment of a partition and not yet taken, undecoded, oldest first. */
export class PartitionBuffer {
  private chunks: Chunk[] = [];
  private held = 0;

  /** @param nextOffset offset after everything taken */
  constructor(private nextOffset: number) {}

  /** Offset after everything taken. */
  get position(): number {
    return this.nextOffset;
  }

  get isEmpty(): boolean {
    return this.chunks.length === 0;
  }

  get heldBytes(): number {
    return this.held;
  }

  add(source: RecordSource, bytes: number, endOffset: number): void {
    this.chunks.push({ source, bytes, endOffset });
    this.held += bytes;
  }

  /**
   * Decodes and takes at most `maxRecords`. There may be none, and the position still moves over markers, aborted and
   * compacted records.
   *
   * @throws KafkaError for damaged records, once those before them were taken
   */
  take(maxRecords: number): TakenRecords {
    const records: ConsumedRecord[] = [];
    const before = this.nextOffset;
    try {
      for (let chunk = this.chunks[0]; chunk !== undefined && records.length < maxRecords; chunk = this.chunks[0]) {
        chunk.source.read(maxRecords - records.length, records);
        this.nextOffset = Math.max(this.nextOffset, chunk.source.nextOffset);
        if (!chunk.source.isDone) continue;
        this.nextOffset = Math.max(this.nextOffset, chunk.endOffset);
        this.held -= chunk.bytes;
        this.chunks.shift();
      }
    } catch (error) {
      if (records.length === 0 && this.nextOffset === before) throw error;
    }
    return { records, nextOffset: this.nextOffset };
  }

  /** How many record sets wait, the begun one included. */
  get size(): number {
    return this.chunks.length;
  }

  clear(): void {
    this.chunks = [];
    this.held = 0;
  }
}
