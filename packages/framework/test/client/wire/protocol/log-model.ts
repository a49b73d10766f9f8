import fc from 'fast-check';
import type { AbortedTransaction } from '../../../../dist/client/wire/protocol/fetch-response.js';
import { packers } from './packers.js';
import { encodeBatch, encodeMarker, type PlainRecord } from './record-batch-encoder.js';

/*
 * A partition as a broker would have it, made of random steps: producers write in and outside of transactions, which are
 * committed or aborted; then compaction removes records, and sometimes whole batches.
 */

export interface LogBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly bytes: Buffer;
  /** Records of a data batch that compaction has left; empty for markers. */
  readonly records: readonly PlainRecord[];
  /** Index into `transactions`. */
  readonly transaction: number | undefined;
}

export interface LogTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  /** Of the marker. */
  lastOffset: number;
  outcome: 'open' | 'commit' | 'abort';
}

export interface Log {
  readonly batches: readonly LogBatch[];
  readonly transactions: readonly LogTransaction[];
  readonly endOffset: number;
}

const bytes = fc.option(
  fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
  { freq: 5 },
);
const timestamp = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }) },
  { weight: 1, arbitrary: fc.constantFrom(-1, 0, 1, 2 ** 31, 2 ** 45, 4_102_444_800_000, Number.MAX_SAFE_INTEGER) },
);
const headers = fc.oneof(
  { weight: 4, arbitrary: fc.constant([]) },
  {
    weight: 1,
    arbitrary: fc.array(
      fc.record({ key: fc.string({ unit: 'grapheme', maxLength: 9 }), value: bytes }, { noNullPrototype: true }),
      {
        maxLength: 5,
      },
    ),
  },
);
const draft = fc.record({ timestamp, key: bytes, value: bytes, headers, isKept: fc.boolean() });

const write = fc.record({
  kind: fc.constant('write' as const),
  drafts: fc.array(draft, { minLength: 1, maxLength: 8 }),
  /** 0 writes outside of transactions, but with a producer id; below 0 has none. */
  producer: fc.integer({ min: -1, max: 3 }),
  packer: fc.option(fc.nat({ max: packers.length - 1 })),
  appendTime: fc.option(timestamp, { freq: 6 }),
  compaction: fc.constantFrom('none', 'none', 'some', 'all', 'gone'),
});
const end = fc.record({
  kind: fc.constant('end' as const),
  producer: fc.integer({ min: 1, max: 3 }),
  outcome: fc.constantFrom('commit' as const, 'abort' as const),
});

type Step = typeof write | typeof end extends fc.Arbitrary<infer S> ? S : never;

export const logs: fc.Arbitrary<Log> = fc
  .tuple(
    fc.constantFrom(0, 1, 1_000, 2 ** 32 - 3, 2 ** 45),
    fc.array(fc.oneof({ weight: 3, arbitrary: write }, { weight: 1, arbitrary: end }), { maxLength: 25 }),
  )
  .map(([startOffset, steps]) => new LogWriter(startOffset).run(steps));

class LogWriter {
  readonly #batches: LogBatch[] = [];
  readonly #transactions: LogTransaction[] = [];
  #next: number;

  constructor(startOffset: number) {
    this.#next = startOffset;
  }

  run(steps: readonly Step[]): Log {
    for (const step of steps) {
      if (step.kind === 'write') this.#write(step);
      else this.#end(step.producer, step.outcome);
    }
    return { batches: this.#batches, transactions: this.#transactions, endOffset: this.#next };
  }

  #write({ drafts, producer, packer, appendTime, compaction }: Extract<Step, { kind: 'write' }>): void {
    const baseOffset = this.#next;
    this.#next += drafts.length;
    const lastOffset = this.#next - 1;
    const transaction = producer > 0 ? this.#begin(producer, baseOffset) : undefined;
    if (compaction === 'gone') return;
    const records = drafts
      .map(({ isKept, ...record }, index) => ({ ...record, offset: baseOffset + index, isKept }))
      .filter(({ isKept }) => compaction === 'none' || (compaction === 'some' && isKept))
      .map(({ isKept: _, ...record }) => ({ ...record, timestamp: appendTime ?? record.timestamp }));
    const coding = packer === null ? undefined : packers[packer];
    const encoded = encodeBatch({
      baseOffset,
      lastOffset,
      records,
      producerId: producer < 0 ? -1 : 4_000 + producer,
      isTransactional: producer > 0,
      appendTime: appendTime ?? undefined,
      ...(coding === undefined ? {} : { codec: coding.codec, pack: coding.pack }),
    });
    this.#batches.push({ baseOffset, lastOffset, bytes: encoded, records, transaction });
  }

  #begin(producer: number, offset: number): number {
    const open = this.#openOf(producer);
    if (open >= 0) return open;
    this.#transactions.push({ producerId: 4_000 + producer, firstOffset: offset, lastOffset: -1, outcome: 'open' });
    return this.#transactions.length - 1;
  }

  #end(producer: number, outcome: 'commit' | 'abort'): void {
    const transaction = this.#transactions[this.#openOf(producer)];
    if (transaction === undefined) return;
    const offset = this.#next++;
    transaction.outcome = outcome;
    transaction.lastOffset = offset;
    const encoded = encodeMarker(offset, transaction.producerId, outcome);
    this.#batches.push({ baseOffset: offset, lastOffset: offset, bytes: encoded, records: [], transaction: undefined });
  }

  #openOf(producer: number): number {
    return this.#transactions.findIndex((it) => it.producerId === 4_000 + producer && it.outcome === 'open');
  }
}

/** What a fetch from `position` answers under the isolation: whole batches, up to the last stable offset. */
export function fetchFrom(
  log: Log,
  position: number,
  isCommitted: boolean,
): { batches: readonly LogBatch[]; aborted: readonly AbortedTransaction[] } {
  const firstOpen = log.transactions.find(({ outcome }) => outcome === 'open')?.firstOffset;
  const end = isCommitted ? (firstOpen ?? log.endOffset) : log.endOffset;
  return {
    batches: log.batches.filter(({ baseOffset, lastOffset }) => lastOffset >= position && baseOffset < end),
    aborted: log.transactions.filter(({ outcome, lastOffset }) => outcome === 'abort' && lastOffset >= position),
  };
}
