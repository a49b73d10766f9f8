import assert from 'node:assert/strict';
import { MemoryKafka } from '../../../dist/client/memory/memory-kafka.js';
import type { ClientCall, Injection } from '../../../dist/client/memory/failure-injection.js';
import { KafkaError } from '../../../dist/errors/errors.js';
import { VirtualClock } from '../../../dist/time/virtual-clock.js';
import { runProcessor } from './exactly-once-processor.js';

const PARTITIONS = 4;
const RECORDS = 120;
const PROCESSES = ['one', 'two', 'three'];

/** Numbers from 0 to 1 that follow from the seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

class History {
  readonly clock = new VirtualClock();
  readonly kafka: MemoryKafka;
  readonly trace: string[] = [];
  crashes = 0;
  faults = 0;
  readonly #random: () => number;
  #isOver = false;

  constructor(seed: number) {
    this.#random = randomNumbers(seed);
    this.kafka = new MemoryKafka({ clock: this.clock, seed, groupSessionTimeoutMs: 6_000 });
    for (const topic of ['in', 'out']) this.kafka.createTopic({ topic, partitions: PARTITIONS });
    this.kafka.injectFailures({
      before: (call) => this.#strike(call, true),
      after: (call) => this.#strike(call, false),
    });
  }

  /** Lets the processes run through faults for a minute, then in peace until all is copied. */
  async run(): Promise<void> {
    for (const identity of PROCESSES) void this.#supervise(identity);
    for (let i = 0; i < RECORDS; i += 1) {
      this.kafka.append('in', i % PARTITIONS, { value: Buffer.from(`${i}`) });
      await this.clock.advance(500);
    }
    this.kafka.injectFailures(undefined);
    for (let seconds = 0; this.output().length < RECORDS && seconds < 120; seconds += 1)
      await this.clock.advance(1_000);
    this.#isOver = true;
    await this.clock.advance(60_000);
  }

  /** Committed records of the output as `partition:value`. */
  output(): string[] {
    return Array.from({ length: PARTITIONS }, (_, partition) =>
      this.kafka.records('out', partition).map(({ value }) => `${partition}:${value?.toString()}`),
    ).flat();
  }

  /** A process that dies, by crash or fatal error, is followed by another after a second. */
  async #supervise(identity: string): Promise<void> {
    for (let life = 0; !this.#isOver; life += 1) {
      const running = runProcessor(this.kafka.clients(identity), this.clock, `tx-${identity}`, () => this.#isOver);
      let hasEnded = false;
      running.then(
        () => (hasEnded = true),
        () => (hasEnded = true),
      );
      while (!hasEnded && this.kafka.isAlive(identity)) await this.clock.sleep(250);
      this.trace.push(`${this.clock.now()} ${identity} ended its life ${life}`);
      this.kafka.crash(identity);
      await this.clock.sleep(1_000);
    }
  }

  #strike({ kind, identity, sequence }: ClientCall, isBefore: boolean): Injection | undefined {
    this.trace.push(`${this.clock.now()} ${sequence} ${identity} ${kind} ${isBefore}`);
    const dice = this.#random();
    if (dice > 0.01) return undefined;
    this.faults += 1;
    if (dice < 0.002) {
      this.crashes += 1;
      return { type: 'crash' };
    }
    if (dice < 0.005) return { type: 'delay', ms: Math.floor(this.#random() * 12_000) };
    if (!isBefore || kind === 'membership.poll' || kind === 'producer.produce') return undefined;
    if (kind === 'membership.acknowledge' || kind.startsWith('fetcher.')) return undefined;
    if (dice < 0.0075) return { type: 'lose-answer' };
    // A record that is refused for good forces an abort; all else can be tried again.
    const isRetriable = kind !== 'producer.send';
    const error = new KafkaError('TIMED_OUT', 'no answer', { kafkaCode: '_TIMED_OUT', isRetriable });
    return { type: 'throw', error };
  }
}

describe('an exactly-once processor over the in-memory Kafka', () => {
  it('should copy every record once, whatever fails', async () => {
    const expected = Array.from({ length: RECORDS }, (_, i) => `${i % PARTITIONS}:${i}`).sort();
    let [crashes, faults] = [0, 0];
    for (let seed = 1; seed <= 60; seed += 1) {
      const history = new History(seed);
      await history.run();
      assert.deepEqual(history.output().sort(), expected, `seed ${seed}`);
      for (let partition = 0; partition < PARTITIONS; partition += 1) {
        const values = history.kafka.records('out', partition).map(({ value }) => Number(value?.toString()));
        assert.deepEqual(
          values,
          values.toSorted((a, b) => a - b),
          `order of partition ${partition}, seed ${seed}`,
        );
      }
      crashes += history.crashes;
      faults += history.faults;
    }
    assert.ok(crashes > 60 && faults > 300, `${crashes} crashes and ${faults} faults are too few to say anything`);
  }).timeout(60_000);

  it('should go the same way again from the same seed, and another way from another', async () => {
    const traces: string[] = [];
    for (const seed of [7, 7, 8]) {
      const history = new History(seed);
      await history.run();
      traces.push(history.trace.join('\n'));
    }
    assert.equal(traces[0], traces[1]);
    assert.notEqual(traces[0], traces[2]);
  }).timeout(20_000);
});
