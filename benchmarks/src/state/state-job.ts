import { SETTINGS, type Job } from '../common/job.js';
import { PARTITIONS } from '../common/topics.js';

export type Guarantee = 'at_least_once' | 'exactly_once_v2';
export type Engine = 'memory' | 'lmdb' | 'rocksdb';

/** What one measured process does, on either side. */
export interface StateJob extends Job {
  readonly work: 'aggregate' | 'restore';
  readonly engine: Engine;
  readonly guarantee: Guarantee;
  readonly commitIntervalMs: number;
  readonly caching: boolean;
  readonly stateDir: string;
  readonly partitions: number;
  readonly pollRecords: number;
  readonly lingerMs: number;
  readonly maxBufferedBytes: number;
}

const EXACTLY_ONCE_COMMIT_INTERVAL_MS = 100;

/** The settings that both sides share. */
export function sharedSettings(guarantee: Guarantee) {
  const { pollRecords, lingerMs, maxBufferedBytes } = SETTINGS;
  const commitIntervalMs =
    guarantee === 'exactly_once_v2' ? EXACTLY_ONCE_COMMIT_INTERVAL_MS : SETTINGS.commitIntervalMs;
  return { guarantee, commitIntervalMs, partitions: PARTITIONS, pollRecords, lingerMs, maxBufferedBytes };
}
