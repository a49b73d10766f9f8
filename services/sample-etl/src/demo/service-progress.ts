import type { KafkaAdmin } from '@millrace/framework';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FlightTopics } from '../topics.js';

const SAMPLE_INTERVAL_MS = 100;
const STALLED_AFTER_MS = 60_000;

/** How long the service took over the records of the input topic. */
export interface ProcessingTime {
  readonly durationMs: number;
}

/** Watches a running service from outside, through the offsets in Kafka. */
export class ServiceProgress {
  constructor(
    private readonly admin: KafkaAdmin,
    private readonly topics: FlightTopics,
    private readonly signal: AbortSignal,
  ) {}

  /** Resolves when the group has so many members and every partition of the input is held by one of them. */
  async waitUntilRunning(groupId: string, members: number, partitions: number): Promise<void> {
    const deadlineMs = performance.now() + STALLED_AFTER_MS;
    for (;;) {
      const group = await this.admin.describeGroup(groupId);
      const held = group.members.reduce((sum, member) => sum + member.partitions.length, 0);
      const isShared = group.members.every((member) => member.partitions.length > 0);
      if (group.state === 'stable' && group.members.length === members && isShared && held === partitions) return;
      if (performance.now() > deadlineMs) {
        throw new Error(`The consumer group ${groupId} is still ${group.state} after a minute.`);
      }
      await sleep(SAMPLE_INTERVAL_MS, undefined, { signal: this.signal });
    }
  }

  /**
   * Resolves when the group has committed as many records as went in: with exactly-once, everything that came of them is
   * committed in the same transactions.
   * @param onSample records so far, and since when
   */
  async waitUntilDone(
    groupId: string,
    recordsIn: number,
    onSample: (records: number, elapsedMs: number) => void,
  ): Promise<ProcessingTime> {
    let startMs = performance.now();
    let lastMoveMs = startMs;
    let last = 0;
    for (;;) {
      const records = await this.countCommitted(groupId);
      const nowMs = performance.now();
      if (records > last) {
        lastMoveMs = nowMs;
        last = records;
        onSample(records, nowMs - startMs);
      } else if (records === 0) {
        // The clock starts at the last look that found nothing.
        startMs = nowMs;
      }
      if (records >= recordsIn) return { durationMs: nowMs - startMs };
      if (nowMs - lastMoveMs > STALLED_AFTER_MS) {
        throw new Error(`Nothing has moved for a minute: ${records} of ${recordsIn} records are processed.`);
      }
      await sleep(SAMPLE_INTERVAL_MS, undefined, { signal: this.signal });
    }
  }

  private async countCommitted(groupId: string): Promise<number> {
    const offsets = await this.admin.groupOffsets(groupId);
    return offsets
      .filter(({ topic }) => topic === this.topics.flights)
      .reduce((sum, { offset }) => sum + Math.max(0, offset), 0);
  }
}
