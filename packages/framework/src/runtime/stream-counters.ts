/** Records counted by the tasks of one client, whichever of them still live. */
export class StreamCounters {
  /** Taken through the topology, those of aborted transactions included. */
  processedRecords = 0;
  /** Written to topics, changelogs and dead letters included. */
  sentRecords = 0;
  sentBytes = 0;
  /** Let go by a handler, by a negative timestamp, by a store because they came too late, or by an operator (null keys). */
  droppedRecords = 0;
  deadLetters = 0;
  /** Commits that had something to commit. */
  commits = 0;
  /**
   * Offsets of input partitions that went into commits: those that moved. With exactly-once the native client keeps
   * about 160 bytes of each until the process ends (docs/state.md).
   */
  committedOffsets = 0;
}
