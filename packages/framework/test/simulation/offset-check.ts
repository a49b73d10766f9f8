import type { MemoryKafka } from '../../dist/client/memory/memory-kafka.js';
import { GROUP } from './group-check.js';
import { demand } from './workload.js';

/** Watches the group's committed offsets. */
export class OffsetCheck {
  readonly #committed = new Map<string, number>();

  constructor(
    private readonly kafka: MemoryKafka,
    private readonly topics: readonly string[],
    private readonly outputs: readonly string[],
    private readonly partitions: number,
  ) {}

  /** @throws Violation if an offset is lower than at an earlier call */
  check(): void {
    for (const topic of this.topics) {
      for (let partition = 0; partition < this.partitions; partition++) {
        const offset = this.kafka.committed(GROUP, topic, partition)?.offset ?? 0;
        const where = `${topic}-${partition}`;
        const before = this.#committed.get(where) ?? 0;
        demand(offset >= before, () => `the committed offset of ${where} went back from ${before} to ${offset}`);
        this.#committed.set(where, offset);
      }
    }
  }

  /** A partition with records that are not committed; undefined if all are. */
  uncommitted(): string | undefined {
    this.check();
    for (const topic of [...this.topics, ...this.outputs]) {
      for (let partition = 0; partition < this.partitions; partition++) {
        const [, stable] = this.kafka.offsets(topic, partition, 'read_committed');
        const [, end] = this.kafka.offsets(topic, partition);
        if (stable < end) return `${topic}-${partition} has an open transaction`;
      }
    }
    for (const topic of this.topics) {
      for (let partition = 0; partition < this.partitions; partition++) {
        const [start] = this.kafka.offsets(topic, partition);
        const last = this.kafka.records(topic, partition).at(-1)?.offset ?? start - 1;
        const committed = this.kafka.committed(GROUP, topic, partition)?.offset ?? 0;
        if (last >= committed && last >= start) return `${topic}-${partition} is at ${committed} of ${last + 1}`;
      }
    }
    return undefined;
  }
}
