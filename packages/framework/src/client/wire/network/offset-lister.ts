import { KafkaError } from '../../../errors/errors.js';
import type { IsolationLevel, OffsetSpec } from '../../port.js';
import { partitionKey, type TopicPartition, type TopicPartitionOffset } from '../../records.js';
import { chooseVersion } from './api-versions.js';
import { backoffMs } from './backoff.js';
import { brokerFailure } from './broker-errors.js';
import type { BrokerNetwork } from './broker-network.js';
import { listOffsetsRequest, listOffsetsVersions, type OffsetQuery } from './list-offsets-request.js';
import { ApiKey, unsupported } from './wire-request.js';

const NO_LEADER = 5;
const UNKNOWN_TOPIC_OR_PARTITION = 3;

/** One question about offsets, asked of the leaders until all have answered. */
export class OffsetLister {
  private readonly offsets = new Map<string, number>();
  private lastFailure: unknown;

  constructor(
    private readonly network: BrokerNetwork,
    private readonly spec: OffsetSpec,
    private readonly isolationLevel: IsolationLevel,
    private readonly timeoutMs: number,
  ) {}

  /**
   * Goes on while leaders move or brokers are away, for `timeoutMs` at most.
   *
   * @throws KafkaError `TOPIC_NOT_FOUND` of a topic or partition that the cluster does not have, and what the leaders refuse
   */
  async list(partitions: readonly TopicPartition[]): Promise<TopicPartitionOffset[]> {
    const deadlineMs = performance.now() + this.timeoutMs;
    for (let round = 1; ; round++) {
      const open = partitions.filter(({ topic, partition }) => !this.offsets.has(partitionKey(topic, partition)));
      if (open.length === 0) break;
      if (round > 1) {
        if (performance.now() >= deadlineMs) throw this.lastFailure;
        await this.network.wait(backoffMs(round - 1));
      }
      await this.ask(open);
    }
    return partitions.map(({ topic, partition }) => {
      return { topic, partition, offset: this.offsets.get(partitionKey(topic, partition)) ?? 0 };
    });
  }

  private async ask(partitions: readonly TopicPartition[]): Promise<void> {
    const byLeader = await this.leadersOf(partitions);
    const asked = await Promise.allSettled([...byLeader].map(([leader, queries]) => this.askLeader(leader, queries)));
    for (const result of asked) if (result.status === 'rejected') this.failed(result.reason);
  }

  private async leadersOf(partitions: readonly TopicPartition[]): Promise<Map<number, OffsetQuery[]>> {
    const { topics } = await this.network.metadata([...new Set(partitions.map(({ topic }) => topic))]);
    const byLeader = new Map<number, OffsetQuery[]>();
    for (const { topic, partition } of partitions) {
      const view = topics.get(topic);
      const known = view?.partitions[partition];
      if (view?.error !== undefined) this.failed(withPlace(view.error, topic, partition));
      else if (known === undefined) this.failed(this.failure(UNKNOWN_TOPIC_OR_PARTITION, topic, partition));
      else if (known.leader < 0) this.failed(this.failure(NO_LEADER, topic, partition));
      else {
        const query = { topic, partition, leaderEpoch: known.leaderEpoch };
        const queries = byLeader.get(known.leader);
        if (queries === undefined) byLeader.set(known.leader, [query]);
        else queries.push(query);
      }
    }
    return byLeader;
  }

  private async askLeader(leader: number, queries: readonly OffsetQuery[]): Promise<void> {
    const { answers } = await this.network.send(leader, 'control', (versions) => {
      const version = chooseVersion(versions, ApiKey.listOffsets, listOffsetsVersions);
      if (version === undefined) throw unsupported('ListOffsets', `broker ${leader}`);
      return listOffsetsRequest(version, queries, this.spec, this.isolationLevel, this.timeoutMs);
    });
    for (const { topic, partition, errorCode, offset } of answers) {
      if (errorCode === 0) this.offsets.set(partitionKey(topic, partition), offset);
      // The leader has moved, or has not heard of a new topic yet: metadata tells in the next round.
      else if (errorCode === UNKNOWN_TOPIC_OR_PARTITION) this.lastFailure = this.failure(errorCode, topic, partition);
      else this.failed(this.failure(errorCode, topic, partition));
    }
  }

  private failure(errorCode: number, topic: string, partition: number): KafkaError {
    const what = `Cannot list offsets of '${topic}' partition ${partition}`;
    return brokerFailure(errorCode, what, { topic, partition });
  }

  private failed(error: unknown): void {
    if (!(error instanceof KafkaError) || !error.isRetriable) throw error;
    this.lastFailure = error;
  }
}

function withPlace(error: KafkaError, topic: string, partition: number): KafkaError {
  return new KafkaError(error.code, error.message, {
    kafkaCode: error.kafkaCode,
    isRetriable: error.isRetriable,
    topic,
    partition,
  });
}
