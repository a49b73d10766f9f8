import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { RecordBatch, TopicPartition } from '../../../../dist/client/records.js';
import { BufferBudget } from '../../../../dist/client/wire/fetching/buffer-budget.js';
import { WireFetcher } from '../../../../dist/client/wire/fetching/wire-fetcher.js';
import { VirtualClock } from '../../../../dist/time/virtual-clock.js';
import { FakeBrokers, lost, valueOf, type FakeLog } from './fake-brokers.js';

/** One thing that happens between two polls, drawn from whole numbers. */
interface Event {
  readonly kind: 'append' | 'seek' | 'unassign' | 'pause' | 'resume' | 'move' | 'forget' | 'hide' | 'wait';
  readonly log: number;
  readonly amount: number;
}

const events = fc.record({
  kind: fc.constantFrom<Event['kind'][]>(
    ...([
      'append',
      'append',
      'append',
      'seek',
      'unassign',
      'pause',
      'resume',
      'move',
      'forget',
      'hide',
      'wait',
    ] as const),
  ),
  log: fc.nat(5),
  amount: fc.nat(99),
});

const runs = fc.record({
  events: fc.array(events, { minLength: 10, maxLength: 60 }),
  maxPollRecords: fc.constantFrom(1, 7, 50, 1_000),
  maxBufferedBytes: fc.constantFrom(1_000, 200_000, 8 * 1024 * 1024),
  valueBytes: fc.constantFrom(10, 500, 50_000),
  /** Of 1000 requests so many are lost on the way there, and as many on the way back. */
  losses: fc.constantFrom(0, 20, 200),
  seed: fc.nat(0x7fff_ffff),
});

type Run = typeof runs extends fc.Arbitrary<infer T> ? T : never;

/** Plays a run, and checks after every poll that exactly the records between two positions have come. */
class Play {
  private readonly clock = new VirtualClock();
  private readonly brokers = new FakeBrokers(this.clock);
  private readonly budget = new BufferBudget();
  private readonly fetcher: WireFetcher;
  private readonly logs: FakeLog[];
  /** Position of each assigned partition. */
  private readonly positions = new Map<FakeLog, number>();
  private readonly paused = new Set<FakeLog>();
  private random: number;

  constructor(private readonly run: Run) {
    this.random = run.seed + 1;
    this.logs = Array.from({ length: 6 }, (_, i) => this.brokers.log(`topic-${i % 2}`, i >> 1));
    for (const [index, log] of this.logs.entries()) log.leader = index % 3;
    const { maxPollRecords, maxBufferedBytes, losses } = run;
    this.fetcher = new WireFetcher(
      { network: this.brokers, budget: this.budget, clock: this.clock, rack: undefined },
      { isolationLevel: 'read_uncommitted', maxPollRecords, maxBufferedBytes },
    );
    this.brokers.onRequest = this.brokers.onRespond = () => {
      if (this.draw(1_000) < losses) throw lost();
    };
  }

  private draw(below: number): number {
    this.random = (Math.imul(this.random, 48_271) >>> 0) % 0x7fff_ffff || 1;
    return this.random % below;
  }

  async play(): Promise<void> {
    await this.fetcher.connect();
    for (const log of this.logs) this.assign(log, 0);
    for (const event of this.run.events) {
      await this.happen(event);
      await this.poll();
    }
    for (const log of this.logs) if (!this.positions.has(log)) this.assign(log, 0);
    this.fetcher.resume([...this.paused]);
    this.paused.clear();
    for (let polls = 0; this.logs.some((log) => this.positions.get(log) !== log.end); polls += 1) {
      assert.ok(polls < 100_000, 'the end is never reached');
      await this.poll();
    }
    await this.clock.run(this.fetcher.close());
    await this.clock.advance(1_000);
    assert.equal(this.budget.usedBytes, 0, 'memory is given back');
  }

  private async happen({ kind, log: index, amount }: Event): Promise<void> {
    const log = this.logs[index];
    assert.ok(log !== undefined);
    const place: TopicPartition = { topic: log.topic, partition: log.partition };
    switch (kind) {
      case 'append':
        log.append(1 + (amount % 20), { valueBytes: this.run.valueBytes, holes: amount > 80 ? [0, 3, 4, 19] : [] });
        this.brokers.appended();
        return;
      case 'seek':
        this.assign(log, Math.floor((log.end * amount) / 100));
        return;
      case 'unassign':
        this.fetcher.unassign([place]);
        this.positions.delete(log);
        this.paused.delete(log);
        return;
      case 'pause':
        this.fetcher.pause([place]);
        if (this.positions.has(log)) this.paused.add(log);
        return;
      case 'resume':
        this.fetcher.resume([place]);
        this.paused.delete(log);
        return;
      case 'move':
        Object.assign(log, { leader: amount % 3, epoch: log.epoch + 1 });
        this.brokers.appended();
        return;
      case 'forget':
        this.brokers.forgetSessions();
        return;
      case 'hide':
        this.brokers.latencyMs = amount % 30;
        return;
      case 'wait':
        await this.clock.advance(amount * 20);
        return;
    }
  }

  private assign(log: FakeLog, offset: number): void {
    this.fetcher.assign([{ topic: log.topic, partition: log.partition, offset }]);
    this.positions.set(log, offset);
    this.paused.delete(log);
  }

  private async poll(): Promise<void> {
    const { batches, failures } = await this.clock.run(this.fetcher.poll(this.draw(2) * 50));
    assert.deepEqual(failures, []);
    let records = 0;
    for (const batch of batches) {
      records += batch.records.length;
      this.check(batch);
    }
    assert.ok(records <= this.run.maxPollRecords, `${records} records in one poll`);
  }

  private check({ topic, partition, records, nextOffset }: RecordBatch): void {
    const log = this.brokers.log(topic, partition);
    const position = this.positions.get(log);
    assert.ok(position !== undefined, `${topic}-${partition} is not assigned`);
    assert.ok(!this.paused.has(log), `${topic}-${partition} is paused`);
    assert.ok(nextOffset > position, 'a batch moves the position');
    const offsets = records.map(({ offset }) => offset);
    assert.deepEqual(offsets, log.offsets(position, nextOffset));
    for (const { offset, value } of records) assert.deepEqual(value, valueOf(log, offset, this.run.valueBytes));
    this.positions.set(log, nextOffset);
  }
}

describe('WireFetcher among brokers that lose answers, leaders and sessions', () => {
  it('should deliver every record of every assignment once, in order, with exact positions', async function () {
    this.timeout(120_000);
    await fc.assert(
      fc.asyncProperty(runs, (run) => new Play(run).play()),
      { numRuns: 150 },
    );
  });
});
