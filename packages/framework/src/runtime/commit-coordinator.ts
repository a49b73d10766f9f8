import type { GroupMembership, KafkaAdmin } from '../client/port.js';
import { partitionKey, type OffsetAndMetadata } from '../client/records.js';
import type { ProcessingGuarantee } from './processing-guarantee.js';
import type { RecordCollector } from './record-collector.js';
import { retrying, type Patience } from './retry.js';
import type { StreamCounters } from './stream-counters.js';
import type { StreamTask } from './stream-task.js';
import type { TaskChangelog, TaskStores } from './task-stores.js';

export interface CommitDeps extends Patience {
  readonly guarantee: ProcessingGuarantee;
  readonly collector: RecordCollector;
  readonly membership: GroupMembership;
  readonly admin: KafkaAdmin;
  readonly counters: StreamCounters;
}

/** Ends of changelog partitions, by `topic-partition`. */
type ChangelogEnds = ReadonlyMap<string, number>;

/** Makes the effects of processed records permanent. The order of the steps is what every guarantee rests on. */
export class CommitCoordinator {
  #sentBefore = 0;

  constructor(private readonly deps: CommitDeps) {}

  /**
   * Commits what the tasks have processed:
   *  1. drain the asynchronous work and the caches of every task: each record taken has had its effects
   *  2. write what changed in the stores to their changelogs
   *  3. flush the producer: every record is acknowledged, or answered by the production handler
   *  4. of the tasks whose state is due to be written to disk, and of all of them at last, ask where the changelogs end.
   *     Before step 5: a later owner of a task cannot have written to them yet, or step 5 fails
   *  5. commit output and input offsets, which carry the partitions' stream time
   *  6. make the stores' changes permanent: never before 5, so that local state is never ahead; on disk only with the
   *     offsets of step 4
   *  7. tell the tasks
   *
   * @param isLast no commit of these tasks follows here: step 4 is done in any case
   * @returns the offsets that moved
   * @throws TaskMigratedError or a `KafkaError` that requires abort, see {@link ProcessingGuarantee}
   */
  async commit(tasks: readonly StreamTask[], isLast = false): Promise<OffsetAndMetadata[]> {
    const { collector, counters, guarantee, membership } = this.deps;
    // 1
    for (const task of tasks) await task.drain();
    // 2
    for (const task of tasks) await task.writeChangelog();
    // 3
    await retrying(this.deps, 'flush the producer', () => collector.flush());
    const byTask = tasks.map((task) => ({ task, offsets: task.committable() }));
    const moved = byTask.flatMap((entry) => entry.offsets);
    // Stores without changelog change without a record.
    const hasChanges = tasks.some(({ stores }) => stores !== undefined && stores.state.openBytes > 0);
    const hasEffects = moved.length > 0 || collector.recordsSent !== this.#sentBefore || hasChanges;
    const due = new Set(tasks.filter(({ stores }) => stores !== undefined && isDue(stores, isLast, hasEffects)));
    // Offsets are what the group's generation fences: output of a punctuator must not commit without any.
    const offsets = moved.length > 0 || !(hasEffects || due.size > 0) ? moved : fencingOffsets(tasks);
    if (hasEffects || offsets.length > 0) {
      // 4
      const ends = await this.#changelogEnds([...due]);
      // 5
      await guarantee.commit(offsets, membership);
      this.#sentBefore = collector.recordsSent;
      counters.commits++;
      counters.committedOffsets += offsets.length;
      collector.committed();
      // 6
      for (const task of tasks) commitStores(task, due.has(task) ? ends : undefined);
      // At last only those that are given up write, when they are closed: the others need not stand still for it.
      if (!isLast) for (const { stores } of due) stores?.state.flush();
    }
    // 7
    for (const entry of byTask) entry.task.committed(entry.offsets);
    return moved;
  }

  /** What was sent since the last commit is taken back. */
  aborted(): void {
    this.#sentBefore = this.deps.collector.recordsSent;
  }

  async #changelogEnds(tasks: readonly StreamTask[]): Promise<ChangelogEnds> {
    const { admin } = this.deps;
    const partitions = tasks
      .flatMap(({ stores }) => (stores === undefined ? [] : ownChangelogs(stores)))
      .map(({ topic, partition }) => ({ topic, partition }));
    if (partitions.length === 0) return new Map();
    const ends = await retrying(this.deps, 'read the ends of changelogs', () =>
      admin.listOffsets(partitions, 'latest', 'read_uncommitted'),
    );
    return new Map(ends.map(({ topic, partition, offset }) => [partitionKey(topic, partition), offset]));
  }
}

/** One offset that is committed already. */
function fencingOffsets(tasks: readonly StreamTask[]): readonly OffsetAndMetadata[] {
  return tasks.flatMap((task) => task.positions()).slice(0, 1);
}

function ownChangelogs({ changelogs }: TaskStores): readonly TaskChangelog[] {
  return changelogs.filter(({ isSource }) => !isSource);
}

/** Whether the stores' changes are to be written to disk now, or may be when the task is closed. */
function isDue({ state }: TaskStores, isLast: boolean, hasEffects: boolean): boolean {
  return isLast ? !state.isPlaced || (hasEffects && state.hasUnflushed) : state.isFlushDue;
}

/** @param ends undefined: not asked for */
function commitStores(task: StreamTask, ends: ChangelogEnds | undefined): void {
  const { stores } = task;
  if (stores === undefined) return;
  if (ends === undefined && ownChangelogs(stores).length > 0) {
    stores.state.commit();
    return;
  }
  const offsets = new Map<string, number>();
  for (const { store, topic, partition, isSource } of stores.changelogs) {
    // A table's source is its own changelog: the store holds what was processed of it.
    const end = isSource ? task.position(topic) : ends?.get(partitionKey(topic, partition));
    if (end !== undefined) offsets.set(store, end);
  }
  stores.state.commit(offsets);
}
