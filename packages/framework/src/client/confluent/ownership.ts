import type { GroupEvent } from '../port.js';
import { partitionKey, type TopicPartition } from '../records.js';

/** An ownership change on its way to the loop. */
export interface OwnershipChange {
  readonly type: 'assigned' | 'revoked' | 'lost';
  readonly partitions: readonly TopicPartition[];
  /** What the native client waits to be answered; undefined if it has been. */
  readonly native?: { readonly isAssignment: boolean; readonly partitions: readonly TopicPartition[] };
}

/** An ownership change as the loop gets it. */
export type OwnershipEvent = Exclude<GroupEvent, { readonly type: 'error' }>;

/** What a member holds, and what is changing: changes go to the loop one by one, the next after the last is answered. */
export class Ownership {
  readonly #held = new Map<string, TopicPartition>();
  readonly #changes: OwnershipChange[] = [];
  /** With the loop, not acknowledged yet. */
  #pending: OwnershipChange | undefined;
  /** Reported lost when the poll interval was over; the native revocation comes later and is of no interest. */
  readonly #lostEarly = new Set<string>();

  get held(): readonly TopicPartition[] {
    return [...this.#held.values()];
  }

  /** Changes that the native client still waits for, the one with the loop first. */
  get unanswered(): readonly OwnershipChange[] {
    return this.#pending === undefined ? this.#changes : [this.#pending, ...this.#changes];
  }

  /** Queues a change, without what was reported lost early. @returns false: nothing is left of it, answer it at once */
  add(change: OwnershipChange): boolean {
    const isGain = change.type === 'assigned';
    const partitions = isGain ? change.partitions : change.partitions.filter((p) => !this.#lostEarly.delete(keyOf(p)));
    if (partitions.length === 0) return false;
    this.#changes.push({ ...change, partitions });
    return true;
  }

  /** The next change for the loop, unless there is none or the last one is not acknowledged. */
  next(): OwnershipEvent | undefined {
    if (this.#pending !== undefined) return undefined;
    this.#pending = this.#changes.shift();
    return this.#pending === undefined ? undefined : { type: this.#pending.type, partitions: this.#pending.partitions };
  }

  /** Carries out the change that the loop has. */
  acknowledge(): OwnershipChange | undefined {
    const change = this.#pending;
    if (change === undefined) return undefined;
    this.#pending = undefined;
    for (const partition of change.partitions) {
      if (change.type === 'assigned') this.#held.set(keyOf(partition), partition);
      else this.#held.delete(keyOf(partition));
    }
    return change;
  }

  /** Everything is lost, also what was just being revoked. @returns the queued changes, which nobody hears of any more */
  loseAll(): readonly OwnershipChange[] {
    const known = new Set(this.#pending?.type === 'assigned' ? [] : this.#pending?.partitions.map(keyOf));
    const dropped = this.#changes.splice(0);
    const partitions = this.held.filter((partition) => !known.has(keyOf(partition)));
    for (const partition of this.#held.keys()) this.#lostEarly.add(partition);
    if (partitions.length > 0) this.#changes.push({ type: 'lost', partitions });
    return dropped;
  }

  holds({ topic, partition }: TopicPartition): boolean {
    if (!this.#held.has(partitionKey(topic, partition))) return false;
    // Lost is lost before the loop has heard of it.
    const lost = this.unanswered.filter(({ type }) => type === 'lost');
    return !lost.some((change) => change.partitions.some((p) => p.topic === topic && p.partition === partition));
  }

  clear(): void {
    this.#pending = undefined;
    this.#changes.length = 0;
    this.#held.clear();
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return partitionKey(topic, partition);
}
