import type { Job } from '../common/job.js';

export interface RssJob extends Job {
  readonly stateDir: string;
  readonly commitIntervalMs: number;
  readonly sampleEveryRecords: number;
}

/** The process when so many records had been processed. */
export interface RssSample {
  readonly records: number;
  readonly seconds: number;
  /** Resident memory, the mapped files of the stores included. */
  readonly rssMiB: number;
  readonly heapUsedMiB: number;
  /** Buffers and other memory outside of the heap that JavaScript objects hold. */
  readonly externalMiB: number;
  /** Pages of mapped files among the resident memory; on Linux. */
  readonly mappedFilesMiB?: number;
  readonly commits: number;
  readonly committedOffsets: number;
}

export interface OffsetLeakJob extends Job {
  /** Offsets handed to transactions, in portions of all partitions of the input topic. */
  readonly offsets: number;
  readonly partitions: number;
}

/** Growth of resident memory while offsets were handed to transactions. */
export interface OffsetLeak {
  readonly offsets: number;
  readonly calls: number;
  readonly grownMiB: number;
  readonly bytesPerOffset: number;
}
