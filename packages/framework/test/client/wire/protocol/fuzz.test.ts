import assert from 'node:assert/strict';
import { decodeFetchResponse } from '../../../../dist/client/wire/protocol/fetch-response.js';
import { RecordReader } from '../../../../dist/client/wire/protocol/record-reader.js';
import type { ConsumedRecord } from '../../../../dist/client/records.js';
import { loadZstd } from '../../../../dist/client/wire/protocol/zstd.js';
import { KafkaError } from '../../../../dist/errors/errors.js';
import { encodeFetchResponse, type PlainPartition } from './fetch-response-encoder.js';
import { javaVector } from './java-vectors.js';
import { packers } from './packers.js';
import { encodeBatch, encodeMarker, sealBatch, type PlainRecord } from './record-batch-encoder.js';

const SEED = Number(process.env['MILLRACE_FUZZ_SEED'] ?? Date.now() % 1_000_000);
const CASES = Number(process.env['MILLRACE_FUZZ_CASES'] ?? 100_000);
const MAX_UNPACKED_BYTES = 1 << 16;

/** Whole numbers below a limit, that follow from the seed (mulberry32). */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * limit);
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }

  pick<T>(all: readonly T[]): T {
    return all[this.below(all.length)]!;
  }
}

/** A response that is sound, and what is known of it. */
interface Sound {
  readonly version: number;
  readonly bytes: Buffer;
  /** Where the batches lie. */
  readonly batches: readonly { readonly start: number; readonly end: number }[];
  /** All that it holds, also what an isolation would hide: content, and content with offset. */
  readonly contents: ReadonlySet<string>;
  readonly records: ReadonlySet<string>;
}

function contentOf({ timestamp, key, value, headers }: PlainRecord): string {
  const text = headers.map((header) => `${header.key}=${header.value?.toString('hex')}`).join();
  return `${timestamp} ${key?.toString('hex')} ${value?.toString('hex')} ${text}`;
}

/** Batches of one partition, in and outside of transactions, with each compression. */
function randomBatches(dice: Dice): { bytes: Buffer; records: readonly PlainRecord[] }[] {
  let next = dice.below(1_000);
  return Array.from({ length: 1 + dice.below(4) }, () => {
    const baseOffset = next;
    if (dice.below(6) === 0) {
      next++;
      return { bytes: encodeMarker(baseOffset, 4_000 + dice.below(2), dice.pick(['abort', 'commit'])), records: [] };
    }
    const records = Array.from({ length: dice.below(6) }, (): PlainRecord => {
      next += 1 + dice.below(2);
      return {
        offset: next - 1,
        timestamp: 1_700_000_000_000 + dice.below(1_000_000_000),
        key: dice.below(3) === 0 ? null : dice.bytes(dice.below(9)),
        value: dice.below(4) === 0 ? null : dice.bytes(8 + dice.below(60)),
        headers: Array.from({ length: dice.below(8) === 0 ? 2 : 0 }, () => ({
          key: `h${dice.below(9)}`,
          value: dice.below(2) === 0 ? null : dice.bytes(3),
        })),
      };
    });
    next++;
    const packer = dice.below(3) > 0 ? undefined : dice.pick(packers);
    const bytes = encodeBatch({
      baseOffset,
      lastOffset: next - 1,
      records,
      producerId: dice.below(2) === 0 ? -1 : 4_000 + dice.below(2),
      isTransactional: dice.below(2) === 0,
      ...(packer === undefined ? {} : { codec: packer.codec, pack: packer.pack }),
    });
    return { bytes, records };
  });
}

function soundResponse(dice: Dice): Sound {
  const all = Array.from({ length: 1 + dice.below(3) }, () => randomBatches(dice));
  const partitions = all.map((batches, partition): PlainPartition => ({
    partition,
    aborted: dice.below(2) === 0 ? [] : [{ producerId: 4_000, firstOffset: dice.below(900) }],
    records: Buffer.concat(batches.map(({ bytes }) => bytes)),
  }));
  const version = 4 + dice.below(14);
  const bytes = encodeFetchResponse(version, partitions);
  const found: { start: number; end: number }[] = [];
  for (const batch of all.flat()) {
    const start = bytes.indexOf(batch.bytes, found.at(-1)?.end ?? 0);
    found.push({ start, end: start + batch.bytes.length });
  }
  const records = all.flat().flatMap((batch) => batch.records);
  return {
    version,
    bytes,
    batches: found,
    contents: new Set(records.map(contentOf)),
    records: new Set(records.map((record) => `${record.offset} ${contentOf(record)}`)),
  };
}

const lengths = [0, 1, -1, 0x7f, 0x80, 0xffff, 0x7fff_ffff, -0x8000_0000, 0x0fff_ffff, 61, 48];

/** One change of some bytes. Returns the new bytes, and which of the old ones it touched. */
function mutate(bytes: Buffer, sound: Sound, dice: Dice): { bytes: Buffer; from: number; to: number } {
  // Every other change goes into the head of a batch or behind it, where the numbers are that matter.
  const batch = dice.pick(sound.batches);
  const at = Math.min(dice.below(2) === 0 ? dice.below(bytes.length) : batch.start + dice.below(90), bytes.length - 1);
  const copy = Buffer.from(bytes);
  switch (dice.below(7)) {
    case 0:
      return { bytes: copy.subarray(0, at), from: at, to: bytes.length };
    case 1: {
      const length = Math.min(1 + dice.below(9), bytes.length - at);
      return { bytes: Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]), from: at, to: at + length };
    }
    case 2:
      return {
        bytes: Buffer.concat([bytes.subarray(0, at), dice.bytes(1 + dice.below(9)), bytes.subarray(at)]),
        from: at,
        to: at + 1,
      };
    case 3: {
      const field = Math.max(
        0,
        Math.min(dice.below(2) === 0 ? batch.start + dice.pick([8, 23, 57]) : at, bytes.length - 4),
      );
      copy.writeInt32BE(dice.pick(lengths), field);
      return { bytes: copy, from: field, to: field + 4 };
    }
    case 4:
      copy[at] = dice.pick([0, 1, 0x7f, 0x80, 0xff, dice.below(256)]);
      return { bytes: copy, from: at, to: at + 1 };
    default:
      copy[at] = copy[at]! ^ (1 << dice.below(8));
      return { bytes: copy, from: at, to: at + 1 };
  }
}

/** Gives the batches their checksums again, as far as they are still where they were. */
function repair(bytes: Buffer, sound: Sound): void {
  for (const { start } of sound.batches) {
    if (start + 61 > bytes.length) continue;
    const end = start + 12 + bytes.readInt32BE(start + 8);
    if (end >= start + 61 && end <= bytes.length) sealBatch(bytes.subarray(start, end));
  }
}

const expectedCodes = ['MALFORMED_RESPONSE', 'CORRUPT_RECORD', 'UNSUPPORTED_RECORDS', 'BATCH_TOO_LARGE'];

/** All records that can be read from the bytes, and how it ended. */
function readAll(bytes: Buffer, version: number, dice: Dice): { records: ConsumedRecord[]; failures: KafkaError[] } {
  const records: ConsumedRecord[] = [];
  const failures: KafkaError[] = [];
  const attempt = (read: () => void): void => {
    try {
      read();
    } catch (error) {
      if (!(error instanceof KafkaError) || !expectedCodes.includes(error.code)) throw error;
      failures.push(error);
    }
  };
  attempt(() => {
    for (const { partitions } of decodeFetchResponse(version, bytes).topics) {
      for (const { partition, records: set, abortedTransactions } of partitions) {
        if (set === null) continue;
        attempt(() => {
          const reader = new RecordReader(set, {
            topic: 't',
            partition,
            position: dice.below(3) === 0 ? dice.below(1_000) : 0,
            isolation: dice.below(2) === 0 ? 'read_committed' : 'read_uncommitted',
            abortedTransactions,
            checkCrc: true,
            maxUnpackedBytes: MAX_UNPACKED_BYTES,
          });
          const size = 1 + dice.below(20);
          // Every call but the last one brings a record or an error, and a record takes seven bytes.
          let callsLeft = set.length + MAX_UNPACKED_BYTES;
          while (!reader.isDone && callsLeft-- > 0) reader.read(size, records);
          assert.ok(reader.isDone, 'the reader does not come to an end');
        });
      }
    }
  });
  return { records, failures };
}

describe('Fetched bytes that are damaged', () => {
  before(loadZstd);

  it(`should give an error or records that were there, ${CASES} times (seed ${SEED})`, function () {
    this.timeout(180_000);
    const dice = new Dice(SEED);
    const sounds = Array.from({ length: 150 }, () => soundResponse(dice));
    const counts = { failed: 0, records: 0, sealed: 0 };
    for (let number = 0; number < CASES; number++) {
      const sound = sounds[number % sounds.length]!;
      let { bytes } = sound;
      let isOffsetSafe = true;
      for (let left = 1 + dice.below(3); left > 0 && bytes.length >= 4; left--) {
        const change = mutate(bytes, sound, dice);
        bytes = change.bytes;
        // The checksum does not cover the base offset; no reader can tell a wrong one. After a first change that moves
        // bytes, places are no longer known.
        if (left > 1 || sound.batches.some(({ start }) => change.from < start + 8 && change.to > start))
          isOffsetSafe = false;
      }
      const isSealed = dice.below(5) < 2;
      if (isSealed) repair(bytes, sound);
      const { records, failures } = readAll(bytes, sound.version, dice);
      counts.failed += failures.length > 0 ? 1 : 0;
      counts.records += records.length;
      counts.sealed += isSealed ? 1 : 0;
      assert.ok(records.length <= sound.bytes.length * 8, 'more records than bytes can hold');
      if (isSealed) continue;
      for (const record of records) {
        const content = contentOf(record);
        const isKnown = isOffsetSafe ? sound.records.has(`${record.offset} ${content}`) : sound.contents.has(content);
        assert.ok(isKnown, `case ${number}, seed ${SEED}: a record that was not there: ${record.offset} ${content}`);
      }
    }
    // Much of it must have gone each way, or the test says nothing.
    assert.ok(counts.failed > CASES / 3 && counts.records > CASES / 3, JSON.stringify(counts));
  });

  it(`should give an error or other records where Java's batches are damaged and sealed again (seed ${SEED})`, function () {
    this.timeout(60_000);
    const dice = new Dice(SEED);
    const sets = ['none', 'gzip', 'snappy', 'lz4', 'zstd', 'transactions'].map((name) =>
      javaVector('recordSets', name),
    );
    for (let number = 0; number < 10_000; number++) {
      const set = Buffer.from(dice.pick(sets));
      for (let left = 1 + dice.below(4); left > 0; left--) set[61 + dice.below(set.length - 61)] = dice.below(256);
      sealBatch(set.subarray(0, 12 + set.readInt32BE(8)));
      const { records } = readAll(encodeFetchResponse(17, [{ partition: 0, aborted: [], records: set }]), 17, dice);
      assert.ok(records.length <= 24);
    }
  });
});
