import type { KafkaAdmin, RecordFetcher, RecordProducer } from '../client/port.js';
import { NO_HEADERS, type ConsumedRecord } from '../client/records.js';
import { KafkaError } from '../errors/errors.js';
import { FetchPump } from './fetch-pump.js';
import {
  INSTANCE_FORMAT,
  parseInstanceRecord,
  type InstanceIdentity,
  type InstanceRecord,
  type InstanceStatus,
} from './instance-record.js';
import type { ResolvedOptions } from './resolve-options.js';
import { retrying, type Patience } from './retry.js';
import { adopted, fingerprintChanges, serializeFingerprint } from './topology-fingerprint.js';

export interface InstanceRegistryDeps {
  readonly options: ResolvedOptions;
  readonly admin: KafkaAdmin;
  /** `<application id>-instances` */
  readonly topic: string;
  readonly self: InstanceIdentity;
}

/** An instance that lives, as far as is known. */
export interface KnownInstance {
  readonly record: InstanceRecord;
  readonly isSelf: boolean;
  /** Offset at which the instance first told of each task that it has: who told last has it. */
  readonly taskSince: ReadonlyMap<string, number>;
}

interface Entry extends KnownInstance {
  readonly taskSince: Map<string, number>;
  /** Monotonic time at which its last record arrived, ms. */
  readonly seenMs: number;
}

/** How often an instance tells of itself when nothing changes, ms. */
const PUBLISH_INTERVAL_MS = 5_000;
/** An instance that was silent for this long is taken for dead, ms. */
const EXPIRY_MS = 30_000;
/** A dead instance's record is deleted by whoever starts after this time, ms. */
const FORGET_MS = 3_600_000;
const POLL_MS = 1_000;
/** A record that is not there by then is out of date; also how long closing may wait, ms. */
const DELIVERY_TIMEOUT_MS = 10_000;
/** Errors of the registry are logged no more often than this, ms: it goes on trying. */
const WARN_INTERVAL_MS = 60_000;
/** Key of the record that holds the fingerprint of the state in Kafka. */
const TOPOLOGY_KEY = 'topology';

/**
 * What all instances of an application tell of themselves: where they are, which tasks and standbys they have, how far
 * those lag. Each writes its own record with a producer of its own, outside of transactions, so that this never
 * disturbs a commit; each reads all of them. It is a hint, some seconds old: nothing that must be right rests on it.
 */
export class InstanceRegistry {
  readonly #producer: RecordProducer;
  readonly #fetcher: RecordFetcher;
  readonly #pump: FetchPump;
  readonly #entries = new Map<string, Entry>();
  readonly #warnedOf = new Set<string>();
  /** Fingerprint of the state in Kafka, as text. */
  #topology: string | undefined;
  #status: InstanceStatus = { tasks: [], standbys: [] };
  #isOpen = false;
  /** Offset of the next record to read. */
  #position = 0;
  #hasReadAll = false;
  #publishedMs = -Infinity;
  #publishedShape = '';
  #warnedMs = -Infinity;
  #version = 0;

  constructor(private readonly deps: InstanceRegistryDeps) {
    const { options } = deps;
    this.#producer = options.kafka.producer({ lingerMs: 5, deliveryTimeoutMs: DELIVERY_TIMEOUT_MS });
    this.#fetcher = options.kafka.fetcher({ isolationLevel: 'read_uncommitted' });
    this.#pump = new FetchPump(this.#fetcher, options);
  }

  /**
   * Reads what there is, and checks that this topology fits the state that the application has in Kafka.
   *
   * @param patience how long brokers that do not answer are waited for
   * @throws StateStoreError `STATE_INCOMPATIBLE`
   * @throws KafkaError if the topic cannot be read
   */
  async open(patience: Patience): Promise<void> {
    const { options, admin, topic, self } = this.deps;
    this.#isOpen = true;
    await retrying(patience, 'connect the producer of the registry', () => this.#producer.connect());
    await retrying(patience, 'connect the fetcher of the registry', () => this.#fetcher.connect());
    const partition = [{ topic, partition: 0 }];
    const ends = await retrying(patience, `find the end of ${topic}`, () => admin.listOffsets(partition, 'latest'));
    await this.#readUntil(ends[0]?.offset ?? 0, patience);
    this.#hasReadAll = true;
    const topology = adopted(`The state of application ${options.applicationId}`, this.#topology, self.topology);
    try {
      if (topology !== undefined) this.#produce(TOPOLOGY_KEY, topology);
      this.#forgetDead();
    } catch (error) {
      this.#warn(error);
    }
  }

  /** Changes whenever an instance comes or goes, or a task has another owner. */
  get version(): number {
    return this.#version;
  }

  /** Instances that live, this one included. */
  instances(): readonly KnownInstance[] {
    const { options, self } = this.deps;
    const nowMs = options.clock.monotonicMs();
    const others = [...this.#entries.values()].filter(
      ({ record, seenMs }) => record.id !== self.id && nowMs - seenMs < EXPIRY_MS,
    );
    const publishedAtMs = options.clock.now();
    const record: InstanceRecord = { format: INSTANCE_FORMAT, publishedAtMs, ...self, ...this.#status };
    // What this process has it has, told or not.
    const taskSince = new Map(this.#status.tasks.map(({ id }) => [id, Infinity]));
    return [{ record, isSelf: true, taskSince }, ...others];
  }

  /** The instance that has a task; undefined: nobody says so. */
  ownerOf(taskId: string, instances: readonly KnownInstance[] = this.instances()): KnownInstance | undefined {
    let owner: KnownInstance | undefined;
    for (const instance of instances) {
      const since = instance.taskSince.get(taskId);
      if (since !== undefined && since >= (owner?.taskSince.get(taskId) ?? -1)) owner = instance;
    }
    return owner;
  }

  /** Takes in what others have written, and tells of this instance if it is time. Does not wait; never fails. */
  advance(status: InstanceStatus): void {
    this.#status = status;
    try {
      this.#take();
      this.#pump.start(POLL_MS);
      this.#expire();
      this.#maybePublish();
    } catch (error) {
      this.#warn(error);
    }
  }

  /** Says that this instance is gone, and closes. Never fails. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      if (this.#hasReadAll) {
        this.#produce(this.deps.self.id, null);
        await this.#producer.flush();
      }
    } catch (error) {
      this.#warn(error);
    }
    for (const client of [this.#producer, this.#fetcher]) {
      try {
        await client.close();
      } catch (error) {
        this.#warn(error);
      }
    }
    await this.#pump.wait();
  }

  async #readUntil(end: number, { clock, taskTimeoutMs }: Patience): Promise<void> {
    const dueMs = clock.monotonicMs() + taskTimeoutMs;
    let position = await this.#assignFromBeginning();
    while (position < end) {
      if (clock.monotonicMs() >= dueMs) {
        const message = `Only ${position} of ${end} records could be read within ${taskTimeoutMs} ms`;
        throw new KafkaError('TIMED_OUT', message, { kafkaCode: '_TIMED_OUT', isRetriable: true });
      }
      this.#pump.start(POLL_MS);
      await this.#pump.wait();
      position = this.#take();
    }
  }

  async #assignFromBeginning(): Promise<number> {
    const { options, admin, topic } = this.deps;
    const begins = await retrying(options, `find the beginning of ${topic}`, () =>
      admin.listOffsets([{ topic, partition: 0 }], 'earliest'),
    );
    const offset = begins[0]?.offset ?? 0;
    this.#fetcher.assign([{ topic, partition: 0, offset }]);
    this.#position = offset;
    return offset;
  }

  /** @returns the position in the topic */
  #take(): number {
    const fetched = this.#pump.take();
    for (const { records, nextOffset } of fetched?.batches ?? []) {
      for (const record of records) this.#apply(record);
      this.#position = nextOffset;
    }
    const failure = fetched?.failures[0];
    if (failure !== undefined) {
      // What is read twice does no harm.
      void this.#assignFromBeginning().catch((error: unknown) => this.#warn(error));
      throw failure.error;
    }
    return this.#position;
  }

  #apply({ key, value, timestamp, offset }: ConsumedRecord): void {
    const id = key?.toString() ?? '';
    if (id === TOPOLOGY_KEY) {
      this.#topology = value === null ? undefined : value.toString();
      return;
    }
    const before = this.#entries.get(id);
    const record = value === null ? undefined : parseInstanceRecord(value);
    if (record === undefined) {
      if (this.#entries.delete(id)) this.#version++;
      return;
    }
    const { clock } = this.deps.options;
    // Of what was there before this process came only the time says how old it is; later, clocks need not agree.
    const ageMs = this.#hasReadAll ? 0 : Math.max(0, clock.now() - timestamp);
    // A restarted instance got its tasks anew.
    const known = before?.record.startedAtMs === record.startedAtMs ? before.taskSince : undefined;
    const taskSince = new Map(record.tasks.map((task) => [task.id, known?.get(task.id) ?? offset]));
    this.#entries.set(id, { record, isSelf: false, taskSince, seenMs: clock.monotonicMs() - ageMs });
    if (before === undefined || shapeOf(before.record) !== shapeOf(record)) this.#version++;
    this.#compareTopology(record);
  }

  #expire(): void {
    const nowMs = this.deps.options.clock.monotonicMs();
    for (const [id, { seenMs }] of this.#entries) {
      if (nowMs - seenMs < EXPIRY_MS || id === this.deps.self.id) continue;
      this.#entries.delete(id);
      this.#version++;
    }
  }

  #maybePublish(): void {
    const { clock } = this.deps.options;
    for (const { error } of this.#producer.takeFailures()) this.#warn(error);
    const nowMs = clock.monotonicMs();
    const record = { format: INSTANCE_FORMAT, publishedAtMs: clock.now(), ...this.deps.self, ...this.#status };
    const shape = shapeOf(record);
    if (shape === this.#publishedShape && nowMs - this.#publishedMs < PUBLISH_INTERVAL_MS) return;
    this.#publishedMs = nowMs;
    if (shape !== this.#publishedShape) this.#version++;
    this.#publishedShape = shape;
    this.#produce(this.deps.self.id, JSON.stringify(record));
  }

  /** Records of instances that died long ago without saying so. */
  #forgetDead(): void {
    const nowMs = this.deps.options.clock.monotonicMs();
    for (const [id, { seenMs }] of this.#entries) {
      if (id !== this.deps.self.id && nowMs - seenMs >= FORGET_MS) this.#produce(id, null);
    }
  }

  #produce(key: string, value: string | null): void {
    const { topic, options } = this.deps;
    const bytes = value === null ? null : Buffer.from(value);
    // A full queue: the next record says the same and more.
    this.#producer.produce(topic, 0, Buffer.from(key), bytes, options.clock.now(), NO_HEADERS);
  }

  #compareTopology({ id, endpoint, topology }: InstanceRecord): void {
    const { self, options } = this.deps;
    const isSame = serializeFingerprint(topology) === serializeFingerprint(self.topology);
    if (isSame || id === self.id) {
      this.#warnedOf.delete(id);
      return;
    }
    if (this.#warnedOf.has(id) || !this.#hasReadAll) return;
    this.#warnedOf.add(id);
    const changes = fingerprintChanges(topology, self.topology);
    const what = changes.length > 0 ? changes.join('; ') : 'one of them has stores that the other lacks';
    options.logger.warn(
      { instance: id, endpoint },
      `Instance ${id}${endpoint === null ? '' : ` (${endpoint})`} runs another topology than this one: ${what}. ` +
        'While both run, keep it short: they share partitions, but neither holds standbys of the other.',
    );
  }

  #warn(error: unknown): void {
    const { clock, logger } = this.deps.options;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#warnedMs < WARN_INTERVAL_MS) return;
    this.#warnedMs = nowMs;
    const { topic } = this.deps;
    logger.warn(
      { err: error, topic },
      `The registry of instances (topic ${topic}) has a problem, and goes on trying; processing is not affected. Until it is over, ` +
        `other processes may not know which tasks and standbys are here. ${reasonOf(topic, error)}`,
    );
  }
}

/** What went wrong, and what to do about it. */
export function reasonOf(topic: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof KafkaError && error.code === 'AUTHORIZATION_FAILED')) return message;
  return (
    `Allow this user Describe, Read and Write on topic ${topic}, and Create, or create it beforehand with one partition and ` +
    `cleanup.policy=compact. (${message})`
  );
}

/** What others must know at once: all but lags and times. */
function shapeOf({ tasks, standbys, endpoint }: InstanceRecord): string {
  return JSON.stringify([tasks.map(({ id, phase }) => [id, phase]), standbys.map(({ id }) => id), endpoint]);
}
