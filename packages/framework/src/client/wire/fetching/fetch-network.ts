import type { FetchRequest } from '../protocol/fetch-request.js';
import type { FetchResponse, NodeEndpoint } from '../protocol/fetch-response.js';
import type { TopicView } from '../network/cluster-view.js';

/** First offset that may be read, and the one after the last. */
export interface OffsetRange {
  readonly first: number;
  readonly end: number;
}

/** The network as one fetcher uses it. Rejections are `KafkaError`s. */
export interface FetchNetwork {
  /** Looks for a broker that answers. Rejects with `BROKER_UNREACHABLE`, `AUTHENTICATION_FAILED`, ... */
  connect(signal: AbortSignal): Promise<void>;
  /** Asks a broker, now, who leads the partitions of these topics. */
  topics(topics: readonly string[]): Promise<ReadonlyMap<string, TopicView>>;
  /**
   * Sends one fetch request over the connection of this broker and lane. One request is under way per broker and lane;
   * the lanes do not wait for each other.
   */
  fetch(brokerId: number, lane: FetchLane, request: FetchRequest): Promise<FetchResponse>;
  /** Whether the address of this broker is known, so that a leader hint (KIP-951) can be followed. */
  knows(brokerId: number): boolean;
  /** Takes note of the addresses of brokers that leader hints name. */
  learn(endpoints: readonly NodeEndpoint[]): void;
  /** What offsets a partition has, for the text of an error. */
  range(topic: string, partition: number): Promise<OffsetRange>;
  /** Gives back the connections of this fetcher. Requests under way reject. */
  close(): Promise<void>;
}

/** Of the long polls, and of everything that is answered at once. */
export type FetchLane = 'live' | 'bulk';
