import type { KafkaAdmin, KafkaClientFactory, RecordHeader, RecordProducer } from '@millrace/framework';
import { waitFor } from '@millrace/framework/testing';
import type { Random } from './random.js';

const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
const TRANSACTIONAL_PRODUCERS = 3;

/** Where the event times of the records lie: within a day from here. */
const FIRST_TIMESTAMP = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
/** Later than everything else in a topic: the markers of transactions have the broker's time. */
const FILLER_TIMESTAMP = Date.UTC(2050, 0, 1);
/** About what one step writes at most. */
const STEP_BYTES = 2_000_000;

const EAGER_COMPACTION = {
  'cleanup.policy': 'compact',
  'segment.ms': '100',
  'min.cleanable.dirty.ratio': '0.001',
  'delete.retention.ms': '0',
};

/** What a random topic is like. */
export interface RandomTopic {
  readonly topic: string;
  readonly partitions: number;
  /** What it was made of, for the error message. */
  readonly description: string;
  /** Where each partition begins. */
  readonly starts: readonly number[];
  /** Where each ended before the broker was made to clean up: later records of a compacted topic come and go. */
  readonly ends: readonly number[];
  /** Records below `ends` that are left once the cleaner has been there; undefined for a topic that is not compacted. */
  readonly compactedRecords: number | undefined;
  /** Ends the transaction that was left open, if there is one. */
  finish(): Promise<void>;
}

/** Producers that all topics share: opening one takes longer than what it writes. */
export class TopicWriters {
  private constructor(
    readonly plain: readonly RecordProducer[],
    readonly transactional: readonly RecordProducer[],
  ) {}

  static async open(clients: KafkaClientFactory, name: string): Promise<TopicWriters> {
    const plain = COMPRESSIONS.map((compression) => clients.producer({ compression, lingerMs: 1 }));
    const transactional = Array.from({ length: TRANSACTIONAL_PRODUCERS }, (_, i) =>
      clients.producer({
        compression: COMPRESSIONS[(2 * i) % COMPRESSIONS.length] ?? 'none',
        transactionalId: `${name}-${i}`,
        transactionTimeoutMs: 300_000,
        lingerMs: 1,
      }),
    );
    for (const producer of [...plain, ...transactional]) await producer.connect();
    for (const producer of transactional) await producer.initTransactions();
    return new TopicWriters(plain, transactional);
  }

  async close(): Promise<void> {
    for (const producer of [...this.plain, ...this.transactional]) await producer.close();
  }
}

/** Creates a topic and fills it as the random numbers say. */
export async function writeRandomTopic(
  topic: string,
  random: Random,
  writers: TopicWriters,
  admin: KafkaAdmin,
): Promise<RandomTopic> {
  const writing = new TopicWriting(topic, random, writers, admin);
  return writing.run();
}

class TopicWriting {
  readonly #partitions: number;
  readonly #isCompacted: boolean;
  readonly #usesAppendTime: boolean;
  readonly #largest: number;
  /** Producers with an open transaction, and the keys written in it, with their partition. */
  readonly #open = new Map<RecordProducer, Set<string>>();
  readonly #committedKeys = new Set<string>();
  readonly #steps: string[] = [];

  constructor(
    private readonly topic: string,
    private readonly random: Random,
    private readonly writers: TopicWriters,
    private readonly admin: KafkaAdmin,
  ) {
    this.#partitions = random.integer(1, 4);
    this.#isCompacted = random.isTrue(0.15);
    this.#usesAppendTime = !this.#isCompacted && random.isTrue(0.2);
    this.#largest = random.pick([20, 200, 200, 2_000, 50_000]);
  }

  async run(): Promise<RandomTopic> {
    const { topic, random, admin } = this;
    await admin.createTopic({
      topic,
      partitions: this.#partitions,
      configs: {
        'retention.ms': '-1',
        'message.timestamp.after.max.ms': String(Number.MAX_SAFE_INTEGER),
        ...(this.#isCompacted ? EAGER_COMPACTION : {}),
        ...(this.#usesAppendTime ? { 'message.timestamp.type': 'LogAppendTime' } : {}),
      },
    });
    const steps = random.integer(1, 14);
    for (let step = 0; step < steps; step++) await this.#step();
    await this.#endTransactions();
    const stableEnds = await this.#offsets('latest');
    if (!this.#isCompacted && random.isTrue(0.2)) await this.#leaveOpen();
    const ends = await this.#offsets('latest');
    if (this.#isCompacted) await this.#startCompaction();
    else if (random.isTrue(0.25)) await this.#deleteRecords(stableEnds);
    return {
      topic,
      partitions: this.#partitions,
      description: `${this.#partitions} partitions, ${this.#traits()}: ${this.#steps.join('; ')}`,
      starts: await this.#offsets('earliest'),
      ends,
      compactedRecords: this.#isCompacted ? this.#committedKeys.size : undefined,
      finish: () => this.#endTransactions(),
    };
  }

  #traits(): string {
    const traits = [this.#isCompacted ? 'compacted' : '', this.#usesAppendTime ? 'append time' : ''];
    return [...traits, `values up to ${this.#largest} B`].filter((trait) => trait !== '').join(', ');
  }

  async #offsets(spec: 'earliest' | 'latest'): Promise<number[]> {
    const partitions = this.#places();
    const listed = await this.admin.listOffsets(partitions, spec);
    return partitions.map(({ partition }) => listed.find((each) => each.partition === partition)?.offset ?? 0);
  }

  #places(): { topic: string; partition: number }[] {
    return Array.from({ length: this.#partitions }, (_, partition) => ({ topic: this.topic, partition }));
  }

  /** Some records of one producer, or the end of a transaction. */
  async #step(): Promise<void> {
    const { random, writers } = this;
    const [ended] = this.#open.keys();
    if (ended !== undefined && random.isTrue(0.4)) {
      await this.#end(ended, random.isTrue(0.5));
      return;
    }
    const count = Math.min(random.pick([0, 1, 3, 20, 150, 400]), Math.ceil(STEP_BYTES / this.#largest));
    const isTransactional = random.isTrue(0.5);
    const producers = isTransactional ? writers.transactional : writers.plain;
    const index = random.integer(0, producers.length - 1);
    const producer = producers[index];
    if (producer === undefined) return;
    if (isTransactional && !this.#open.has(producer)) {
      await producer.beginTransaction();
      this.#open.set(producer, new Set());
    }
    this.#steps.push(`${count} by ${isTransactional ? 'transactional' : (COMPRESSIONS[index] ?? '')} ${index}`);
    const flushEach = random.pick([1, 10, 1_000]);
    for (let i = 0; i < count; i++) {
      await this.#produce(producer, random.integer(0, this.#partitions - 1));
      if (count < 50 && i % flushEach === 0) await producer.flush();
    }
    await producer.flush();
    const [failure] = producer.takeFailures();
    if (failure !== undefined) throw failure.error;
  }

  /** Begins a transaction, with records of others behind it. */
  async #leaveOpen(): Promise<void> {
    const { random, writers } = this;
    this.#steps.push('left open');
    const transactional = random.pick(writers.transactional);
    await transactional.beginTransaction();
    this.#open.set(transactional, new Set());
    for (const producer of [transactional, random.pick(writers.plain)]) {
      const count = random.integer(1, 20);
      for (let i = 0; i < count; i++) await this.#produce(producer, random.integer(0, this.#partitions - 1));
      await producer.flush();
    }
  }

  async #produce(producer: RecordProducer, partition: number): Promise<void> {
    const { random } = this;
    const key = !this.#isCompacted && random.isTrue(0.3) ? null : Buffer.from(`k${random.integer(0, 30)}`);
    const timestamp = FIRST_TIMESTAMP + random.integer(0, DAY_MS);
    const headers = random.isTrue(0.7) ? [] : Array.from({ length: random.integer(1, 6) }, () => this.#header());
    const value = this.#value();
    while (!producer.produce(this.topic, partition, key, value, timestamp, headers)) await producer.drain();
    (this.#open.get(producer) ?? this.#committedKeys).add(`${partition} ${String(key)}`);
  }

  /** Null, empty, compressible or not. A compacted topic has no tombstones: when they go is the broker's affair. */
  #value(): Buffer | null {
    const { random } = this;
    if (!this.#isCompacted && random.isTrue(0.1)) return null;
    const length = random.isTrue(0.1) ? 0 : random.integer(1, this.#largest);
    const value = Buffer.alloc(length, random.integer(0, 255));
    if (random.isTrue(0.5)) for (let i = 0; i < length; i += 3) value[i] = random.integer(0, 255);
    return value;
  }

  #header(): RecordHeader {
    const { random } = this;
    const key = random.pick(['trace', 'a', 'größe', 'k'.repeat(random.integer(1, 300))]);
    return { key, value: Buffer.alloc(random.pick([0, 1, 20, 500]), random.integer(0, 255)) };
  }

  async #end(producer: RecordProducer, isCommitted: boolean): Promise<void> {
    const keys = this.#open.get(producer) ?? [];
    this.#open.delete(producer);
    if (isCommitted) for (const key of keys) this.#committedKeys.add(key);
    this.#steps.push(isCommitted ? 'commit' : 'abort');
    await (isCommitted ? producer.commitTransaction() : producer.abortTransaction());
  }

  async #endTransactions(): Promise<void> {
    for (const producer of [...this.#open.keys()]) await this.#end(producer, this.random.isTrue(0.5));
    await waitFor(async () => {
      const stable = await this.admin.listOffsets(this.#places(), 'latest', 'read_committed');
      const high = await this.admin.listOffsets(this.#places(), 'latest', 'read_uncommitted');
      return stable.every((each) => high.some((end) => end.partition === each.partition && end.offset === each.offset));
    }, 'the transactions have ended');
  }

  /** Never into an open transaction: then the last stable offset would lie before the beginning of the partition. */
  async #deleteRecords(ends: readonly number[]): Promise<void> {
    const offsets = ends.map((end, partition) => ({
      topic: this.topic,
      partition,
      offset: this.random.integer(0, end),
    }));
    this.#steps.push(`deleted below ${offsets.map(({ offset }) => offset).join(', ')}`);
    await this.admin.deleteRecords(offsets);
  }

  /** Begins a new segment in each partition: what the cleaner may not touch is the one that is written to. */
  async #startCompaction(): Promise<void> {
    const [producer] = this.writers.plain;
    if (producer === undefined) return;
    this.#steps.push('compacted');
    for (const { partition } of this.#places()) {
      producer.produce(this.topic, partition, Buffer.from('filler'), Buffer.from('x'), FILLER_TIMESTAMP, []);
    }
    await producer.flush();
  }
}
