import { kafkaFailure } from '../../../../dist/client/connection/kafka-failure.js';
import type { TopicView } from '../../../../dist/client/wire/network/cluster-view.js';
import type { FetchLane, FetchNetwork, OffsetRange } from '../../../../dist/client/wire/fetching/fetch-network.js';
import type { FetchRequest } from '../../../../dist/client/wire/protocol/fetch-request.js';
import { BatchField } from '../../../../dist/client/wire/protocol/record-batch.js';
import type {
  EpochEnd,
  FetchedPartition,
  FetchResponse,
} from '../../../../dist/client/wire/protocol/fetch-response.js';
import { partitionKey } from '../../../../dist/client/records.js';
import type { Clock } from '../../../../dist/time/clock.js';
import { batchOf, type TestBatch } from './record-set.js';

/** One partition's log and who leads it. */
export class FakeLog {
  readonly batches: TestBatch[] = [];
  start = 0;
  end = 0;
  /** Below `end` while a transaction is open. */
  stableEnd: number | undefined;
  leader = 0;
  epoch = 0;

  constructor(
    readonly topic: string,
    readonly partition: number,
  ) {}

  /** Appends a batch of `count` records; `holes` are compacted away. */
  append(count: number, options: { readonly valueBytes?: number; readonly holes?: readonly number[] } = {}): void {
    const { valueBytes = 10, holes = [] } = options;
    const base = this.end;
    const offsets = Array.from({ length: count }, (_, i) => base + i).filter(
      (offset) => !holes.includes(offset - base),
    );
    const value = (offset: number): Buffer => valueOf(this, offset, valueBytes);
    this.batches.push(batchOf(base, base + count - 1, offsets, value, 0, this.epoch));
    this.end += count;
  }

  /** Offsets of the records from `from` to before `to`. */
  offsets(from: number, to: number): number[] {
    return this.batches.flatMap(({ offsets }) => offsets.filter((offset) => offset >= from && offset < to));
  }

  /** Loses everything from `end` on, which has to be where a batch begins, as a log does whose replica was behind. */
  truncate(end: number): void {
    this.end = end;
    while ((this.batches.at(-1)?.baseOffset ?? -1) >= end) this.batches.pop();
  }

  /** Where the records of this epoch end, or those of the last epoch before it that the log has. */
  endOf(epoch: number): EpochEnd {
    const later = this.batches.find(({ bytes }) => epochOf(bytes) > epoch);
    const floor = this.batches.findLast(({ bytes }) => epochOf(bytes) <= epoch);
    return { epoch: floor === undefined ? epoch : epochOf(floor.bytes), endOffset: later?.baseOffset ?? this.end };
  }

  read(offset: number, maxBytes: number, atLeastOne: boolean): Buffer {
    const limit = this.stableEnd ?? this.end;
    const parts: Buffer[] = [];
    let size = 0;
    for (const batch of this.batches) {
      if (batch.lastOffset < offset || batch.baseOffset >= limit) continue;
      if (size + batch.bytes.length > maxBytes && !(atLeastOne && parts.length === 0)) {
        // As a broker does it: what fits of the next batch, too, unless nothing else is there.
        if (parts.length > 0) parts.push(batch.bytes.subarray(0, Math.max(0, maxBytes - size)));
        break;
      }
      parts.push(batch.bytes);
      size += batch.bytes.length;
    }
    return Buffer.concat(parts);
  }
}

function epochOf(batch: Buffer): number {
  return batch.readInt32BE(BatchField.leaderEpoch);
}

export function valueOf({ topic, partition }: FakeLog, offset: number, bytes: number): Buffer {
  return Buffer.from(`${topic}-${partition}@${offset} `.padEnd(bytes, '.'));
}

interface SessionEntry {
  topic: string;
  partition: number;
  offset: number;
  epoch: number;
  fetchedEpoch: number;
  maxBytes: number;
  toldEnd: number;
}

interface Session {
  epoch: number;
  readonly entries: Map<string, SessionEntry>;
}

/** A request as the tests look at it. */
export interface SeenRequest extends FetchRequest {
  readonly brokerId: number;
  readonly lane: FetchLane;
}

/** Brokers that answer fetch requests from logs in memory, as Kafka's brokers do, with sessions and long polls. */
export class FakeBrokers implements FetchNetwork {
  readonly logs = new Map<string, FakeLog>();
  readonly requests: SeenRequest[] = [];
  readonly topicIds = new Map<string, string>();
  /** Time that a request takes on its way, ms. */
  latencyMs = 1;
  /** Called for each request; what it throws is what the request fails with. */
  onRequest: (request: SeenRequest) => void = () => undefined;
  /** Called when a request was worked on; what it throws is what the client gets in place of the answer. */
  onRespond: (request: SeenRequest) => void = () => undefined;
  /** May change an answer. */
  onAnswer: (answer: FetchedPartition, log: FakeLog, brokerId: number) => FetchedPartition = (answer) => answer;
  throttleTimeMs = 0;
  canFollow = true;
  isClosed = false;
  metadataRequests = 0;
  private readonly sessions = new Map<number, Session>();
  private nextSessionId = 1;
  private readonly waiting = new Set<AbortController>();

  constructor(readonly clock: Clock) {}

  log(topic: string, partition = 0): FakeLog {
    const key = partitionKey(topic, partition);
    let log = this.logs.get(key);
    if (log === undefined) {
      this.logs.set(key, (log = new FakeLog(topic, partition)));
      if (!this.topicIds.has(topic)) this.topicIds.set(topic, `id-of-${topic}`);
    }
    return log;
  }

  /** Ends the long polls that have something now. */
  appended(): void {
    for (const wait of [...this.waiting]) wait.abort();
  }

  /** Forgets all sessions, as a broker does that was restarted. */
  forgetSessions(): void {
    this.sessions.clear();
  }

  connect(): Promise<void> {
    return Promise.resolve();
  }

  async topics(topics: readonly string[]): Promise<ReadonlyMap<string, TopicView>> {
    this.metadataRequests += 1;
    await this.clock.sleep(this.latencyMs);
    const views = new Map<string, TopicView>();
    for (const topic of topics) {
      const logs = [...this.logs.values()].filter((log) => log.topic === topic);
      const partitions: TopicView['partitions'][number][] = [];
      for (const { partition, leader, epoch } of logs) {
        partitions[partition] = { partition, leader, leaderEpoch: epoch, replicas: [], error: undefined };
      }
      const error =
        logs.length > 0 ? undefined : kafkaFailure('Metadata', 'not there', { kafkaCode: 'UNKNOWN_TOPIC_OR_PART' });
      views.set(topic, { topic, topicId: this.topicIds.get(topic), error, partitions });
    }
    return views;
  }

  async fetch(brokerId: number, lane: FetchLane, request: FetchRequest): Promise<FetchResponse> {
    const seen = { ...request, brokerId, lane };
    this.requests.push(seen);
    this.onRequest(seen);
    await this.clock.sleep(this.latencyMs);
    const opened = this.open(request);
    if (typeof opened === 'number') return response(opened, 0, []);
    const { entries, sessionId, isIncremental } = opened;
    const deadlineMs = this.clock.monotonicMs() + request.maxWaitMs;
    for (;;) {
      if (this.isClosed) throw lost();
      const answers = this.read(brokerId, entries, request.maxBytes, isIncremental);
      const hasNews = answers.some(({ answer }) => isNewsOf(answer));
      const hasHint = answers.some(({ answer }) => answer.preferredReadReplica >= 0);
      const left = deadlineMs - this.clock.monotonicMs();
      if (hasNews || hasHint || left <= 0) {
        for (const { entry, answer } of answers) entry.toldEnd = answer.highWatermark;
        this.onRespond(seen);
        return { ...response(0, sessionId, answers), throttleTimeMs: this.throttleTimeMs };
      }
      const wait = new AbortController();
      this.waiting.add(wait);
      await this.clock.sleep(left, wait.signal);
      this.waiting.delete(wait);
    }
  }

  private open(
    request: FetchRequest,
  ): number | { entries: Map<string, SessionEntry>; sessionId: number; isIncremental: boolean } {
    const { sessionId, sessionEpoch } = request;
    if (sessionEpoch === -1) {
      this.sessions.delete(sessionId);
      return { entries: merge(new Map(), request), sessionId: 0, isIncremental: false };
    }
    if (sessionEpoch === 0) {
      this.sessions.delete(sessionId);
      const session: Session = { epoch: 1, entries: merge(new Map(), request) };
      const id = this.nextSessionId++;
      this.sessions.set(id, session);
      return { entries: session.entries, sessionId: id, isIncremental: false };
    }
    const session = this.sessions.get(sessionId);
    if (session === undefined) return 70;
    if (session.epoch !== sessionEpoch) return 71;
    session.epoch += 1;
    merge(session.entries, request);
    return { entries: session.entries, sessionId, isIncremental: true };
  }

  private read(
    brokerId: number,
    entries: Map<string, SessionEntry>,
    maxBytes: number,
    isIncremental: boolean,
  ): { readonly entry: SessionEntry; readonly answer: FetchedPartition }[] {
    const answers: { entry: SessionEntry; answer: FetchedPartition }[] = [];
    let left = maxBytes;
    let atLeastOne = true;
    for (const entry of entries.values()) {
      const answer = this.answer(brokerId, entry, left, atLeastOne);
      const size = answer.records?.length ?? 0;
      if (size > 0) atLeastOne = false;
      left = Math.max(0, left - size);
      const isNews = isNewsOf(answer) || answer.highWatermark !== entry.toldEnd;
      if (!isIncremental || isNews) answers.push({ entry, answer });
    }
    return answers;
  }

  private answer(brokerId: number, entry: SessionEntry, maxBytes: number, atLeastOne: boolean): FetchedPartition {
    const log = this.logs.get(partitionKey(entry.topic, entry.partition));
    const base = { ...emptyAnswer, partition: entry.partition };
    if (log === undefined) return { ...base, errorCode: 100 };
    const refuse = (errorCode: number): FetchedPartition => this.onAnswer({ ...base, errorCode }, log, brokerId);
    if (log.leader !== brokerId && !this.isFollowing(log, brokerId)) return refuse(6);
    if (entry.epoch < log.epoch && log.leader === brokerId) return refuse(74);
    if (entry.epoch > log.epoch) return refuse(75);
    if (entry.fetchedEpoch >= 0 && entry.offset >= log.start) {
      const divergingEpoch = log.endOf(entry.fetchedEpoch);
      const { epoch, endOffset } = divergingEpoch;
      if (epoch < entry.fetchedEpoch || endOffset < entry.offset) {
        return this.onAnswer({ ...base, divergingEpoch }, log, brokerId);
      }
    }
    if (entry.offset < log.start || entry.offset > log.end) return refuse(1);
    const records = log.read(entry.offset, Math.min(maxBytes, entry.maxBytes), atLeastOne);
    const answer = { ...base, records, highWatermark: log.end, lastStableOffset: log.stableEnd ?? log.end };
    return this.onAnswer(answer, log, brokerId);
  }

  /** Brokers that serve as followers of a log. */
  readonly followers = new Map<FakeLog, number>();

  private isFollowing(log: FakeLog, brokerId: number): boolean {
    return this.followers.get(log) === brokerId;
  }

  knows(): boolean {
    return this.canFollow;
  }

  learn(): void {
    // Every broker is known.
  }

  range(topic: string, partition: number): Promise<OffsetRange> {
    const { start, end } = this.log(topic, partition);
    return Promise.resolve({ first: start, end });
  }

  close(): Promise<void> {
    this.isClosed = true;
    this.appended();
    return Promise.resolve();
  }
}

const emptyAnswer: FetchedPartition = {
  partition: 0,
  errorCode: 0,
  highWatermark: -1,
  lastStableOffset: -1,
  logStartOffset: -1,
  abortedTransactions: [],
  preferredReadReplica: -1,
  divergingEpoch: undefined,
  currentLeader: undefined,
  records: null,
};

function isNewsOf({ errorCode, records, divergingEpoch }: FetchedPartition): boolean {
  return errorCode !== 0 || divergingEpoch !== undefined || (records?.length ?? 0) > 0;
}

function merge(entries: Map<string, SessionEntry>, request: FetchRequest): Map<string, SessionEntry> {
  for (const { topic, partitions } of request.forgottenTopics) {
    for (const partition of partitions) entries.delete(partitionKey(topic, partition));
  }
  for (const { topic, partitions } of request.topics) {
    for (const { partition, fetchOffset, currentLeaderEpoch, lastFetchedEpoch = -1, maxBytes } of partitions) {
      const key = partitionKey(topic, partition);
      const toldEnd = entries.get(key)?.toldEnd ?? -1;
      const epoch = currentLeaderEpoch ?? -1;
      const position = { offset: fetchOffset, epoch, fetchedEpoch: lastFetchedEpoch };
      entries.set(key, { topic, partition, ...position, maxBytes, toldEnd });
    }
  }
  return entries;
}

function response(
  errorCode: number,
  sessionId: number,
  answers: readonly { readonly entry: SessionEntry; readonly answer: FetchedPartition }[],
): FetchResponse {
  const topics = new Map<string, FetchedPartition[]>();
  for (const { entry, answer } of answers) topics.set(entry.topic, [...(topics.get(entry.topic) ?? []), answer]);
  return {
    throttleTimeMs: 0,
    errorCode,
    sessionId,
    topics: [...topics].map(([topic, partitions]) => ({ topic, topicId: undefined, partitions })),
    nodeEndpoints: [],
  };
}

/** A connection that is gone. */
export function lost(): Error {
  return kafkaFailure('Connection to Kafka broker lost', 'it was closed', { kafkaCode: '_TRANSPORT' });
}
