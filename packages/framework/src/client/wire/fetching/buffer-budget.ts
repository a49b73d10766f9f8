/** What is asked for at once, at most, of one partition: Java's `max.partition.fetch.bytes`. */
const MAX_PARTITION_FETCH_BYTES = 1024 * 1024;
/** How many such parts are read ahead of one partition, as long as memory is not short. */
const MAX_PARTS_AHEAD = 4;
/** Less than this is not worth a request while something of the partition is still buffered. */
const MIN_FETCH_BYTES = 64 * 1024;

/**
 * The memory in which the fetchers of one process may buffer records that nobody has taken yet.
 *
 * Half of it is shared out equally among the assigned partitions: this share is always theirs, so that neither a paused
 * nor a busy partition can stop another. The other half is for whoever reads fast. A first batch that is larger than
 * what was asked for comes whole (KIP-74) and is counted, so the limit may be passed by one batch per request.
 */
export class BufferBudget {
  /** Buffered, or asked for and not yet answered. */
  usedBytes = 0;
  private partitions = 0;
  private limits: readonly number[] = [];
  private capacity = 0;

  /** The limit: the largest that an open fetcher has asked for. */
  get capacityBytes(): number {
    return this.capacity;
  }

  /** Takes a fetcher in, with the limit that it was given for the process. */
  join(maxBufferedBytes: number): void {
    this.limits = [...this.limits, maxBufferedBytes];
    this.capacity = Math.max(0, ...this.limits);
  }

  leave(maxBufferedBytes: number): void {
    const index = this.limits.indexOf(maxBufferedBytes);
    this.limits = this.limits.filter((_, i) => i !== index);
    this.capacity = Math.max(0, ...this.limits);
  }

  addPartitions(count: number): void {
    this.partitions += count;
  }

  take(bytes: number): void {
    this.usedBytes += bytes;
  }

  release(bytes: number): void {
    this.usedBytes -= bytes;
  }

  /** Most bytes that a long poll for partitions at their end may bring. */
  get longPollBytes(): number {
    return Math.max(MIN_FETCH_BYTES, Math.min(4 * 1024 * 1024, Math.floor(this.capacityBytes / 32)));
  }

  /**
   * What is asked for at once of one partition, if the memory allows. The more partitions, the less: the last records of
   * a part that was taken may wait in a task's queue, and keep all of it in memory although it is not counted any more.
   */
  private get partBytes(): number {
    const share = Math.floor(this.capacityBytes / 4 / Math.max(1, this.partitions));
    return Math.min(MAX_PARTITION_FETCH_BYTES, Math.max(MIN_FETCH_BYTES, share));
  }

  /**
   * How many bytes of a partition may be asked for now; 0 if it has to wait until some of it is taken.
   *
   * @param heldBytes what is buffered of it
   * @param plannedBytes what the request being made asks for already, for other partitions
   */
  grant(heldBytes: number, plannedBytes: number): number {
    const { partBytes } = this;
    if (heldBytes > (MAX_PARTS_AHEAD - 1) * partBytes) return 0;
    const half = this.capacityBytes / 2;
    const own = Math.floor(half / Math.max(1, this.partitions)) - heldBytes;
    const free = half - this.usedBytes - plannedBytes;
    const bytes = Math.floor(Math.min(partBytes, Math.max(own, free)));
    if (heldBytes === 0) return Math.max(bytes, 1);
    return bytes >= MIN_FETCH_BYTES ? bytes : 0;
  }
}
