import type { GroupEvent, Subscription } from '../port.js';
import type { TopicPartition } from '../records.js';
import type { Alarm } from './alarm-queue.js';

/** What a client tells the group when it joins. */
export interface JoinRequest {
  /** The process that joins, and which of its lives: one that crashed and came back is another process. */
  readonly identity: string;
  readonly incarnation: number;
  readonly groupInstanceId: string | undefined;
  readonly subscription: Subscription;
  readonly sessionTimeoutMs: number;
  readonly maxPollIntervalMs: number;
}

/** An ownership change that a member has to answer. */
export type OwnershipChange = Extract<GroupEvent, { type: 'assigned' | 'revoked' | 'lost' }>;

/** A member as the broker knows it. */
export class GroupMemberState {
  readonly memberId: string;
  readonly request: JoinRequest;
  readonly #patterns: readonly RegExp[];
  /** Member epoch (KIP-848) or generation (classic): commits must carry it. */
  epoch = 0;
  /** Partitions handed to the member and not given back, by partition key. */
  readonly owned = new Map<string, TopicPartition>();
  lastPollMs: number;
  /** Since when the process sends no heartbeats; `undefined` while it does. */
  silentSinceMs: number | undefined;
  /** Until when the revocation under way must be answered. */
  answerDueMs: number | undefined;
  /** A static member that has left: its partitions wait for its return until the session times out. */
  hasLeft = false;
  timeout: Alarm | undefined;

  constructor(memberId: string, request: JoinRequest, nowMs: number) {
    this.memberId = memberId;
    this.request = request;
    this.lastPollMs = nowMs;
    this.#patterns = request.subscription.patterns.map(
      (pattern) => new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, '')),
    );
  }

  /** When the member is thrown out, if nothing is heard of it. */
  get expiryMs(): number {
    const { sessionTimeoutMs, maxPollIntervalMs } = this.request;
    const silentDueMs = this.silentSinceMs === undefined ? Infinity : this.silentSinceMs + sessionTimeoutMs;
    // A static member that has left polls no more; only its session counts.
    const pollDueMs = this.hasLeft ? Infinity : this.lastPollMs + maxPollIntervalMs;
    return Math.min(silentDueMs, pollDueMs, this.answerDueMs ?? Infinity);
  }

  subscribes(topic: string): boolean {
    return this.request.subscription.topics.includes(topic) || this.#patterns.some((pattern) => pattern.test(topic));
  }
}
