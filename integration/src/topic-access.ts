import { setTimeout as sleep } from 'node:timers/promises';
import { kafkaClients, NO_HEADERS, partitionOfKey, type KafkaConnectionOptions } from '@millrace/framework';

/** Writes `[key, value]` records, partition by partition in turn; resolves when they are acknowledged. */
export async function writeRecords(
  connection: KafkaConnectionOptions,
  topic: string,
  partitions: number,
  records: Iterable<readonly [key: string, value: string]>,
): Promise<void> {
  const producer = kafkaClients(connection).producer({});
  await producer.connect();
  try {
    let index = 0;
    for (const [key, value] of records) {
      const partition = index++ % partitions;
      const [keyBytes, valueBytes] = [Buffer.from(key), Buffer.from(value)];
      while (!producer.produce(topic, partition, keyBytes, valueBytes, Date.now(), NO_HEADERS)) await producer.drain();
    }
    await producer.flush();
    const [failure] = producer.takeFailures();
    if (failure !== undefined) throw failure.error;
  } finally {
    await producer.close();
  }
}

export interface LoadOptions {
  readonly topic: string;
  readonly partitions: number;
  /** Keys `k0`, `k1`, ... take turns. */
  readonly keys: number;
  readonly recordsPerSecond: number;
  /** It ends by itself after so many. @default it goes on until it is told to stop */
  readonly records?: number;
}

/** How long the load rests after each portion of its records, ms; longer if a portion is a single one. */
const LOAD_PAUSE_MS = 10;

/** Writes records, partitioned by key, until told to stop. */
export class Load {
  /** Records written of each key. */
  readonly sent = new Map<string, number>();
  /** Resolves when all that was written is acknowledged. */
  readonly done: Promise<void>;
  #count = 0;
  #isStopped = false;

  constructor(connection: KafkaConnectionOptions, options: LoadOptions) {
    this.done = this.#run(connection, options);
    // Whoever stops it gets the error.
    this.done.catch(() => undefined);
  }

  /** Records written so far. */
  get count(): number {
    return this.#count;
  }

  /** Resolves when all that was written is acknowledged. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.done;
  }

  async #run(connection: KafkaConnectionOptions, options: LoadOptions): Promise<void> {
    const { topic, partitions, keys, recordsPerSecond, records = Infinity } = options;
    const portion = Math.ceil((recordsPerSecond * LOAD_PAUSE_MS) / 1000);
    const pauseMs = (portion * 1000) / recordsPerSecond;
    // A broker that is being killed and restarted makes a record wait.
    const producer = kafkaClients(connection).producer({ deliveryTimeoutMs: 300_000 });
    await producer.connect();
    try {
      for (let i = 0; i < records && !this.#isStopped; i++) {
        const key = `k${i % keys}`;
        const bytes = Buffer.from(key);
        const value = Buffer.from(String(i));
        while (!producer.produce(topic, partitionOfKey(bytes, partitions), bytes, value, Date.now(), NO_HEADERS)) {
          await producer.drain();
        }
        this.sent.set(key, (this.sent.get(key) ?? 0) + 1);
        this.#count++;
        if (i % portion === 0) await sleep(pauseMs);
      }
      await producer.flush();
      const [failure] = producer.takeFailures();
      if (failure !== undefined) throw failure.error;
    } finally {
      await producer.close();
    }
  }
}
