import type { KafkaError } from '../../../errors/errors.js';
import type { IsolationLevel } from '../../port.js';
import type { ConsumedRecord } from '../../records.js';
import { AbortedProducers } from './aborted-producers.js';
import { Codec, unpack } from './compression.js';
import { crc32c } from './crc32c.js';
import type { AbortedTransaction } from './fetch-response.js';
import { batchTooLarge, corruptRecord, unsupportedRecords } from './protocol-errors.js';
import { ABORT_MARKER, BatchAttribute, BatchField, int64At } from './record-batch.js';
import { DamagedBatch, RecordDecoder, type BatchContent } from './record-decoder.js';
import { DamagedPacking, UnpackedTooLarge, UnsupportedCodec } from './unpack-errors.js';

/** How a record set is read. */
export interface RecordReaderOptions {
  /** Offset of the first record wanted; a batch may begin before it. */
  readonly position: number;
  readonly isolation: IsolationLevel;
  /** As the fetch response tells them; unused with `read_uncommitted`. */
  readonly abortedTransactions: readonly AbortedTransaction[];
  /** Compare each batch with its checksum. */
  readonly checkCrc: boolean;
  /** For error messages. */
  readonly topic: string;
  readonly partition: number;
  /** Most bytes that one compressed batch may unpack to. @default 268435456 (256 MiB) */
  readonly maxUnpackedBytes?: number;
}

/** Default of `RecordReaderOptions.maxUnpackedBytes`: 256 MiB. */
export const MAX_UNPACKED_BYTES = 0x1000_0000;

/**
 * Turns the record set of one partition, as a fetch response has it, into records: batch after batch, and only as far as
 * asked, so that at most one batch is unpacked at a time. Transactions are filtered as Java's `CompletedFetch` does it.
 *
 * An incomplete last batch is normal: the broker cuts the set at the asked size. It ends the set.
 */
export class RecordReader {
  /** Offset of the next record to read; behind markers, aborted and compacted records as soon as they were passed. */
  nextOffset: number;
  /** Leader epoch of the batch read last, -1 before the first one. */
  leaderEpoch = -1;
  /** Size of the first batch if the set has only a part of it: ask again with room for so much. 0 if that is not so. */
  bytesNeeded = 0;

  private readonly aborted: AbortedProducers | undefined;
  private readonly decoder = new RecordDecoder();
  /** Where the batch under way begins, and where it ends. */
  private batchStart = 0;
  private batchEnd = 0;
  /** Offset after the batch under way. */
  private batchNextOffset = 0;
  private failure: KafkaError | undefined;

  constructor(
    private readonly bytes: Buffer,
    private readonly options: RecordReaderOptions,
  ) {
    this.nextOffset = options.position;
    this.aborted =
      options.isolation === 'read_committed' ? new AbortedProducers(options.abortedTransactions) : undefined;
    this.dropIncomplete();
  }

  /** Nothing is left: neither records, nor anything that moves the position, nor an error to be thrown. */
  get isDone(): boolean {
    return this.remainingBytes === 0 && this.failure === undefined;
  }

  /** Bytes of the set that are not yet behind us; a batch that was begun counts whole. */
  get remainingBytes(): number {
    return this.bytes.length - this.batchStart;
  }

  /**
   * Appends at most `maxRecords` records to `into`.
   *
   * @returns how many; fewer than asked only at the end of the set or before an error
   * @throws KafkaError `CORRUPT_RECORD`, `UNSUPPORTED_RECORDS` or `BATCH_TOO_LARGE`, with the offset. The records before
   * it are returned first; then this call and each later one throws.
   */
  read(maxRecords: number, into: ConsumedRecord[]): number {
    if (this.failure !== undefined) throw this.failure;
    const before = into.length;
    try {
      this.readInto(before + maxRecords, into);
    } catch (error) {
      this.movePosition(before, into);
      this.failure = this.toFailure(error);
      if (into.length === before) throw this.failure;
    }
    return into.length - before;
  }

  private readInto(targetLength: number, into: ConsumedRecord[]): void {
    const { decoder } = this;
    while (into.length < targetLength && this.batchStart < this.bytes.length) {
      if (decoder.recordsLeft === 0) {
        this.openBatch();
      } else {
        const before = into.length;
        decoder.decode(targetLength - before, this.nextOffset, into);
        this.movePosition(before, into);
      }
      if (decoder.recordsLeft === 0) this.closeBatch();
    }
  }

  private movePosition(before: number, into: readonly ConsumedRecord[]): void {
    const last = into.length > before ? into[into.length - 1] : undefined;
    if (last !== undefined) this.nextOffset = last.offset + 1;
  }

  /** Reads the header of the batch at `batchStart`, and leaves its records to the decoder unless nobody may see them. */
  private openBatch(): void {
    const { bytes, batchStart: start, decoder } = this;
    const magic = bytes.readInt8(start + BatchField.magic);
    if (magic !== 2) throw new UnsupportedFormat(magic);
    this.batchEnd = start + batchBytes(bytes, start);
    if (this.batchEnd < start + BatchField.records) {
      throw new DamagedBatch(`a batch claims ${this.batchEnd - start} bytes, less than its header has`);
    }
    if (this.options.checkCrc) checkCrc(bytes, start, this.batchEnd);
    const baseOffset = int64At(bytes, start + BatchField.baseOffset);
    const lastOffsetDelta = bytes.readInt32BE(start + BatchField.lastOffsetDelta);
    this.batchNextOffset = baseOffset + lastOffsetDelta + 1;
    if (baseOffset < 0 || lastOffsetDelta < 0 || !Number.isSafeInteger(this.batchNextOffset)) {
      throw new DamagedBatch(`a batch claims offsets from ${baseOffset}, last delta ${lastOffsetDelta}`);
    }
    this.leaderEpoch = bytes.readInt32BE(start + BatchField.leaderEpoch);
    const isHidden = this.isHidden(bytes.readInt16BE(start + BatchField.attributes));
    if (isHidden || this.batchNextOffset <= this.nextOffset) decoder.skipRest();
    else this.beginDecoding();
  }

  /** Control batches, and those of transactions that were aborted. Keeps track of open transactions by the way. */
  private isHidden(attributes: number): boolean {
    const isControl = (attributes & BatchAttribute.control) !== 0;
    const producerId = int64At(this.bytes, this.batchStart + BatchField.producerId);
    if (this.aborted === undefined || producerId < 0) return isControl;
    this.aborted.advanceTo(this.batchNextOffset - 1);
    if (isControl) {
      if (this.isAbortMarker()) this.aborted.end(producerId);
      return true;
    }
    return (attributes & BatchAttribute.transactional) !== 0 && this.aborted.has(producerId);
  }

  /** The first record of a control batch tells its type (`ControlRecordType.java`): version int16, type int16. */
  private isAbortMarker(): boolean {
    const markers: ConsumedRecord[] = [];
    this.beginDecoding();
    if (this.decoder.recordsLeft > 0) this.decoder.decode(1, 0, markers);
    this.decoder.skipRest();
    const key = markers[0]?.key ?? null;
    if (markers.length === 0) return false;
    if (key === null || key.length < 4) throw new DamagedBatch('a control record has no type');
    return key.readInt16BE(2) === ABORT_MARKER;
  }

  private beginDecoding(): void {
    const { bytes, batchStart: start, batchEnd } = this;
    const attributes = bytes.readInt16BE(start + BatchField.attributes);
    const isLogAppendTime = (attributes & BatchAttribute.logAppendTime) !== 0;
    const content: BatchContent = {
      baseOffset: int64At(bytes, start + BatchField.baseOffset),
      lastOffsetDelta: bytes.readInt32BE(start + BatchField.lastOffsetDelta),
      baseTimestamp: int64At(bytes, start + BatchField.baseTimestamp),
      commonTimestamp: isLogAppendTime ? int64At(bytes, start + BatchField.maxTimestamp) : undefined,
      recordCount: bytes.readInt32BE(start + BatchField.recordCount),
    };
    const codec = attributes & BatchAttribute.codec;
    if (content.recordCount === 0) {
      // Emptied by compaction. Java does not look at what may stand behind the header either.
      this.decoder.skipRest();
      return;
    }
    if (codec === Codec.none) {
      this.decoder.begin(bytes, start + BatchField.records, batchEnd, content);
      return;
    }
    const unpacked = unpack(codec, bytes.subarray(start + BatchField.records, batchEnd), this.maxUnpackedBytes);
    this.decoder.begin(unpacked, 0, unpacked.length, content);
  }

  private get maxUnpackedBytes(): number {
    return this.options.maxUnpackedBytes ?? MAX_UNPACKED_BYTES;
  }

  private closeBatch(): void {
    this.nextOffset = Math.max(this.nextOffset, this.batchNextOffset);
    this.batchStart = this.batchEnd;
    this.dropIncomplete();
  }

  /** Ends the set if the next batch is not there as a whole. */
  private dropIncomplete(): void {
    const { bytes, batchStart: start } = this;
    const left = bytes.length - start;
    if (left === 0) return;
    const isMagicKnown = left > BatchField.magic;
    // Other formats, and sizes that cannot be, are for openBatch() to report.
    if (isMagicKnown && bytes[start + BatchField.magic] !== 2) return;
    const size = left < BatchField.leaderEpoch ? BatchField.records : batchBytes(bytes, start);
    if (isMagicKnown && size <= left) return;
    if (start === 0) this.bytesNeeded = Math.max(size, BatchField.records);
    this.batchStart = bytes.length;
  }

  private toFailure(error: unknown): KafkaError {
    const position = { topic: this.options.topic, partition: this.options.partition, offset: this.nextOffset };
    if (error instanceof UnpackedTooLarge) return batchTooLarge(this.maxUnpackedBytes, position);
    if (error instanceof UnsupportedCodec) return unsupportedRecords(error.message, position, error.cause);
    if (error instanceof UnsupportedFormat) return unsupportedRecords(error.message, position);
    if (error instanceof DamagedBatch) return corruptRecord(error.message, position);
    if (error instanceof DamagedPacking) {
      return corruptRecord(`a compressed batch cannot be unpacked (${error.message})`, position, error.cause);
    }
    throw error;
  }
}

class UnsupportedFormat extends Error {
  constructor(magic: number) {
    super(
      `they are in message format ${magic}, this client reads format 2 (Kafka 0.11 and later). Have the topic ` +
        "rewritten by a producer of today, or read it with `fetcher: 'addon'`.",
    );
  }
}

function batchBytes(bytes: Buffer, start: number): number {
  return bytes.readInt32BE(start + BatchField.length) + BatchField.leaderEpoch;
}

function checkCrc(bytes: Buffer, start: number, end: number): void {
  const expected = bytes.readUInt32BE(start + BatchField.crc);
  const actual = crc32c(bytes.subarray(start + BatchField.attributes, end));
  if (actual !== expected) throw new DamagedBatch(`a batch has checksum ${actual}, but carries ${expected}`);
}
