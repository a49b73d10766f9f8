import { Random } from './random.js';

export const WORKLOADS = [
  'stateless',
  'aggregate',
  'aggregate',
  'chained',
  'chained',
  'table-join',
  'source-table',
  'windows',
  'sessions',
  'versions',
  'refused',
] as const;
export type WorkloadName = (typeof WORKLOADS)[number];

/** What one history is like; all of it follows from the seed. */
export interface HistorySettings {
  readonly seed: number;
  readonly workload: WorkloadName;
  readonly isExactlyOnce: boolean;
  readonly protocol: 'consumer' | 'classic';
  /** Stores hold updates back and merge them. */
  readonly isCached: boolean;
  readonly isTimestamped: boolean;
  /** `lmdb`: on a simulated disk, which outlives its process. */
  readonly engine: 'memory' | 'lmdb';
  readonly partitions: number;
  readonly processes: number;
  /** Processes use one disk together, as on one machine. */
  readonly sharesDisk: boolean;
  readonly records: number;
  readonly keys: number;
  /** How long the feeding takes, ms. */
  readonly feedMs: number;
  /** How long processes are killed, stopped and cut off, ms; the input may end earlier or later. */
  readonly disturbMs: number;
  /** Whether members may be cut off, or stand still until others take over. */
  readonly hasZombies: boolean;
  /** A wall-clock punctuator puts out records although there is no input. */
  readonly hasTicks: boolean;
  /** Latency of a call, at most, ms; 0: answers come at once. */
  readonly latencyMs: number;
  /** Failures per 1,000 points where one is possible and of interest. */
  readonly failuresPerMille: number;
  readonly maxFailures: number;
  readonly maxCrashes: number;
  readonly commitIntervalMs: number;
  readonly transactionTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  readonly maxPollIntervalMs: number;
  readonly maxPollRecords: number;
  readonly bufferedRecordsPerPartition: number;
  readonly maxTaskIdleMs: number;
  readonly cacheMaxBytes: number;
  readonly flushIntervalMs: number;
  readonly flushBytes: number;
  readonly earlyWriteBytes: number;
  readonly taskTimeoutMs: number;
  readonly lingerMs: number;
  readonly maxBufferedBytes: number;
  readonly repartitionPurgeIntervalMs: number;
  readonly replacesLoop: boolean;
  readonly numStandbyReplicas: number;
  /** Each process has a static id, so its partitions wait for it. */
  readonly isStatic: boolean;
  /** Why a broker refuses some of the output. */
  readonly refusal: 'too-large' | 'too-large-for-client' | 'forbidden';
  readonly refusedAnswer: 'continue' | 'dead-letter';
}

/** The settings that belong to a seed. */
export function settingsOf(seed: number): HistorySettings {
  const random = new Random(seed);
  const isExactlyOnce = random.chance(0.7);
  const disturbMs = random.int(3_000, 11_000);
  const hasZombies = random.chance(isExactlyOnce ? 0.7 : 0.3);
  return {
    seed,
    isExactlyOnce,
    hasZombies,
    workload: random.pick(WORKLOADS),
    protocol: random.chance(0.6) ? 'consumer' : 'classic',
    isCached: random.chance(0.4),
    isTimestamped: random.chance(0.5),
    engine: random.chance(0.75) ? 'lmdb' : 'memory',
    partitions: random.int(1, 3),
    processes: random.pick([1, 2, 2, 3]),
    sharesDisk: random.chance(0.25),
    records: random.int(15, 110),
    keys: random.int(2, 8),
    disturbMs,
    feedMs: Math.round(disturbMs * random.pick([0.3, 1, 1.6])),
    hasTicks: random.chance(0.5),
    latencyMs: random.pick([0, 5, 30]),
    failuresPerMille: random.pick([5, 15, 30, 60]),
    maxFailures: random.int(0, 16),
    maxCrashes: random.int(0, 5),
    commitIntervalMs: random.pick([30, 100, 400]),
    transactionTimeoutMs: random.pick([1_500, 6_000, 12_000, 12_000]),
    sessionTimeoutMs: random.int(1_500, 4_000),
    maxPollIntervalMs: hasZombies ? random.pick([2_000, 6_000, 60_000]) : 60_000,
    maxPollRecords: random.pick([3, 10, 1_000]),
    bufferedRecordsPerPartition: random.pick([2, 1_000]),
    maxTaskIdleMs: random.pick([-1, 0, 0, 50]),
    cacheMaxBytes: random.pick([300, 1_000, 1_000_000]),
    flushIntervalMs: random.pick([0, 500, 3_000, 60_000]),
    flushBytes: random.pick([1, 2_000, 8_000_000]),
    earlyWriteBytes: random.pick([1, 500, 16_000_000, 16_000_000]),
    taskTimeoutMs: random.pick([1_000, 20_000, 20_000]),
    lingerMs: random.pick([0, 5, 20]),
    maxBufferedBytes: random.pick([500, 1_000_000]),
    repartitionPurgeIntervalMs: random.pick([200, 1_000, 30_000]),
    replacesLoop: random.chance(0.5),
    numStandbyReplicas: random.pick([0, 0, 1, 2]),
    isStatic: random.chance(0.25),
    refusal: random.pick(['too-large', 'too-large-for-client', 'forbidden']),
    refusedAnswer: random.pick(['continue', 'dead-letter']),
  };
}
