import { partitionKey, type OffsetAndMetadata, type TopicPartition } from '../records.js';

/** The offsets that a group has committed, and those that wait for the end of a transaction. */
export class CommittedOffsets {
  readonly #committed = new Map<string, OffsetAndMetadata>();
  readonly #pending = new Map<number, Map<string, OffsetAndMetadata>>();
  readonly #watchers = new Set<() => void>();

  commit(offsets: readonly OffsetAndMetadata[]): void {
    for (const offset of offsets) this.#committed.set(partitionKey(offset.topic, offset.partition), { ...offset });
  }

  /** Adds offsets to the open transaction of a producer. */
  addPending(producerId: number, offsets: readonly OffsetAndMetadata[]): void {
    const pending = this.#pending.get(producerId) ?? new Map<string, OffsetAndMetadata>();
    this.#pending.set(producerId, pending);
    for (const offset of offsets) pending.set(partitionKey(offset.topic, offset.partition), { ...offset });
  }

  endTransaction(producerId: number, outcome: 'committed' | 'aborted'): void {
    const pending = this.#pending.get(producerId);
    if (pending === undefined) return;
    this.#pending.delete(producerId);
    if (outcome === 'committed') this.commit([...pending.values()]);
    for (const watcher of [...this.#watchers]) watcher();
  }

  /** True if an open transaction may still change one of these offsets (KIP-447: a reader has to wait). */
  hasPending(partitions: readonly TopicPartition[]): boolean {
    if (this.#pending.size === 0) return false;
    const open = [...this.#pending.values()];
    return partitions.some(({ topic, partition }) =>
      open.some((offsets) => offsets.has(partitionKey(topic, partition))),
    );
  }

  /** Partitions without an offset are left out. */
  get(partitions: readonly TopicPartition[]): OffsetAndMetadata[] {
    return partitions.flatMap(({ topic, partition }) => this.#committed.get(partitionKey(topic, partition)) ?? []);
  }

  all(): OffsetAndMetadata[] {
    return [...this.#committed.values()];
  }

  /** A deleted topic's offsets go with it. */
  deleteTopic(topic: string): void {
    for (const [key, offset] of this.#committed) if (offset.topic === topic) this.#committed.delete(key);
  }

  /** Calls back when a transaction with offsets of this group ends. */
  watch(watcher: () => void): void {
    this.#watchers.add(watcher);
  }

  unwatch(watcher: () => void): void {
    this.#watchers.delete(watcher);
  }
}
