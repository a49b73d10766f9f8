import { setTimeout as sleep } from 'node:timers/promises';
import { NO_HEADERS, type KafkaClientFactory } from '@millrace/framework';
import { round } from '../common/results.js';
import { PauseMember } from './pause-member.js';
import { EVENT_LOOP, type PauseReport } from './pause-messages.js';
import { createChangelog, writeChangelog } from './restore-part.js';
import { deleteTopics, type Setting } from './setting.js';
import { sharedSettings, type StateJob } from './state-job.js';

/** How long the tasks of a process stand still when it gets one more task and restores that one's store. */
export interface PauseFigures {
  readonly keys: number;
  readonly restoredRecords: number;
  readonly restoreSeconds: number;
  /** Longest time without a record of the task that was running, during rebalance and restore. */
  readonly longestPauseMs: number;
  /** The same without anything to restore, before: what the load and the commits make of it. */
  readonly longestPauseBeforeMs: number;
  /** Longest time for which the process itself did nothing else; the rest of a pause is waiting for the broker. */
  readonly longestBlockMs: number;
  readonly longestBlockBeforeMs: number;
  readonly isUnderOneSecond: boolean;
}

const PARTITIONS = 2;
const LOAD_INTERVAL_MS = 5;
const QUIET_MS = 5_000;

/** Two processes with a task each, under load; one of them leaves. */
export async function pausePart(setting: Setting): Promise<PauseFigures> {
  const { admin, clients, bootstrapServers, options } = setting;
  const groupId = `bench-pause-${process.pid}`;
  const inputTopic = `${groupId}-in`;
  const changelog = `${groupId}-table-changelog`;
  await admin.createTopic({ topic: inputTopic, partitions: PARTITIONS, replicationFactor: 1 });
  await createChangelog(admin, changelog, PARTITIONS);
  await writeChangelog(clients, changelog, PARTITIONS * options.keys, PARTITIONS);
  const job: Omit<StateJob, 'stateDir'> = {
    ...{ work: 'restore', bootstrapServers, inputTopic, outputTopic: '', groupId, engine: 'lmdb', caching: false },
    records: options.keys,
    ...sharedSettings('exactly_once_v2'),
    partitions: PARTITIONS,
  };
  const [stays, leaves] = [new PauseMember(job), new PauseMember(job)];
  const load = new Load(clients, inputTopic);
  try {
    const isShared = (): boolean => stays.running.length === 1 && leaves.running.length === 1;
    await stays.until(isShared, 'each process has restored one task');
    const [task] = stays.running;
    const quietFromMs = Date.now();
    await sleep(QUIET_MS);
    const leavesAtMs = Date.now();
    await leaves.stop();
    await stays.until(() => stays.running.length === PARTITIONS, 'the other task is restored');
    await sleep(1000);
    const report = await stays.takeReport();
    if (report.restoreStartMs < leavesAtMs) throw new Error('The task that moved was not restored.');
    const figures = figuresOf(report, options.keys, task, { quietFromMs: quietFromMs + 1000, leavesAtMs });
    console.log(
      `pause: ${figures.longestPauseMs} ms at most while ${options.keys} keys were restored in ` +
        `${figures.restoreSeconds} s (before: ${figures.longestPauseBeforeMs} ms); the process itself was busy for ` +
        `${figures.longestBlockMs} ms at most (before: ${figures.longestBlockBeforeMs} ms)`,
    );
    return figures;
  } finally {
    await load.stop();
    await stays.stop();
    await leaves.stop();
    await deleteTopics(admin, [inputTopic, changelog, `${groupId}-instances`]);
    await admin.deleteGroup(groupId).catch(() => undefined);
  }
}

function figuresOf(
  { gaps, restoreStartMs, restoreEndMs, restoredRecords }: PauseReport,
  keys: number,
  task: string | undefined,
  { quietFromMs, leavesAtMs }: { readonly quietFromMs: number; readonly leavesAtMs: number },
): PauseFigures {
  const longest = (of: string | undefined, fromMs: number, toMs: number): number =>
    round(
      Math.max(
        0,
        ...gaps.filter((gap) => gap.task === of && gap.endMs > fromMs && gap.endMs - gap.ms < toMs).map(({ ms }) => ms),
      ),
    );
  const longestPauseMs = longest(task, leavesAtMs, restoreEndMs);
  return {
    keys,
    restoredRecords,
    restoreSeconds: round((restoreEndMs - restoreStartMs) / 1000),
    longestPauseMs,
    longestPauseBeforeMs: longest(task, quietFromMs, leavesAtMs),
    longestBlockMs: longest(EVENT_LOOP, leavesAtMs, restoreEndMs),
    longestBlockBeforeMs: longest(EVENT_LOOP, quietFromMs, leavesAtMs),
    isUnderOneSecond: longestPauseMs < 1000,
  };
}

/** A few records to each partition every few milliseconds. */
class Load {
  private isStopped = false;
  private readonly done: Promise<void>;

  constructor(clients: KafkaClientFactory, topic: string) {
    this.done = this.run(clients, topic);
    // Whoever stops it gets the error.
    this.done.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.done;
  }

  private async run(clients: KafkaClientFactory, topic: string): Promise<void> {
    const producer = clients.producer({ lingerMs: 0 });
    await producer.connect();
    try {
      const value = Buffer.from('x');
      for (let index = 0; !this.isStopped; index++) {
        const partition = index % PARTITIONS;
        while (!producer.produce(topic, partition, null, value, Date.now(), NO_HEADERS)) await producer.drain();
        if (partition === 0) await sleep(LOAD_INTERVAL_MS);
      }
      await producer.flush();
      const [failure] = producer.takeFailures();
      if (failure !== undefined) throw failure.error;
    } finally {
      await producer.close();
    }
  }
}
