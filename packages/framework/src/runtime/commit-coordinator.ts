import type { GroupMembership } from '../client/port.js';
import type { OffsetAndMetadata } from '../client/records.js';
import { KafkaError, TaskMigratedError } from '../errors/errors.js';
import type { Clock } from '../time/clock.js';
import type { RecordCollector } from './record-collector.js';
import { retrying } from './retry.js';
import type { StreamTask } from './stream-task.js';

export interface CommitDeps {
  readonly collector: RecordCollector;
  readonly membership: GroupMembership;
  readonly clock: Clock;
  readonly taskTimeoutMs: number;
}

/**
 * Makes the effects of processed records permanent, at least once: offsets are committed only after the output is
 * acknowledged, so a crash at any point repeats records and loses none.
 */
export class CommitCoordinator {
  constructor(private readonly deps: CommitDeps) {}

  /**
   * Commits what the tasks have processed:
   *  1. drain the asynchronous work of every task, so that each record taken has had its effects
   *  2. flush the producer: every output record is acknowledged, or answered by the production handler
   *  3. commit the input offsets, with the partitions' stream time
   *  4. tell the tasks
   *
   * @returns number of partitions whose offset was committed
   * @throws TaskMigratedError if the group no longer knows this member: drop the tasks and rejoin
   */
  async commit(tasks: readonly StreamTask[]): Promise<OffsetAndMetadata[]> {
    // 1
    for (const task of tasks) await task.drain();
    // 2
    await this.deps.collector.flush();
    // 3
    const byTask = tasks.map((task) => ({ task, offsets: task.committable() }));
    const offsets = byTask.flatMap((entry) => entry.offsets);
    if (offsets.length > 0) await this.#commitOffsets(offsets);
    // 4
    for (const entry of byTask) entry.task.committed(entry.offsets);
    return offsets;
  }

  async #commitOffsets(offsets: readonly OffsetAndMetadata[]): Promise<void> {
    const { clock, membership, taskTimeoutMs } = this.deps;
    try {
      await retrying(clock, taskTimeoutMs, () => membership.commit(offsets));
    } catch (error) {
      if (!(error instanceof KafkaError && error.code === 'GROUP_FENCED')) throw error;
      throw new TaskMigratedError(
        `Offsets cannot be committed, the group has gone on without this member: ${error.message}`,
        { cause: error },
      );
    }
  }
}
