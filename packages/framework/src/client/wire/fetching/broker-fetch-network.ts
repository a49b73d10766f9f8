import { kafkaFailure } from '../../connection/kafka-failure.js';
import type { NetworkLease, SharedNetwork } from '../network/shared-network.js';
import { unsupported, type ApiVersions, type WireRequest } from '../network/wire-request.js';
import type { TopicView } from '../network/cluster-view.js';
import {
  chooseFetchVersion,
  encodeFetchRequest,
  FETCH_API_KEY,
  isFlexibleFetch,
  type FetchRequest,
} from '../protocol/fetch-request.js';
import { decodeFetchResponse, type FetchResponse, type NodeEndpoint } from '../protocol/fetch-response.js';
import type { FetchLane, FetchNetwork, OffsetRange } from './fetch-network.js';

const NO_VERSIONS = { min: 0, max: -1 };

/** A fetcher's part of the network of its client factory: connections of its own for fetching, the common ones for the rest. */
export class BrokerFetchNetwork implements FetchNetwork {
  private lease: NetworkLease | undefined;
  private brokers: ReadonlySet<number> = new Set();

  /** @param name of the fetcher, unlike that of any other */
  constructor(
    private readonly shared: SharedNetwork,
    private readonly name: string,
  ) {}

  async connect(signal: AbortSignal): Promise<void> {
    this.lease ??= this.shared.lease();
    try {
      await this.lease.network.connect(signal);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async topics(topics: readonly string[]): Promise<ReadonlyMap<string, TopicView>> {
    const view = await this.network.metadata(topics);
    this.brokers = new Set(view.brokers.keys());
    return view.topics;
  }

  fetch(brokerId: number, lane: FetchLane, request: FetchRequest): Promise<FetchResponse> {
    return this.network.send(brokerId, this.laneName(lane), (versions) => fetchOf(versions, brokerId, request));
  }

  knows(brokerId: number): boolean {
    return this.brokers.has(brokerId);
  }

  learn(endpoints: readonly NodeEndpoint[]): void {
    this.network.learnBrokers(
      endpoints.map(({ nodeId, host, port, rack }) => ({ id: nodeId, host, port, rack: rack ?? undefined })),
    );
    this.brokers = new Set([...this.brokers, ...endpoints.map(({ nodeId }) => nodeId)]);
  }

  async range(topic: string, partition: number): Promise<OffsetRange> {
    const { network } = this;
    const [[first], [end]] = await Promise.all([
      network.listOffsets([{ topic, partition }], 'earliest'),
      network.listOffsets([{ topic, partition }], 'latest'),
    ]);
    if (first === undefined || end === undefined) {
      throw kafkaFailure(`Cannot ask for the offsets of '${topic}' partition ${partition}`, 'no answer', {
        kafkaCode: 'UNKNOWN_TOPIC_OR_PART',
      });
    }
    return { first: first.offset, end: end.offset };
  }

  async close(): Promise<void> {
    const { lease } = this;
    if (lease === undefined) return;
    lease.network.releaseLane(this.laneName('live'));
    lease.network.releaseLane(this.laneName('bulk'));
    await lease.release();
  }

  private get network(): NetworkLease['network'] {
    if (this.lease === undefined) throw new TypeError('connect() comes first');
    return this.lease.network;
  }

  private laneName(lane: FetchLane): string {
    return `${this.name} ${lane}`;
  }
}

function fetchOf(versions: ApiVersions, brokerId: number, request: FetchRequest): WireRequest<FetchResponse> {
  const isIdKnown = ({ topicId }: { readonly topicId?: string }): boolean => topicId !== undefined;
  const canUseTopicIds = request.topics.every(isIdKnown) && request.forgottenTopics.every(isIdKnown);
  const version = chooseFetchVersion(versions.get(FETCH_API_KEY) ?? NO_VERSIONS, canUseTopicIds);
  if (version === undefined) throw unsupported('Fetch', `broker ${brokerId}`);
  return {
    apiKey: FETCH_API_KEY,
    version,
    isFlexible: isFlexibleFetch(version),
    write: () => encodeFetchRequest(version, request),
    read: (body) => decodeFetchResponse(version, body),
    throttleTimeMs: ({ throttleTimeMs }) => throttleTimeMs,
  };
}
