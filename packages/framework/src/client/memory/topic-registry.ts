import type { NewTopic } from '../port.js';
import { refused, topicNotFound } from './kafka-failures.js';
import { PartitionLog } from './partition-log.js';

/** A topic: its partitions and settings. */
export interface MemoryTopic {
  readonly name: string;
  readonly partitions: PartitionLog[];
  readonly configs: ReadonlyMap<string, string>;
  readonly replicationFactor: number;
  readonly isCompacted: boolean;
  /** Largest record, bytes. */
  readonly maxMessageBytes: number;
  /** Records get the broker's time instead of the producer's. */
  readonly usesAppendTime: boolean;
}

/** The broker's default of `max.message.bytes`. */
const MAX_MESSAGE_BYTES = 1_048_588;

/** All topics of the cluster. */
export class TopicRegistry {
  readonly #topics = new Map<string, MemoryTopic>();
  readonly #brokers: number;
  #version = 0;

  constructor(brokers: number) {
    this.#brokers = brokers;
  }

  /** Changes whenever topics or partitions come or go. */
  get version(): number {
    return this.#version;
  }

  /** Names, sorted. */
  names(): string[] {
    return [...this.#topics.keys()].sort();
  }

  find(topic: string): MemoryTopic | undefined {
    return this.#topics.get(topic);
  }

  /** @throws KafkaError TOPIC_NOT_FOUND */
  get(topic: string): MemoryTopic {
    const found = this.#topics.get(topic);
    if (found === undefined) throw topicNotFound(topic);
    return found;
  }

  /** @throws KafkaError TOPIC_NOT_FOUND, also if only the partition does not exist */
  log(topic: string, partition: number): PartitionLog {
    const log = this.#topics.get(topic)?.partitions[partition];
    if (log === undefined) throw topicNotFound(topic, partition);
    return log;
  }

  partitionCount(topic: string): number {
    return this.#topics.get(topic)?.partitions.length ?? 0;
  }

  create({ topic, partitions, replicationFactor = 1, configs = {} }: NewTopic): void {
    if (!/^[a-zA-Z0-9._-]{1,249}$/.test(topic) || topic === '.' || topic === '..') {
      const rule = "use up to 249 letters, digits, '.', '_' and '-'";
      throw refused('INVALID_TOPIC', 'INVALID_TOPIC_EXCEPTION', `'${topic}' cannot be the name of a topic: ${rule}`);
    }
    if (this.#topics.has(topic)) {
      throw refused('TOPIC_EXISTS', 'TOPIC_ALREADY_EXISTS', `Topic '${topic}' exists already`);
    }
    if (!Number.isInteger(partitions) || partitions < 1) {
      throw refused('INVALID_TOPIC', 'INVALID_PARTITIONS', `Topic '${topic}' needs at least one partition`);
    }
    if (replicationFactor > this.#brokers) {
      const message = `Topic '${topic}' cannot have ${replicationFactor} replicas on ${this.#brokers} broker(s)`;
      throw refused('INVALID_TOPIC', 'INVALID_REPLICATION_FACTOR', message);
    }
    const settings = new Map(Object.entries(configs));
    this.#topics.set(topic, {
      name: topic,
      partitions: Array.from({ length: partitions }, (_, partition) => new PartitionLog(topic, partition)),
      configs: settings,
      replicationFactor,
      isCompacted: (settings.get('cleanup.policy') ?? '').includes('compact'),
      maxMessageBytes: Number(settings.get('max.message.bytes') ?? MAX_MESSAGE_BYTES),
      usesAppendTime: settings.get('message.timestamp.type') === 'LogAppendTime',
    });
    this.#version += 1;
  }

  addPartitions(topic: string, totalPartitions: number): void {
    const { partitions } = this.get(topic);
    if (totalPartitions <= partitions.length) {
      const message = `Topic '${topic}' has ${partitions.length} partitions already, asked for ${totalPartitions}: a topic can only grow`;
      throw refused('INVALID_TOPIC', 'INVALID_PARTITIONS', message);
    }
    for (let partition = partitions.length; partition < totalPartitions; partition += 1) {
      partitions.push(new PartitionLog(topic, partition));
    }
    this.#version += 1;
  }

  delete(topic: string): void {
    const { partitions } = this.get(topic);
    this.#topics.delete(topic);
    this.#version += 1;
    for (const log of partitions) log.close();
  }
}
