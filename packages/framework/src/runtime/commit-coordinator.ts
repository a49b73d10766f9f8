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

/** How often the ends of the changelogs are asked for, ms: what a crash makes the next start read again. */
const CHANGELOG_OFFSETS_INTERVAL_MS = 5_000;

/** Ends of changelog partitions, by `topic-partition`. */
type ChangelogEnds = ReadonlyMap<string, number>;

/** Makes the effects of processed records permanent. The order of the steps is what every guarantee rests on. */
export class CommitCoordinator {
  #lastOffsetsMs: number;
  #sentBefore = 0;
  /** Stores with changes of which nobody knows yet where they end in the changelogs. */
  readonly #unplaced = new WeakSet<TaskStores>();

  constructor(private readonly deps: CommitDeps) {
    this.#lastOffsetsMs = deps.clock.monotonicMs();
  }

  /**
   * Commits what the tasks have processed:
   *  1. drain the asynchronous work and the caches of every task: each record taken has had its effects
   *  2. write what changed in the stores to their changelogs
   *  3. flush the producer: every record is acknowledged, or answered by the production handler
   *  4. now and then, and at last when nothing moves any more, ask where the changelogs end. Before step 5: a later owner
   *     of a task cannot have written to them yet, or step 5 fails. What follows up to the end may be read once more,
   *     never too little
   *  5. commit output and input offsets, which carry the partitions' stream time
   *  6. make the stores' changes permanent: never before 5, so that local state is never ahead
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
    const hasEffects = moved.length > 0 || collector.recordsSent !== this.#sentBefore;
    const asksEnds = this.#asksEnds(tasks, isLast, hasEffects);
    // Offsets are what the group's generation fences: output of a punctuator must not commit without any.
    const offsets = moved.length > 0 || !(hasEffects || asksEnds) ? moved : fencingOffsets(tasks);
    if (hasEffects || offsets.length > 0) {
      // 4
      const ends: ChangelogEnds = asksEnds ? await this.#changelogEnds(tasks) : new Map();
      // 5
      await guarantee.commit(offsets, membership);
      this.#sentBefore = collector.recordsSent;
      counters.commits++;
      counters.committedOffsets += offsets.length;
      collector.committed();
      // 6
      for (const task of tasks) commitStores(task, ends);
      for (const { stores } of tasks) if (stores !== undefined) this.#place(stores, asksEnds);
    } else {
      // What waits to be written to disk does not wait for the next record.
      for (const { stores } of tasks) stores?.state.flushIfDue();
    }
    // 7
    for (const entry of byTask) entry.task.committed(entry.offsets);
    return moved;
  }

  /** What was sent since the last commit is taken back. */
  aborted(): void {
    this.#sentBefore = this.deps.collector.recordsSent;
  }

  /** Without effects only for state that would otherwise be restored once more. */
  #asksEnds(tasks: readonly StreamTask[], isLast: boolean, hasEffects: boolean): boolean {
    if (!isLast && this.deps.clock.monotonicMs() - this.#lastOffsetsMs < CHANGELOG_OFFSETS_INTERVAL_MS) return false;
    return hasEffects || tasks.some(({ stores }) => stores !== undefined && this.#unplaced.has(stores));
  }

  #place(stores: TaskStores, isPlaced: boolean): void {
    if (isPlaced) this.#unplaced.delete(stores);
    else this.#unplaced.add(stores);
  }

  async #changelogEnds(tasks: readonly StreamTask[]): Promise<ChangelogEnds> {
    const { admin, clock } = this.deps;
    this.#lastOffsetsMs = clock.monotonicMs();
    const partitions = tasks
      .flatMap((task) => ownChangelogs(task))
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

function ownChangelogs({ stores }: StreamTask): readonly TaskChangelog[] {
  return stores === undefined ? [] : stores.changelogs.filter(({ isSource }) => !isSource);
}

function commitStores(task: StreamTask, ends: ChangelogEnds): void {
  const { stores } = task;
  if (stores === undefined) return;
  const offsets = new Map<string, number>();
  for (const { store, topic, partition, isSource } of stores.changelogs) {
    // A table's source is its own changelog: the store holds what was processed of it.
    const end = isSource ? task.position(topic) : ends.get(partitionKey(topic, partition));
    if (end !== undefined) offsets.set(store, end);
  }
  stores.state.commit(offsets);
}
