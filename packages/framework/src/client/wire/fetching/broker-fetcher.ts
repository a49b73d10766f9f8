import { KafkaError } from '../../../errors/errors.js';
import type { Clock } from '../../../time/clock.js';
import type { IsolationLevel } from '../../port.js';
import { partitionKey } from '../../records.js';
import { SessionEpoch, type FetchRequest } from '../protocol/fetch-request.js';
import type { FetchedPartition, FetchResponse, NodeEndpoint } from '../protocol/fetch-response.js';
import type { AssignedPartition } from './assigned-partition.js';
import { Backoff } from '../network/backoff.js';
import type { BufferBudget } from './buffer-budget.js';
import type { FetchLane, FetchNetwork } from './fetch-network.js';
import { errorOfRequest } from './fetch-errors.js';
import { byTopic, FetchSession, type SessionRequest, type WantedPartition } from './fetch-session.js';

/** How long a broker may hold back an answer while there is nothing new, ms. */
const LONG_POLL_MS = 500;
/** The same for partitions at their end that found the long poll under way without them, ms. */
const SHORT_POLL_MS = 25;
/** Most bytes of one answer; a larger first batch comes nevertheless (KIP-74). */
const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;

/** What the fetcher of one broker tells the fetcher of all. */
export interface FetchEvents {
  /** An answer about a partition that is still assigned, and asked for at the offset at which it stands. */
  onAnswer(partition: AssignedPartition, answer: FetchedPartition, brokerId: number): void;
  /** Brokers that leader hints name. Before the answers of the same response. */
  onEndpoints(endpoints: readonly NodeEndpoint[]): void;
  /** A request was not answered, or refused as a whole. */
  onBrokerFailure(brokerId: number, error: KafkaError, partitions: readonly AssignedPartition[]): void;
  /** All answers of one response were told, and the next request is on its way. */
  onResponse(): void;
  /** Nothing can be fetched any more, from any broker. */
  onFatal(error: unknown): void;
}

export interface BrokerFetcherDeps {
  readonly brokerId: number;
  readonly network: Pick<FetchNetwork, 'fetch'>;
  readonly budget: BufferBudget;
  readonly clock: Clock;
  readonly isolation: IsolationLevel;
  readonly rack: string | undefined;
  readonly events: FetchEvents;
  /** Have `pump` called at this time. */
  readonly pumpAt: (atMs: number) => void;
}

interface Sent {
  readonly partition: AssignedPartition;
  readonly wanted: WantedPartition;
}

/** By partition key; for the live lane also the partitions that the request need not name. */
type SentPartitions = ReadonlyMap<string, Sent>;

/**
 * Fetches from one broker, over two connections, at most one request on each:
 *
 * - `live`: one long poll in a fetch session (KIP-227) for all partitions that are at their end.
 * - `bulk`: full requests without session, answered at once, for partitions that are behind, or of which nothing is known
 *   yet: just assigned, resumed, or with room again. They never wait for the long poll. A partition that has reached its
 *   end while the long poll is under way is asked for here, with short waits, until it can join it.
 *
 * A partition is in one request at most. The next request goes out as soon as an answer has come and the memory allows,
 * before anybody has taken its records.
 */
export class BrokerFetcher {
  /** Partitions to be read here; one that has brought data goes to the end. */
  private readonly partitions = new Set<AssignedPartition>();
  private readonly session = new FetchSession();
  private readonly busy = { live: false, bulk: false };
  private readonly backoff = new Backoff();
  /** Nothing is sent before this time: the broker asked for it (KIP-219), or did not answer. */
  private silentUntilMs = 0;
  private isClosed = false;

  constructor(private readonly deps: BrokerFetcherDeps) {}

  add(partition: AssignedPartition): void {
    this.partitions.add(partition);
  }

  remove(partition: AssignedPartition): void {
    this.partitions.delete(partition);
  }

  close(): void {
    this.isClosed = true;
    this.partitions.clear();
  }

  /** Sends what can be sent now. Cheap if there is nothing to do. */
  pump(): void {
    if (this.isClosed || this.partitions.size === 0 || (this.busy.live && this.busy.bulk)) return;
    const now = this.deps.clock.monotonicMs();
    if (now < this.silentUntilMs) {
      this.deps.pumpAt(this.silentUntilMs);
      return;
    }
    if (!this.busy.live) this.sendLive(now);
    if (!this.busy.bulk) this.sendBulk(now);
  }

  private isWanted(partition: AssignedPartition, now: number): boolean {
    if (partition.isPaused || partition.isInFlight || !partition.isFetched) return false;
    if (partition.retryAtMs <= now) return true;
    this.deps.pumpAt(partition.retryAtMs);
    return false;
  }

  private sendLive(now: number): void {
    const { budget } = this.deps;
    const sent = new Map<string, Sent>();
    for (const partition of this.partitions) {
      if (!partition.isAtEnd || !this.isWanted(partition, now)) continue;
      const maxBytes = budget.grant(partition.buffer.heldBytes, 0);
      if (maxBytes === 0) continue;
      // A constant limit: a changed one would have to be told to the broker each time.
      sent.set(partition.key, { partition, wanted: wantedOf(partition, budget.longPollBytes) });
    }
    if (sent.size === 0) return;
    const wanted = new Map([...sent].map(([key, each]) => [key, each.wanted]));
    this.send('live', sent, this.session.next(wanted), LONG_POLL_MS, budget.longPollBytes);
  }

  private sendBulk(now: number): void {
    const { budget } = this.deps;
    const sent = new Map<string, Sent>();
    let plannedBytes = 0;
    let maxWaitMs = SHORT_POLL_MS;
    for (const partition of this.partitions) {
      if (plannedBytes >= MAX_RESPONSE_BYTES) break;
      if (!this.isWanted(partition, now)) continue;
      const granted = budget.grant(partition.buffer.heldBytes, plannedBytes);
      if (granted === 0) continue;
      const maxBytes = Math.max(granted, partition.bytesNeeded);
      // Those with something to read are answered at once anyway.
      if (partition.endOffset === undefined) maxWaitMs = 0;
      plannedBytes += maxBytes;
      sent.set(partition.key, { partition, wanted: wantedOf(partition, maxBytes) });
    }
    if (sent.size === 0) return;
    const request = {
      sessionId: 0,
      sessionEpoch: SessionEpoch.final,
      topics: byTopic([...sent.values()].map(({ wanted }) => wanted)),
      forgottenTopics: [],
    };
    this.send('bulk', sent, request, maxWaitMs, plannedBytes);
  }

  private send(
    lane: FetchLane,
    sent: SentPartitions,
    session: SessionRequest,
    maxWaitMs: number,
    maxBytes: number,
  ): void {
    const { network, budget, isolation, rack, brokerId, events } = this.deps;
    this.busy[lane] = true;
    for (const { partition } of sent.values()) partition.isInFlight = true;
    budget.take(maxBytes);
    const request: FetchRequest = {
      ...session,
      maxWaitMs,
      minBytes: 1,
      maxBytes,
      isolationLevel: isolation,
      ...(rack === undefined ? {} : { rackId: rack }),
    };
    const settle = (): void => {
      this.busy[lane] = false;
      for (const { partition } of sent.values()) partition.isInFlight = false;
      budget.release(maxBytes);
    };
    network
      .fetch(brokerId, lane, request)
      .then(
        (response) => {
          if (!this.isClosed) this.onResponse(lane, sent, response);
        },
        (error: unknown) => {
          if (!this.isClosed) this.onLost(lane, sent, error);
        },
      )
      .then(
        () => {
          // Only now: until all answers are told, the positions of some partitions are old.
          settle();
          this.pump();
          events.onResponse();
        },
        (error: unknown) => {
          events.onFatal(error);
        },
      );
  }

  private onResponse(lane: FetchLane, sent: SentPartitions, response: FetchResponse): void {
    const { clock, events, brokerId } = this.deps;
    const { errorCode, throttleTimeMs, nodeEndpoints } = response;
    if (throttleTimeMs > 0) this.silentUntilMs = clock.monotonicMs() + throttleTimeMs;
    const isAccepted = lane === 'live' ? this.session.accept(response) : errorCode === 0;
    if (isAccepted) {
      this.backoff.reset();
      if (nodeEndpoints.length > 0) events.onEndpoints(nodeEndpoints);
      this.tell(sent, response);
    } else if (!FetchSession.isSessionError(errorCode)) {
      this.onLost(lane, sent, errorOfRequest(errorCode, brokerId));
    }
  }

  private tell(sent: SentPartitions, { topics }: FetchResponse): void {
    const names = new Map<string | undefined, string>();
    for (const { wanted } of sent.values()) names.set(wanted.topicId, wanted.topic);
    for (const { topic, topicId, partitions } of topics) {
      const name = topic ?? names.get(topicId);
      if (name === undefined) continue;
      for (const answer of partitions) {
        const each = sent.get(partitionKey(name, answer.partition));
        if (each === undefined || (topicId !== undefined && each.wanted.topicId !== topicId)) continue;
        const { partition, wanted } = each;
        // Assigned anew, or moved on, while the request was under way: the answer is not about its position.
        if (!partition.isFetched || partition.fetchOffset !== wanted.fetchOffset) continue;
        if ((answer.records?.length ?? 0) > 0 && this.partitions.delete(partition)) this.partitions.add(partition);
        this.deps.events.onAnswer(partition, answer, this.deps.brokerId);
      }
    }
  }

  private onLost(lane: FetchLane, sent: SentPartitions, error: unknown): void {
    const { clock, events, brokerId } = this.deps;
    if (!(error instanceof KafkaError)) {
      events.onFatal(error);
      return;
    }
    if (lane === 'live') this.session.lose();
    this.silentUntilMs = Math.max(this.silentUntilMs, clock.monotonicMs() + this.backoff.next());
    const partitions = [...sent.values()].map(({ partition }) => partition).filter(({ isFetched }) => isFetched);
    events.onBrokerFailure(brokerId, error, partitions);
  }
}

function wantedOf(
  { topic, topicId, partition, fetchOffset, leaderEpoch, fetchedEpoch }: AssignedPartition,
  maxBytes: number,
): WantedPartition {
  return { topic, topicId, partition, fetchOffset, leaderEpoch, fetchedEpoch, maxBytes };
}
