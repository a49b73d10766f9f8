import type { AssignedPartition } from './assigned-partition.js';

/** Partitions that are read in turns. Each may keep one batch unpacked, so the others wait until one has had its chunk. */
const MAX_ACTIVE = 16;

/**
 * Partitions of which something is buffered. A few are active, and each poll gives all of these an equal part; a
 * partition that has finished one fetched chunk goes behind those that wait.
 */
export class ReadyPartitions {
  private active: AssignedPartition[] = [];
  private readonly waiting = new Set<AssignedPartition>();
  private turn = 0;

  get isEmpty(): boolean {
    return this.active.length === 0 && this.waiting.size === 0;
  }

  /** Adds a partition unless it is there already. */
  add(partition: AssignedPartition): void {
    if (!this.active.includes(partition)) this.waiting.add(partition);
  }

  remove(partition: AssignedPartition): void {
    if (this.waiting.delete(partition)) return;
    const index = this.active.indexOf(partition);
    if (index >= 0) this.active.splice(index, 1);
  }

  /**
   * Calls `take` for the active partitions, another one first each time, until `maxRecords` are taken.
   *
   * @param take takes at most so many records and says how many it took
   */
  share(maxRecords: number, take: (partition: AssignedPartition, maxRecords: number) => number): void {
    this.activate();
    const { active } = this;
    const count = active.length;
    this.turn = (this.turn + 1) % Math.max(1, count);
    const order = count === 1 ? active : [...active.slice(this.turn), ...active.slice(0, this.turn)];
    const finished: AssignedPartition[] = [];
    let left = maxRecords;
    for (let i = 0; i < count && left > 0; i += 1) {
      const partition = order[i];
      if (partition === undefined) continue;
      const chunks = partition.buffer.size;
      left -= take(partition, Math.ceil(left / (count - i)));
      if (partition.buffer.size < chunks) finished.push(partition);
    }
    for (const partition of finished) {
      this.remove(partition);
      if (!partition.buffer.isEmpty) this.waiting.add(partition);
    }
  }

  private activate(): void {
    for (const partition of this.waiting) {
      if (this.active.length >= MAX_ACTIVE) return;
      this.waiting.delete(partition);
      this.active.push(partition);
    }
  }
}
