import type { RunFigures } from '../common/stopwatch.js';

/** Who reads: Millrace's two fetchers, and the consumer of Kafka's own Java client. */
export const SIDES = ['wire', 'addon', 'java'] as const;
export type Side = (typeof SIDES)[number];

/** What one measured process is told. */
export interface ReadJob {
  readonly bootstrapServers: string;
  readonly inputTopic: string;
  readonly partitions: number;
  readonly records: number;
  readonly pollRecords: number;
  readonly maxBufferedBytes: number;
  /** Of Millrace's processes. */
  readonly fetcher: 'wire' | 'addon';
}

/** What it reports. */
export interface ReadFigures extends RunFigures {
  /** Of all keys and values: proof that each was looked at. */
  readonly bytes: number;
}

export interface ReadRun extends ReadFigures {
  readonly side: Side;
  readonly valueBytes: number;
  readonly round: number;
}
