/** A mistake in the commit protocol, as a change of the compiled code. */
export interface Mutant {
  readonly name: string;
  /** What goes wrong, in a sentence. */
  readonly mistake: string;
  readonly changes: readonly Change[];
}

export interface Change {
  /** Below `dist`. */
  readonly file: string;
  /** Occurs exactly once; white space counts as one blank. */
  readonly find: string;
  readonly replace: string;
}

const loop = 'runtime/stream-loop.js';
const coordinator = 'runtime/commit-coordinator.js';
const guarantee = 'runtime/processing-guarantee.js';

const SEND_OFFSETS =
  "await this.#call('add offsets to the transaction', () => this.producer.sendOffsets(offsets, membership));";
const ENDS = 'const ends = await this.#changelogEnds([...due]);';
const COMMIT_STORES = 'for (const task of tasks) commitStores(task, due.has(task) ? ends : undefined);';

/** What the simulation has to notice. */
export const mutants: readonly Mutant[] = [
  {
    name: 'flush-before-commit',
    mistake: 'the stores take the changes over before the transaction commits',
    changes: [
      { file: coordinator, find: COMMIT_STORES, replace: '' },
      {
        file: coordinator,
        find: 'await guarantee.commit(offsets, membership);',
        replace: `${COMMIT_STORES} await guarantee.commit(offsets, membership);`,
      },
    ],
  },
  {
    name: 'skip-group-fence',
    mistake: 'offsets join the transaction whatever has become of the member that sends them',
    changes: [
      { file: 'client/memory/memory-producer.js', find: 'group.checkEpoch(memberId, epoch, true);', replace: '' },
    ],
  },
  {
    name: 'offsets-outside',
    mistake: 'input offsets are committed beside the transaction, not in it',
    changes: [{ file: guarantee, find: SEND_OFFSETS, replace: 'await membership.commit(offsets);' }],
  },
  {
    name: 'no-rewind',
    mistake: 'after an abort the inputs go on where they were',
    changes: [
      {
        file: loop,
        find: 'this.#tasks.rewind(await this.#intake.starts(partitions, begun));',
        replace:
          'const starts = await this.#intake.starts(partitions, begun);' +
          'const reached = new Map(this.#tasks.tasks.flatMap(({ queues }) => queues).map((queue) => [`${queue.topic}-${queue.partition}`, queue.committableOffset]));' +
          'this.#tasks.rewind(starts.map((start) => ({ ...start, offset: reached.get(`${start.topic}-${start.partition}`) ?? start.offset })));',
      },
    ],
  },
  {
    name: 'keep-aborted-state',
    mistake: 'after an abort the stores keep what the transaction has written',
    changes: [{ file: 'runtime/task-manager.js', find: 'managed.stores?.state.abort();', replace: '' }],
  },
  {
    name: 'restore-uncommitted',
    mistake: 'stores are restored from records of open and aborted transactions, too',
    changes: [
      {
        file: loop,
        find: 'const restoreFetcher = kafka.fetcher({ isolationLevel,',
        replace: "const restoreFetcher = kafka.fetcher({ isolationLevel: 'read_uncommitted',",
      },
    ],
  },
  {
    name: 'acknowledge-before-commit',
    mistake: 'revoked partitions are given up before their work is committed',
    changes: [
      {
        file: loop,
        find: 'await this.#commitRevoked(); await this.#drop(event.partitions); break;',
        replace:
          'this.#membership.acknowledge(); await this.#commitRevoked(); await this.#drop(event.partitions); this.#isWaitingForAssignment = false; return;',
      },
    ],
  },
  {
    name: 'commit-lost',
    mistake: 'work on partitions that were lost is committed as if they were revoked',
    changes: [
      {
        file: loop,
        find: "case 'lost': await this.#drop(event.partitions);",
        replace:
          "case 'lost': if (this.deps.options.processingGuarantee === 'exactly_once_v2') break; await this.#drop(event.partitions);",
      },
    ],
  },
  {
    name: 'unstable-offsets',
    mistake: 'committed offsets are read although an open transaction may change them',
    changes: [{ file: 'client/memory/memory-membership.js', find: 'await this.#whenStable(partitions);', replace: '' }],
  },
  {
    name: 'commit-undrained',
    mistake: 'a commit does not wait for what caches hold back',
    changes: [{ file: coordinator, find: 'await task.drain();', replace: '' }],
  },
  {
    name: 'stale-fetch',
    mistake: 'records fetched for an earlier assignment reach a later one',
    changes: [
      {
        file: 'runtime/fetch-pump.js',
        find: 'if (this.#result === undefined) return; const gone',
        replace: 'return; const gone',
      },
    ],
  },
  {
    name: 'late-changelog-ends',
    mistake: 'the ends of the changelogs are asked for after the commit, when others may have written to them',
    changes: [
      { file: coordinator, find: ENDS, replace: '' },
      {
        file: coordinator,
        find: 'this.#sentBefore = collector.recordsSent;',
        replace: `this.#sentBefore = collector.recordsSent; ${ENDS}`,
      },
    ],
  },
  {
    name: 'unplaced-flush',
    mistake: 'the disk gets changes of which it is not known where they end in the changelogs',
    changes: [
      {
        file: 'state/task-state.js',
        find: 'if (this.#isPlaced && this.#disk?.isDue === true)',
        replace: 'if (this.#disk?.isDue === true)',
      },
    ],
  },
  {
    name: 'unfenced-output',
    mistake: 'output without input is committed although others may have the task by now',
    changes: [
      {
        file: coordinator,
        find: 'const offsets = moved.length > 0 || !(hasEffects || due.size > 0) ? moved : fencingOffsets(tasks);',
        replace: 'const offsets = moved;',
      },
    ],
  },
  {
    name: 'restore-timeless',
    mistake: 'windows and sessions are restored without the time that decides what has expired',
    changes: [
      {
        file: 'state/stores/segmented-writer.js',
        find: 'observeTime(this.buffer, layout.segments, layout.timeOf(at));',
        replace: '',
      },
    ],
  },
  {
    name: 'answer-forgotten',
    mistake: 'what was said of a refused record is forgotten when its transaction is done again',
    changes: [
      {
        file: 'runtime/record-collector.js',
        find: 'if (this.deps.isTransactional) refusal.answer = answer;',
        replace: '',
      },
    ],
  },
];
