/** What a process of the pause test says every few milliseconds. */
export interface PauseStatus {
  readonly kind: 'status';
  readonly running: readonly string[];
  readonly restoring: number;
}

/** Stands for a task in a {@link Gap}: nothing at all ran in the process, not even a timer. */
export const EVENT_LOOP = 'event loop';

/** A stretch without a record of the task. */
export interface Gap {
  readonly task: string;
  /** When the next record came, ms since the epoch. */
  readonly endMs: number;
  readonly ms: number;
}

export interface PauseReport {
  readonly kind: 'report';
  readonly gaps: readonly Gap[];
  /** The last restore that was seen, ms since the epoch. */
  readonly restoreStartMs: number;
  readonly restoreEndMs: number;
  readonly restoredRecords: number;
}

export type PauseMessage = PauseStatus | PauseReport;
