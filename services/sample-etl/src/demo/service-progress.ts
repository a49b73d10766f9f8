import type { KafkaAdmin, TopicPartition } from '@millrace/framework';
import { setTimeout as sleep } from 'node:timers/promises';
import { partitionsOf, recordsPerTopic } from '../check/topic-ends.js';
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

  /** Resolves when as many records have come out as went in. @param onSample records so far, and since when */
  async waitUntilDone(
    recordsIn: number,
    onSample: (records: number, elapsedMs: number) => void,
  ): Promise<ProcessingTime> {
    const outputs = await partitionsOf(this.admin, [...Object.values(this.topics.routes), this.topics.unreadable]);
    let startMs = performance.now();
    let lastMoveMs = startMs;
    let last = 0;
    for (;;) {
      const records = await this.countOutputs(outputs);
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
        throw new Error(`Nothing has moved for a minute: ${records} of ${recordsIn} records have come out.`);
      }
      await sleep(SAMPLE_INTERVAL_MS, undefined, { signal: this.signal });
    }
  }

  private async countOutputs(partitions: readonly TopicPartition[]): Promise<number> {
    let sum = 0;
    for (const records of (await recordsPerTopic(this.admin, partitions)).values()) sum += records;
    return sum;
  }
}
