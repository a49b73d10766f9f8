import {
  SessionEpoch,
  type FetchRequest,
  type FetchRequestPartition,
  type FetchRequestTopic,
  type ForgottenTopic,
} from '../protocol/fetch-request.js';
import type { FetchResponse } from '../protocol/fetch-response.js';

/** What is asked of one partition. */
export interface WantedPartition {
  readonly topic: string;
  readonly topicId: string | undefined;
  readonly partition: number;
  readonly fetchOffset: number;
  readonly leaderEpoch: number;
  readonly fetchedEpoch: number;
  readonly maxBytes: number;
}

/** The part of a request that a session decides. */
export type SessionRequest = Pick<FetchRequest, 'sessionId' | 'sessionEpoch' | 'topics' | 'forgottenTopics'>;

/** Error numbers of the protocol guide. */
const SessionError = Object.freeze({ idNotFound: 70, invalidEpoch: 71, topicIdError: 106 });
const MAX_EPOCH = 0x7fff_ffff;

/**
 * A fetch session with one broker (KIP-227): the broker remembers which partitions are read at which offsets, and a
 * request names only what has changed. After `FetchSessionHandler.java`.
 */
export class FetchSession {
  private id = 0;
  private epoch: number = SessionEpoch.initial;
  /** What the broker remembers once it has answered the request under way. */
  private known = new Map<string, WantedPartition>();

  /**
   * The next request, for exactly these partitions.
   *
   * @param wanted by partition key
   */
  next(wanted: ReadonlyMap<string, WantedPartition>): SessionRequest {
    const { id, epoch, known } = this;
    this.known = new Map(wanted);
    if (epoch === SessionEpoch.initial) {
      return { sessionId: id, sessionEpoch: epoch, topics: byTopic([...wanted.values()]), forgottenTopics: [] };
    }
    const changed: WantedPartition[] = [];
    const forgotten: WantedPartition[] = [];
    for (const [key, partition] of wanted) {
      const before = known.get(key);
      if (before === undefined || !isSame(before, partition)) changed.push(partition);
      // A topic made anew under its name: the broker knows it by its id.
      if (before !== undefined && before.topicId !== partition.topicId) forgotten.push(before);
    }
    for (const [key, before] of known) if (!wanted.has(key)) forgotten.push(before);
    return { sessionId: id, sessionEpoch: epoch, topics: byTopic(changed), forgottenTopics: forget(forgotten) };
  }

  /** Takes note of the answer. @returns false if it brings nothing, because the session has ended: ask anew */
  accept({ errorCode, sessionId }: FetchResponse): boolean {
    if (errorCode !== 0) {
      // With the id of a session that may still exist, a full request replaces it.
      this.restart(errorCode === SessionError.idNotFound ? 0 : this.id);
      return false;
    }
    // The broker has no room for a session, or is too old: full requests, which are always right.
    if (sessionId === 0) this.restart(0);
    else {
      this.epoch = this.id === sessionId && this.epoch < MAX_EPOCH ? this.epoch + 1 : 1;
      this.id = sessionId;
    }
    return true;
  }

  /** The request was not answered: nobody knows what the broker remembers. */
  lose(): void {
    this.restart(this.id);
  }

  /** An error of the session itself, and not of the client or the broker. */
  static isSessionError(errorCode: number): boolean {
    return (
      errorCode === SessionError.idNotFound ||
      errorCode === SessionError.invalidEpoch ||
      errorCode === SessionError.topicIdError
    );
  }

  private restart(id: number): void {
    this.id = id;
    this.epoch = SessionEpoch.initial;
    this.known = new Map();
  }
}

function isSame(one: WantedPartition, other: WantedPartition): boolean {
  return (
    one.fetchOffset === other.fetchOffset &&
    one.leaderEpoch === other.leaderEpoch &&
    one.fetchedEpoch === other.fetchedEpoch &&
    one.maxBytes === other.maxBytes &&
    one.topicId === other.topicId
  );
}

/** Partitions in the form of a request: by topic, in the order of their first partitions. */
export function byTopic(wanted: readonly WantedPartition[]): FetchRequestTopic[] {
  const groups = new Map<string, FetchRequestTopic & { readonly partitions: FetchRequestPartition[] }>();
  for (const { topic, topicId, partition, fetchOffset, leaderEpoch, fetchedEpoch, maxBytes } of wanted) {
    let group = groups.get(topic);
    if (group === undefined) {
      group = { topic, ...(topicId === undefined ? {} : { topicId }), partitions: [] };
      groups.set(topic, group);
    }
    const epochs = { currentLeaderEpoch: leaderEpoch, lastFetchedEpoch: fetchedEpoch };
    group.partitions.push({ partition, fetchOffset, ...epochs, maxBytes });
  }
  return [...groups.values()];
}

function forget(partitions: readonly WantedPartition[]): ForgottenTopic[] {
  const groups = new Map<string, ForgottenTopic & { readonly partitions: number[] }>();
  for (const { topic, topicId, partition } of partitions) {
    const key = `${topic} ${topicId ?? ''}`;
    let group = groups.get(key);
    if (group === undefined) {
      group = { topic, ...(topicId === undefined ? {} : { topicId }), partitions: [] };
      groups.set(key, group);
    }
    group.partitions.push(partition);
  }
  return [...groups.values()];
}
