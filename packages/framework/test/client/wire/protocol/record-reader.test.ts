import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RecordReader, type RecordReaderOptions } from '../../../../dist/client/wire/protocol/record-reader.js';
import type { ConsumedRecord } from '../../../../dist/client/records.js';
import { loadZstd } from '../../../../dist/client/wire/protocol/zstd.js';
import { KafkaError } from '../../../../dist/errors/errors.js';
import { javaVector } from './java-vectors.js';
import { fetchFrom, logs } from './log-model.js';
import { encodeBatch, encodeMarker, sealBatch, varint, type PlainRecord } from './record-batch-encoder.js';

function readerOf(bytes: Buffer, options: Partial<RecordReaderOptions> = {}): RecordReader {
  return new RecordReader(bytes, {
    position: 0,
    isolation: 'read_committed',
    abortedTransactions: [],
    checkCrc: true,
    topic: 'flights',
    partition: 3,
    ...options,
  });
}

function readAll(reader: RecordReader): ConsumedRecord[] {
  const records: ConsumedRecord[] = [];
  reader.read(Infinity, records);
  assert.ok(reader.isDone);
  assert.equal(reader.remainingBytes, 0);
  return records;
}

function valuesOf(records: readonly ConsumedRecord[]): (string | undefined)[] {
  return records.map(({ value }) => value?.toString());
}

function plain({ offset, timestamp, key, value, headers }: ConsumedRecord): PlainRecord {
  return { offset, timestamp, key, value, headers };
}

/** Records with their offset as value, one batch. */
function batchOf(
  baseOffset: number,
  count: number,
  more: { producerId?: number; isTransactional?: boolean } = {},
): Buffer {
  const records = Array.from({ length: count }, (_, index) => recordAt(baseOffset + index));
  return encodeBatch({ baseOffset, lastOffset: baseOffset + count - 1, records, ...more });
}

function recordAt(offset: number): PlainRecord {
  return { offset, timestamp: offset, key: null, value: Buffer.from(String(offset)), headers: [] };
}

function failsWith(code: string, message: RegExp, offset: number): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof KafkaError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.deepEqual({ ...error.position }, { topic: 'flights', partition: 3, offset });
    return true;
  };
}

describe('RecordReader', () => {
  before(loadZstd);

  for (const name of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    it(`should read what Java writes: ${name}`, () => {
      const reader = readerOf(javaVector('recordSets', name), { position: 1_000 });
      const expected = Array.from({ length: 12 }, (_, i): PlainRecord => ({
        offset: 1_000 + i,
        timestamp: 1_700_000_000_000 + i * 1_000 * (i % 2 === 0 ? 1 : -1),
        key: i % 3 === 0 ? null : Buffer.from(`key-${i % 5}`),
        value: i % 5 === 0 ? null : Buffer.from(i % 5 === 1 ? '' : `{"number":${i},"text":"ü"}`),
        headers: Array.from({ length: i % 4 }, (__, h) => ({
          key: `name-${h}`,
          value: h === 2 ? null : Buffer.from(`value ${i}`),
        })),
      }));
      assert.deepEqual(readAll(reader).map(plain), expected);
      assert.equal(reader.nextOffset, 1_012);
      assert.equal(reader.leaderEpoch, 7);
    });
  }

  for (const name of ['gzipLarge', 'snappyLarge', 'lz4Large', 'zstdLarge', 'zstdBest', 'zstdFast']) {
    it(`should read large batches that Java writes: ${name}`, () => {
      const records = readAll(readerOf(javaVector('recordSets', name)));
      assert.equal(records.length, 2_000);
      records.forEach(({ offset, value }, i) => {
        const city = ['Berlin', 'Paris', 'Oslo', 'Rome'][Math.floor(i / 7) % 4];
        const note = 'ab'.repeat(i % 13);
        assert.equal(offset, i);
        assert.equal(value?.toString(), JSON.stringify({ id: i, city, amount: (i * 7919) % 1013, note }));
      });
    });
  }

  it('should give all records the log-append time', () => {
    const records = readAll(readerOf(javaVector('recordSets', 'logAppendTime')));
    assert.deepEqual(
      records.map(({ timestamp }) => timestamp),
      [1_700_000_009_999, 1_700_000_009_999, 1_700_000_009_999],
    );
    assert.deepEqual(valuesOf(records), ['v0', 'v1', 'v2']);
  });

  it('should read timestamps that lie decades apart, at offsets beyond 32 bits', () => {
    const records = readAll(readerOf(javaVector('recordSets', 'longDeltas')));
    assert.deepEqual(
      records.map(({ timestamp }) => timestamp),
      [1_700_000_000_000, 0, 4_102_444_800_000, 1_700_134_217_728, 1_565_782_272_000],
    );
    assert.deepEqual(
      records.map(({ offset }) => offset - 2 ** 40),
      [0, 1, 2, 3, 4],
    );
  });

  it('should leave out aborted transactions, as Java writes them', () => {
    const bytes = javaVector('recordSets', 'transactions');
    const abortedTransactions = [{ producerId: 1, firstOffset: 0 }];
    const reader = readerOf(bytes, { abortedTransactions });
    assert.deepEqual(valuesOf(readAll(reader)), ['2', '4', '5', '7']);
    assert.equal(reader.nextOffset, 9);
    const uncommitted = readerOf(bytes, { abortedTransactions, isolation: 'read_uncommitted' });
    assert.deepEqual(valuesOf(readAll(uncommitted)), ['0', '1', '2', '4', '5', '7']);
    assert.equal(uncommitted.nextOffset, 9);
  });

  it('should read any log, from any position, cut anywhere, in pieces of any size', function () {
    this.timeout(60_000);
    const property = fc.property(
      logs,
      fc.boolean(),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
      fc.integer({ min: 1, max: 30 }),
      (log, isCommitted, from, upTo, pieceSize) => {
        const start = log.batches[0]?.baseOffset ?? 0;
        const position = start + Math.floor(from * (log.endOffset - start));
        const { batches, aborted } = fetchFrom(log, position, isCommitted);
        const whole = Buffer.concat(batches.map(({ bytes }) => bytes));
        const bytes = whole.subarray(0, Math.ceil(upTo * whole.length));
        let end = 0;
        const complete = batches.filter((batch) => (end += batch.bytes.length) <= bytes.length);
        const isolation = isCommitted ? 'read_committed' : 'read_uncommitted';
        const reader = readerOf(bytes, { position, isolation, abortedTransactions: aborted.toReversed() });
        const records: ConsumedRecord[] = [];
        while (!reader.isDone) {
          const before = records.length;
          const count = reader.read(pieceSize, records);
          assert.equal(records.length, before + count);
          assert.ok(count <= pieceSize && reader.nextOffset > (records.at(-1)?.offset ?? -1));
        }
        const isVisible = (transaction: number | undefined): boolean =>
          !isCommitted || transaction === undefined || log.transactions[transaction]?.outcome === 'commit';
        const expected = complete
          .filter(({ transaction }) => isVisible(transaction))
          .flatMap((batch) => batch.records)
          .filter(({ offset }) => offset >= position);
        assert.deepEqual(records.map(plain), expected);
        assert.equal(reader.nextOffset, Math.max(position, (complete.at(-1)?.lastOffset ?? -1) + 1));
        assert.equal(reader.bytesNeeded > 0, complete.length === 0 && bytes.length > 0);
      },
    );
    fc.assert(property, { numRuns: 400 });
  });

  it('should move the position over batches that compaction has emptied', () => {
    const emptied = encodeBatch({ baseOffset: 10, lastOffset: 19, records: [] });
    const thinned = encodeBatch({ baseOffset: 20, lastOffset: 29, records: [recordAt(22), recordAt(25)] });
    const reader = readerOf(Buffer.concat([emptied, thinned]), { position: 12 });
    const records: ConsumedRecord[] = [];
    assert.equal(reader.read(1, records), 1);
    assert.deepEqual([reader.nextOffset, reader.isDone, reader.remainingBytes], [23, false, thinned.length]);
    assert.equal(reader.read(1, records), 1);
    assert.deepEqual([reader.nextOffset, reader.isDone], [30, true]);
    assert.equal(reader.read(1, records), 0);
    assert.deepEqual(valuesOf(records), ['22', '25']);
  });

  it('should leave out what lies below the position', () => {
    const reader = readerOf(Buffer.concat([batchOf(0, 5), batchOf(5, 10)]), { position: 8 });
    assert.deepEqual(valuesOf(readAll(reader)), ['8', '9', '10', '11', '12', '13', '14']);
  });

  it('should end an aborted transaction at its marker, and know the next one of the same producer', () => {
    const producer = { producerId: 9, isTransactional: true };
    const bytes = Buffer.concat([
      batchOf(0, 2, producer),
      encodeMarker(2, 9, 'abort'),
      batchOf(3, 2, producer),
      encodeMarker(5, 9, 'commit'),
      batchOf(6, 2, producer),
      encodeMarker(8, 9, 'abort'),
      batchOf(9, 1, producer),
      encodeMarker(10, 9, 'commit'),
    ]);
    const abortedTransactions = [
      { producerId: 9, firstOffset: 6 },
      { producerId: 9, firstOffset: 0 },
    ];
    assert.deepEqual(valuesOf(readAll(readerOf(bytes, { abortedTransactions }))), ['3', '4', '9']);
  });

  it('should keep what an aborted producer wrote outside of transactions', () => {
    const bytes = Buffer.concat([
      batchOf(0, 1, { producerId: 9 }),
      batchOf(1, 1, { producerId: 9, isTransactional: true }),
    ]);
    const abortedTransactions = [{ producerId: 9, firstOffset: 0 }];
    assert.deepEqual(valuesOf(readAll(readerOf(bytes, { abortedTransactions }))), ['0']);
  });

  it('should take control records of other types for no end of a transaction', () => {
    const other = Buffer.from(encodeMarker(1, 9, 'commit'));
    other.writeUInt8(7, 61 + 8); // low byte of the type
    const producer = { producerId: 9, isTransactional: true };
    const bytes = Buffer.concat([batchOf(0, 1, producer), sealBatch(other), batchOf(2, 1, producer)]);
    const reader = readerOf(bytes, { abortedTransactions: [{ producerId: 9, firstOffset: 0 }] });
    assert.deepEqual(readAll(reader), []);
    assert.equal(reader.nextOffset, 3);
  });

  it('should say how many bytes a first batch needs that is not there as a whole', () => {
    const bytes = batchOf(7, 50);
    for (const length of [16, 17, 61, bytes.length - 1]) {
      const reader = readerOf(bytes.subarray(0, length), { position: 7 });
      assert.deepEqual([reader.isDone, reader.bytesNeeded, reader.nextOffset], [true, bytes.length, 7], `${length}`);
      assert.equal(reader.read(10, []), 0);
    }
    assert.equal(readerOf(bytes.subarray(0, 5)).bytesNeeded, 61);
    assert.equal(readerOf(Buffer.alloc(0)).bytesNeeded, 0);
    assert.equal(readerOf(Buffer.concat([bytes, bytes.subarray(0, 20)])).bytesNeeded, 0);
  });

  it('should give views, and decode headers once, when somebody looks', () => {
    const headers = [{ key: 'trace', value: Buffer.from('abc') }];
    const record = { ...recordAt(0), key: Buffer.from('k'), headers };
    const bytes = encodeBatch({ baseOffset: 0, lastOffset: 1, records: [record, recordAt(1)] });
    const [first, second] = readAll(readerOf(bytes));
    assert.ok(first !== undefined && second !== undefined);
    assert.equal(first.key?.buffer, bytes.buffer);
    assert.equal(first.headers, first.headers);
    assert.deepEqual(first.headers, headers);
    assert.equal(second.headers.length, 0);
  });

  it('should first return the records before the damage, and from then on only the error', () => {
    const damaged = batchOf(5, 5);
    damaged[damaged.length - 1]! ^= 1;
    const reader = readerOf(Buffer.concat([batchOf(0, 5), damaged, batchOf(10, 5)]));
    const records: ConsumedRecord[] = [];
    assert.equal(reader.read(100, records), 5);
    assert.deepEqual([reader.nextOffset, reader.isDone], [5, false]);
    const isExpected = failsWith('CORRUPT_RECORD', /flights-3 at offset 5: a batch has checksum/, 5);
    assert.throws(() => reader.read(100, records), isExpected);
    assert.throws(() => reader.read(100, records), isExpected);
    assert.equal(records.length, 5);
  });

  it('should not compare checksums unless told to', () => {
    const bytes = batchOf(0, 1);
    bytes.writeUInt32BE(1, 17);
    assert.deepEqual(valuesOf(readAll(readerOf(bytes, { checkCrc: false }))), ['0']);
    assert.throws(() => readAll(readerOf(bytes)), failsWith('CORRUPT_RECORD', /checksum/, 0));
  });

  it('should refuse the message formats from before Kafka 0.11', () => {
    for (const magic of [0, 1]) {
      const bytes = batchOf(0, 1);
      bytes.writeInt8(magic, 16);
      const reader = readerOf(bytes.subarray(0, 40));
      assert.equal(reader.isDone, false);
      const message = new RegExp(`message format ${magic}`);
      assert.throws(() => reader.read(1, []), failsWith('UNSUPPORTED_RECORDS', message, 0));
    }
  });

  it('should refuse a compression that it does not know', () => {
    const bytes = batchOf(0, 1);
    bytes.writeInt16BE(5, 21);
    assert.throws(
      () => readAll(readerOf(sealBatch(bytes))),
      failsWith('UNSUPPORTED_RECORDS', /compressed in a way that is not known here \(5\)/, 0),
    );
  });

  it('should refuse a batch that unpacks to more than is allowed', () => {
    const bytes = javaVector('recordSets', 'lz4Large');
    assert.throws(
      () => readAll(readerOf(bytes, { maxUnpackedBytes: 100_000 })),
      failsWith('BATCH_TOO_LARGE', /unpacks to more than 100000 bytes/, 0),
    );
  });

  it('should leave out records whose offsets do not rise, as Java does', () => {
    const records = [recordAt(0), recordAt(2), recordAt(1), recordAt(2), recordAt(3)];
    const bytes = encodeBatch({ baseOffset: 0, lastOffset: 4, records });
    assert.deepEqual(valuesOf(readAll(readerOf(bytes))), ['0', '2', '3']);
    // A batch that begins again below what was read: the position does not go back.
    const again = readerOf(Buffer.concat([batchOf(0, 5), batchOf(2, 4), batchOf(0, 2)]));
    assert.deepEqual(valuesOf(readAll(again)), ['0', '1', '2', '3', '4', '5']);
    assert.equal(again.nextOffset, 6);
  });

  describe('with lengths that cannot be', () => {
    const changes: readonly (readonly [string, (bytes: Buffer) => void, RegExp])[] = [
      ['batch shorter than its header', (bytes) => bytes.writeInt32BE(48, 8), /claims 60 bytes, less than its header/],
      ['negative batch length', (bytes) => bytes.writeInt32BE(-5, 8), /claims 7 bytes/],
      ['most negative batch length', (bytes) => bytes.writeInt32BE(-(2 ** 31), 8), /claims -2147483636 bytes/],
      ['negative base offset', (bytes) => bytes.writeBigInt64BE(-1n, 0), /claims offsets from -1/],
      ['base offset beyond the safe integers', (bytes) => bytes.writeBigInt64BE(2n ** 62n, 0), /claims offsets from/],
      ['negative last offset delta', (bytes) => bytes.writeInt32BE(-1, 23), /last delta -1/],
      ['last offset delta that is too small', (bytes) => bytes.writeInt32BE(0, 23), /claims offset delta 1/],
      ['negative record count', (bytes) => bytes.writeInt32BE(-1, 57), /claims -1 records/],
      ['huge record count', (bytes) => bytes.writeInt32BE(0x7fffffff, 57), /claims 2147483647 records/],
      ['more records than there are', (bytes) => bytes.writeInt32BE(4, 57), /claims 4 records in 24 bytes/],
      ['fewer records than there are', (bytes) => bytes.writeInt32BE(2, 57), /8 bytes are left over/],
      ['record longer than the batch', (bytes) => bytes.writeUInt8(126, 61), /a record claims 63 bytes/],
      ['record of negative length', (bytes) => bytes.writeUInt8(1, 61), /a record claims -1 bytes/],
      ['key longer than the record', (bytes) => bytes.writeUInt8(40, 65), /claims 20 bytes/],
      ['value longer than the record', (bytes) => bytes.writeUInt8(40, 66), /claims 20 bytes/],
      ['value shorter than the record', (bytes) => bytes.writeUInt8(0, 66), /headers|length it claims/],
      ['headers that are not there', (bytes) => bytes.writeUInt8(8, 68), /claims 4 headers/],
      ['negative header count', (bytes) => bytes.writeUInt8(1, 68), /claims -1 headers/],
    ];
    for (const [what, change, message] of changes) {
      it(`should fail, not hang and not guess: ${what}`, () => {
        const bytes = batchOf(0, 3);
        change(bytes);
        const records: ConsumedRecord[] = [];
        const reader = readerOf(sealBatch(bytes));
        assert.throws(
          () => {
            for (;;) if (reader.read(10, records) === 0) break;
          },
          (error) => failsWith('CORRUPT_RECORD', message, records.length)(error),
        );
        assert.ok(records.every(({ value }, index) => value?.toString() === String(index)));
      });
    }

    it('should not follow a number without end', () => {
      const bytes = Buffer.concat([batchOf(0, 1).subarray(0, 61), Buffer.alloc(40, 0xff)]);
      bytes.writeInt32BE(bytes.length - 12, 8);
      assert.throws(() => readAll(readerOf(sealBatch(bytes))), failsWith('CORRUPT_RECORD', /no end/, 0));
    });

    it('should refuse a record that is shorter than it claims', () => {
      const body = Buffer.from([0, 0, 0, 1, 1, 0, 0]);
      const record = Buffer.concat([varint(body.length), body]);
      const bytes = Buffer.concat([batchOf(0, 1).subarray(0, 61), record]);
      bytes.writeInt32BE(bytes.length - 12, 8);
      const message = /the record at offset 0 has not the length it claims/;
      assert.throws(() => readAll(readerOf(sealBatch(bytes))), failsWith('CORRUPT_RECORD', message, 0));
    });

    it('should refuse headers that do not fit', () => {
      const bodies = [
        [1, -1, 0, 0],
        [1, 100, 0, 0],
        [1, 0, 100, 0],
        [2, 0, 0, 0],
      ];
      for (const numbers of bodies) {
        const headers = Buffer.concat(numbers.map((number) => varint(number)));
        const body = Buffer.concat([Buffer.from([0, 0, 0, 1, 1]), headers]);
        const record = Buffer.concat([varint(body.length), body]);
        const bytes = Buffer.concat([batchOf(0, 1).subarray(0, 61), record]);
        bytes.writeInt32BE(bytes.length - 12, 8);
        assert.throws(() => readAll(readerOf(sealBatch(bytes))), failsWith('CORRUPT_RECORD', /header|length/, 0));
      }
    });
  });
});
