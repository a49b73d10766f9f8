/** When buffered state is written where. Bytes are per task and estimates: keys, values and what holding them costs. */
export interface StateFlushOptions {
  /** Changes that the changelog lacks, before they are produced inside the open transaction. @default 16 MiB */
  readonly earlyWriteBytes?: number;
  /** Changes of the open transaction, before it asks to be committed. @default 64 MiB */
  readonly maxOpenBytes?: number;
  /**
   * Committed changes that wait in memory before they are written to the engine. More of them make writes rarer and
   * cheaper per change, but each one pauses the process for longer (36,000 values of 100 bytes: about half a second, spread over a large store). @default 8 MiB
   */
  readonly flushBytes?: number;
  /** Longest time that committed changes wait, ms: what a crash costs in records to restore. @default 10000 */
  readonly flushIntervalMs?: number;
}

/** {@link StateFlushOptions} with defaults applied. */
export type ResolvedFlushOptions = Required<StateFlushOptions>;

const MIB = 1024 * 1024;

export function resolveFlushOptions(options: StateFlushOptions = {}): ResolvedFlushOptions {
  const {
    earlyWriteBytes = 16 * MIB,
    maxOpenBytes = 64 * MIB,
    flushBytes = 8 * MIB,
    flushIntervalMs = 10_000,
  } = options;
  return Object.freeze({ earlyWriteBytes, maxOpenBytes, flushBytes, flushIntervalMs });
}
