import { partitionKey, type TopicPartition } from '../../records.js';
import { Backoff } from '../network/backoff.js';
import { PartitionBuffer } from './partition-buffer.js';

/**
 * One assignment of one partition to a fetcher. An object of its own per assignment: what was asked for on behalf of an
 * earlier one finds it dropped, and is thrown away.
 */
export class AssignedPartition implements TopicPartition {
  readonly key: string;
  readonly buffer: PartitionBuffer;
  readonly backoff = new Backoff();
  isPaused = false;
  /** Unassigned, or assigned anew: nothing of it may be returned. */
  isDropped = false;
  /** Reported as failed; not fetched any more. */
  hasFailed = false;
  /** A request under way asks for it; there is never more than one. */
  isInFlight = false;
  /** Not asked for before this time of the clock's `monotonicMs()`. */
  retryAtMs = 0;

  topicId: string | undefined;
  /** Who leads it, as far as known. */
  leaderId: number | undefined;
  leaderEpoch = -1;
  /** Leader epoch of the last batch fetched, by which the broker knows whether its log still has it (KIP-320). */
  fetchedEpoch = -1;
  /** How often in a row the leader has refused an offset that the partition has. */
  doubtfulRefusals = 0;
  /** The broker has refused the topic id: the topic was deleted, or made anew. */
  isTopicIdRefused = false;
  /** Follower to read from (KIP-392) until `replicaUntilMs`. */
  replicaId: number | undefined;
  replicaUntilMs = 0;
  /** Since when no broker knows the topic. */
  missingSinceMs: number | undefined;

  /** Since when every broker asked tells an older leader epoch than the one known. */
  oldNewsSinceMs: number | undefined;

  /** High watermark, or last stable offset under `read_committed`, as last heard. */
  endOffset: number | undefined;
  /** The next batch is known to be of this size; 0 if nothing is known. */
  bytesNeeded = 0;

  constructor(
    readonly topic: string,
    readonly partition: number,
    /** Offset after everything fetched: what is asked for next. */
    public fetchOffset: number,
  ) {
    this.key = partitionKey(topic, partition);
    this.buffer = new PartitionBuffer(fetchOffset);
  }

  get isFetched(): boolean {
    return !this.isDropped && !this.hasFailed;
  }

  /** Everything that the broker would return has been fetched. */
  get isAtEnd(): boolean {
    return this.endOffset !== undefined && this.fetchOffset >= this.endOffset;
  }

  /** The broker to ask. */
  get source(): number | undefined {
    return this.replicaId ?? this.leaderId;
  }
}
