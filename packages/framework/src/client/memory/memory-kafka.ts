import { systemClock, type Clock } from '../../time/clock.js';
import type { GroupDescription, IsolationLevel, KafkaClientFactory, NewTopic } from '../port.js';
import { NO_HEADERS, type ConsumedRecord, type OffsetAndMetadata, type RecordHeaders } from '../records.js';
import type { Denial } from './access-control.js';
import { ClientProcess } from './client-process.js';
import type { FailureInjector } from './failure-injection.js';
import { MemoryAdmin } from './memory-admin.js';
import { MemoryCluster, type MemoryKafkaOptions } from './memory-cluster.js';
import { MemoryFetcher } from './memory-fetcher.js';
import { MemoryMembership } from './memory-membership.js';
import { MemoryProducer } from './memory-producer.js';

/** A record to be appended by {@link MemoryKafka.append}; what is left out is null or empty. */
export interface AppendedRecord {
  readonly key?: Buffer | null;
  readonly value?: Buffer | null;
  /** @default the cluster's time */
  readonly timestamp?: number;
  readonly headers?: RecordHeaders;
}

/**
 * A Kafka cluster in this process: topics, logs, consumer groups, transactions, with the semantics of a Kafka 4 broker.
 * Deterministic: all its time comes from the clock it is given, and the same calls give the same history.
 *
 * @example
 * const kafka = new MemoryKafka({ clock: new VirtualClock() });
 * kafka.createTopic({ topic: 'flights', partitions: 4 });
 * const clients = kafka.clients('process-1');
 * kafka.injectFailures({ after: ({ kind }) => (kind === 'producer.commitTransaction' ? { type: 'crash' } : undefined) });
 */
export class MemoryKafka {
  readonly #cluster: MemoryCluster;
  readonly #processes = new Map<string, ClientProcess>();
  #incarnations = 0;

  constructor(options: MemoryKafkaOptions = {}) {
    this.#cluster = new MemoryCluster({ ...options, clock: options.clock ?? systemClock });
  }

  get clock(): Clock {
    return this.#cluster.clock;
  }

  /**
   * Clients of one process. Clients of the same identity live and die together; after a crash the identity stands for a
   * new process.
   */
  clients(identity = 'process'): KafkaClientFactory {
    const cluster = this.#cluster;
    const process = this.#process(identity);
    return {
      membership: (options) => new MemoryMembership(process, cluster, options),
      fetcher: (options) => new MemoryFetcher(process, cluster, options),
      producer: (options) => new MemoryProducer(process, cluster, options),
      admin: () => new MemoryAdmin(process, cluster),
    };
  }

  /**
   * Kills a process, as `kill -9` would: all its clients are dead at once, records not sent are lost, its members keep
   * their partitions until their sessions time out, its open transactions stay until their timeout or fencing.
   */
  crash(identity: string): void {
    this.#processes.get(identity)?.crash();
  }

  /** False once the identity has crashed and no new process has taken its place. */
  isAlive(identity: string): boolean {
    return this.#processes.get(identity)?.isAlive ?? false;
  }

  /** The process lives on but no heartbeat of it arrives, as if it stood still or were cut off: a zombie to be. */
  stopHeartbeats(identity: string): void {
    const { incarnation } = this.#process(identity);
    this.#cluster.groups.all().forEach((group) => group.silence(incarnation));
  }

  /** Its heartbeats arrive again. If the session has timed out meanwhile, its next `poll()` says `lost`. */
  resumeHeartbeats(identity: string): void {
    const { incarnation } = this.#process(identity);
    this.#cluster.groups.all().forEach((group) => group.unsilence(incarnation));
  }

  /** Sets who decides about every client call from now on; `undefined` lets all pass. */
  injectFailures(injector: FailureInjector | undefined): void {
    this.#cluster.injector = injector;
  }

  /** Forbids something. Returns a function that allows it again. */
  deny(denial: Denial): () => void {
    return this.#cluster.access.deny(denial);
  }

  /** Creates a topic, without a client. @throws KafkaError as the admin client's call */
  createTopic(topic: NewTopic): void {
    this.#cluster.topics.create(topic);
  }

  /** Appends one record, without a client, and returns its offset. */
  append(topic: string, partition: number, record: AppendedRecord): number {
    const { key = null, value = null, timestamp = this.clock.now(), headers = NO_HEADERS } = record;
    const log = this.#cluster.topics.log(topic, partition);
    const offset = log.endOffset('read_uncommitted');
    log.append([{ key, value, timestamp, headers }]);
    return offset;
  }

  /** All records of a partition that the isolation level may see, without a client. */
  records(topic: string, partition: number, isolationLevel: IsolationLevel = 'read_committed'): ConsumedRecord[] {
    this.#cluster.alarms.runDue();
    const log = this.#cluster.topics.log(topic, partition);
    return [...(log.read(log.startOffset, Infinity, isolationLevel)?.records ?? [])];
  }

  /** First and end offset of a partition. */
  offsets(topic: string, partition: number, isolationLevel: IsolationLevel = 'read_uncommitted'): [number, number] {
    this.#cluster.alarms.runDue();
    const log = this.#cluster.topics.log(topic, partition);
    return [log.startOffset, log.endOffset(isolationLevel)];
  }

  /** The offset that a group has committed for a partition. */
  committed(groupId: string, topic: string, partition: number): OffsetAndMetadata | undefined {
    this.#cluster.alarms.runDue();
    return this.#cluster.groups.find(groupId)?.offsets.get([{ topic, partition }])[0];
  }

  /** What the broker knows of a group; `dead` without members if nobody has joined it yet. */
  group(groupId: string): GroupDescription {
    this.#cluster.alarms.runDue();
    return this.#cluster.groups.describe(groupId);
  }

  /** Transactional ids whose transaction is open, sorted. */
  openTransactions(): string[] {
    this.#cluster.alarms.runDue();
    return this.#cluster.transactions.openTransactions();
  }

  /** Compacts all partitions of a topic as the broker's cleaner would. */
  compact(topic: string, options: { readonly dropsTombstones?: boolean } = {}): void {
    for (const log of this.#cluster.topics.get(topic).partitions) log.compact(options.dropsTombstones);
  }

  /** Deletes the records before an offset, as the broker does with what is older than the topic keeps. */
  deleteBelow(topic: string, partition: number, offset: number): void {
    this.#cluster.topics.log(topic, partition).deleteBelow(offset);
  }

  #process(identity: string): ClientProcess {
    let process = this.#processes.get(identity);
    if (process?.isAlive !== true) {
      this.#incarnations += 1;
      process = new ClientProcess(identity, this.#incarnations, this.#cluster);
      this.#processes.set(identity, process);
    }
    return process;
  }
}
