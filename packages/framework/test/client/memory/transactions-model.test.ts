import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MemoryKafka } from '../../../dist/client/memory/memory-kafka.js';
import type { RecordProducer } from '../../../dist/client/port.js';
import { KafkaError } from '../../../dist/errors/errors.js';
import { VirtualClock } from '../../../dist/time/virtual-clock.js';

const IDS = ['a', 'b', 'c'];
const PARTITIONS = 2;
const TRANSACTION_TIMEOUT_MS = 10_000;

type Step =
  | { readonly type: 'write' | 'commit' | 'abort' | 'restart'; readonly id: number; readonly partition: number }
  | { readonly type: 'plain'; readonly partition: number }
  | { readonly type: 'wait'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ type: fc.constant('write' as const), id: fc.nat(2), partition: fc.nat(1) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constantFrom('commit' as const, 'abort' as const, 'restart' as const),
      id: fc.nat(2),
      partition: fc.constant(0),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('plain' as const), partition: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.constantFrom(100, 4_000, 9_999) }) },
);

interface Entry {
  /** `undefined` for a marker. */
  readonly value: string | undefined;
  readonly owner: number | undefined;
  state: 'open' | 'visible' | 'aborted';
}

/** What the logs must hold, kept the slow and obvious way. */
class Model {
  readonly logs: Entry[][] = Array.from({ length: PARTITIONS }, () => []);
  readonly startedMs = new Map<number, number>();

  write(partition: number, value: string, owner: number | undefined, nowMs: number): void {
    if (owner !== undefined && !this.startedMs.has(owner)) this.startedMs.set(owner, nowMs);
    this.logs[partition]?.push({ value, owner, state: owner === undefined ? 'visible' : 'open' });
  }

  end(owner: number, state: 'visible' | 'aborted'): void {
    this.startedMs.delete(owner);
    for (const log of this.logs) {
      const open = log.filter((entry) => entry.owner === owner && entry.state === 'open');
      for (const entry of open) entry.state = state;
      if (open.length > 0) log.push({ value: undefined, owner: undefined, state: 'visible' });
    }
  }

  /** `offset:value` of what each isolation level may see, and where it ends. */
  view(partition: number): { committed: string[]; all: string[]; stable: number; end: number } {
    const log = this.logs[partition] ?? [];
    const firstOpen = log.findIndex((entry) => entry.state === 'open');
    const stable = firstOpen === -1 ? log.length : firstOpen;
    const named = log.map((entry, offset) => ({ ...entry, name: `${offset}:${entry.value}`, offset }));
    const all = named.filter((entry) => entry.value !== undefined);
    const committed = all.filter((entry) => entry.offset < stable && entry.state === 'visible');
    return { committed: committed.map(({ name }) => name), all: all.map(({ name }) => name), stable, end: log.length };
  }
}

class Run {
  readonly clock = new VirtualClock();
  readonly kafka = new MemoryKafka({ clock: this.clock });
  readonly model = new Model();
  readonly #producers: (RecordProducer | undefined)[] = [];
  readonly #isOpen = [false, false, false];
  #values = 0;

  constructor() {
    this.kafka.createTopic({ topic: 't', partitions: PARTITIONS });
  }

  async take(step: Step): Promise<void> {
    if (step.type === 'wait') {
      await this.clock.advance(step.ms);
      for (const [owner, startMs] of [...this.model.startedMs].sort((x, y) => x[1] - y[1])) {
        if (startMs + TRANSACTION_TIMEOUT_MS <= this.clock.monotonicMs()) this.model.end(owner, 'aborted');
      }
    } else if (step.type === 'plain') {
      this.kafka.append('t', step.partition, { value: Buffer.from(`${this.#values}`) });
      this.model.write(step.partition, `${this.#values++}`, undefined, 0);
    } else if (step.type === 'restart') {
      await this.#restart(step.id);
    } else {
      await this.#transact(step.type, step.id, step.partition);
    }
    this.#check();
  }

  async #restart(id: number): Promise<void> {
    const producer = this.kafka.clients().producer({ transactionalId: IDS[id] ?? '' });
    await producer.connect();
    await producer.initTransactions();
    this.model.end(id, 'aborted');
    this.#producers[id] = producer;
    this.#isOpen[id] = false;
  }

  async #transact(type: 'write' | 'commit' | 'abort', id: number, partition: number): Promise<void> {
    if (this.#producers[id] === undefined) await this.#restart(id);
    const producer = this.#producers[id];
    assert.ok(producer !== undefined);
    const wasTimedOut = this.#isOpen[id] === true && !this.model.startedMs.has(id);
    try {
      if (this.#isOpen[id] !== true) await producer.beginTransaction();
      this.#isOpen[id] = true;
      const value = `${this.#values++}`;
      assert.ok(producer.produce('t', partition, null, Buffer.from(value), 1, []));
      await producer.flush();
      const [failure] = producer.takeFailures();
      if (failure !== undefined) throw failure.error;
      this.model.write(partition, value, id, this.clock.monotonicMs());
      if (type === 'write') return;
      if (type === 'commit') await producer.commitTransaction();
      else await producer.abortTransaction();
      this.#isOpen[id] = false;
      this.model.end(id, type === 'commit' ? 'visible' : 'aborted');
    } catch (error) {
      assert.ok(error instanceof KafkaError && error.code === 'PRODUCER_FENCED' && error.isFatal, String(error));
      assert.ok(wasTimedOut, 'only a transaction that timed out may be fenced');
      await this.#restart(id);
    }
  }

  #check(): void {
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      const named = (level: 'read_committed' | 'read_uncommitted'): string[] =>
        this.kafka.records('t', partition, level).map(({ offset, value }) => `${offset}:${value?.toString()}`);
      assert.deepEqual(
        {
          committed: named('read_committed'),
          all: named('read_uncommitted'),
          stable: this.kafka.offsets('t', partition, 'read_committed')[1],
          end: this.kafka.offsets('t', partition)[1],
        },
        this.model.view(partition),
      );
    }
  }
}

describe('transactions of the in-memory Kafka', () => {
  it('should agree with a plain model after every step of any history', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const run = new Run();
        for (const next of steps) await run.take(next);
      }),
      { numRuns: 300 },
    );
  });
});
