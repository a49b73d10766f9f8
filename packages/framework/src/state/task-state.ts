import { IllegalStateError, StateStoreError } from '../errors/errors.js';
import type { Clock } from '../time/clock.js';
import { StoreBuffer, type StoreProgress } from './buffer/store-buffer.js';
import type { CacheBudget } from './cache/cache-budget.js';
import type { EngineStore, StateEngine } from './engine/engine.js';
import { MemoryEngine } from './engine/memory-engine.js';
import { IteratorRegistry } from './iterators/store-iterator.js';
import { resolveFlushOptions, type ResolvedFlushOptions, type StateFlushOptions } from './state-options.js';
import type { StateStore } from './stores/state-store.js';
import type { StoreBuilder } from './stores/store-builder.js';
import type { ManagedStore, RestoreRecord, StoreContext } from './stores/store-environment.js';
import { EngineFlusher } from './engine-flusher.js';

export interface TaskStateDeps {
  /** For messages. */
  readonly taskId: string;
  /** In the order in which their caches are to be flushed: a store before those that its updates lead to. */
  readonly builders: readonly StoreBuilder[];
  /** Holds the stores with engine `lmdb`. Without one they are kept in memory, e.g. in the test driver. */
  readonly persistentEngine?: StateEngine;
  readonly context: StoreContext;
  /** One for the whole process. */
  readonly cacheBudget: CacheBudget;
  /** Full name of a store's changelog topic, also asked for stores without one (serdes get it). */
  readonly changelogTopic: (storeName: string) => string;
  readonly clock: Clock;
  readonly flush?: StateFlushOptions;
}

/** One change for a changelog. `key` and `value` are in Kafka Streams' bytes. */
export type TaskChangelogEmit = (store: string, key: Buffer, value: Buffer | null, timestampMs: number) => void;

/** Up to where a store has read one partition of the topic that it is a copy of. */
export interface PartitionPosition {
  readonly store: string;
  readonly partition: number;
  /** Offset of the next record to read. */
  readonly offset: number;
}

interface StoreEntry {
  readonly builder: StoreBuilder;
  readonly managed: ManagedStore;
  readonly buffer: StoreBuffer;
  readonly engineStore: EngineStore;
  readonly flusher: EngineFlusher;
}

/**
 * The stores of one task and their transaction. Per record: process, then {@link endRecord}. Per commit:
 *
 * 1. {@link flushCaches}: updates that were held back go downstream and may write to stores;
 * 2. {@link drainChangelog}: the records for the changelogs;
 * 3. the runtime commits to Kafka and knows the changelogs' offsets;
 * 4. {@link commit}: the changes become visible to queries, and sooner or later one engine write stores them together
 *    with the offsets. {@link abort} instead drops them.
 *
 * What an engine holds is the changelogs up to the offsets that it holds, neither less nor more: not every store comes
 * out the same when a part of its changelog is applied twice (a version of long ago may lie before a deletion that is
 * forgotten by now).
 */
export class TaskState {
  readonly iterators = new IteratorRegistry();
  readonly #stores = new Map<string, StoreEntry>();
  readonly #memory: EngineFlusher;
  /** Of the engine that outlives the process, if there is one. */
  readonly #disk: EngineFlusher | undefined;
  readonly #options: ResolvedFlushOptions;
  #bytesAtLastDrain = 0;
  /** Whether the changelog offsets that are known cover all that is committed: only then the disk may have it. */
  #isPlaced = true;
  #isClosed = false;

  /** @throws StateStoreError `STATE_INCOMPATIBLE` if a store's files were written by one with other serdes or times */
  constructor(private readonly deps: TaskStateDeps) {
    this.#options = resolveFlushOptions(deps.flush);
    const { clock, persistentEngine } = deps;
    this.#memory = new EngineFlusher(new MemoryEngine(), clock, this.#options);
    this.#disk = persistentEngine && new EngineFlusher(persistentEngine, clock, this.#options);
    for (const builder of deps.builders) {
      this.#open(builder, builder.settings.engine === 'memory' ? this.#memory : (this.#disk ?? this.#memory));
    }
  }

  /** The store as processors see it. @throws StateStoreError `STORE_NOT_FOUND` */
  store(name: string): StateStore {
    return this.#entry(name).managed.store;
  }

  /** The store as interactive queries see it: committed state only. */
  readOnlyStore(name: string): unknown {
    return this.#entry(name).managed.readOnly;
  }

  get storeNames(): readonly string[] {
    return [...this.#stores.keys()];
  }

  /** Offset of the next changelog record that the store lacks; undefined: restore from the beginning. */
  changelogOffset(name: string): number | undefined {
    return this.#entry(name).flusher.offset(name);
  }

  /** Position of a store that is a copy of a topic of several partitions; undefined: read it from the beginning. */
  partitionOffset(name: string, partition: number): number | undefined {
    return this.#entry(name).flusher.offset(partitionEntry(name, partition));
  }

  /**
   * Takes records of a store's changelog into the committed state, in their order.
   *
   * @param nextOffset offset after them; stored together with them
   */
  restore(name: string, records: readonly RestoreRecord[], nextOffset: number): void {
    const { managed, flusher } = this.#entry(name);
    managed.transaction.restore(records);
    flusher.setOffset(name, nextOffset);
    this.flushIfDue();
  }

  /** Deletes all entries and the offset of a store, e.g. because its changelog no longer has the offset. */
  reset(name: string): void {
    const { managed, engineStore, flusher } = this.#entry(name);
    managed.transaction.abort();
    flusher.clear(name, engineStore);
  }

  /** Closes iterators that the record's processing left open. */
  endRecord(): void {
    this.iterators.closeAll();
  }

  /**
   * Passes on the updates that caches hold back, including those that this leads to. Stops at one that is worked on
   * asynchronously: the task waits for it and calls again, until the answer is 0.
   * @returns how many
   */
  flushCaches(): number {
    let total = 0;
    let passedOn: number;
    do {
      passedOn = 0;
      for (const { managed } of this.#stores.values()) {
        const { cache } = managed.transaction;
        if (cache === undefined) continue;
        passedOn += cache.flush();
        if (cache.isWaiting) return total + passedOn;
      }
      total += passedOn;
    } while (passedOn > 0);
    return total;
  }

  /** Hands out every change since the last call, one per store and key. */
  drainChangelog(emit: TaskChangelogEmit): void {
    for (const [name, { managed, builder }] of this.#stores) {
      const { transaction } = managed;
      if (builder.changelog === undefined || !transaction.hasUnlogged) continue;
      transaction.drainChangelog((key, value, timestampMs) => {
        emit(name, key, value, timestampMs);
      });
    }
    this.#bytesAtLastDrain = this.openBytes;
  }

  /** Bytes of the open transaction's changes. */
  get openBytes(): number {
    let bytes = 0;
    for (const { managed } of this.#stores.values()) bytes += managed.transaction.openBytes;
    return bytes;
  }

  /** True: call {@link drainChangelog} now, inside the open transaction, so that a commit does not produce it all at once. */
  get wantsEarlyWrite(): boolean {
    return this.openBytes - this.#bytesAtLastDrain >= this.#options.earlyWriteBytes;
  }

  /** True: commit as soon as the current record is done, the transaction's changes fill their memory. */
  get wantsCommit(): boolean {
    return this.openBytes >= this.#options.maxOpenBytes;
  }

  /** Whether there is something that the disk lacks. */
  get hasUnflushed(): boolean {
    return this.#disk?.hasUnflushed === true;
  }

  /** True: the next commit is to be one that knows the changelogs' offsets, so that the disk can have what waits. */
  get isFlushDue(): boolean {
    return this.#disk?.isDue === true;
  }

  /** False: committed changes wait for a commit that knows where they end in the changelogs. */
  get isPlaced(): boolean {
    return this.#isPlaced;
  }

  /**
   * Ends the transaction.
   *
   * @param changelogOffsets per store the offset after its last changelog record; stores without one are left out.
   *   Undefined: they are not known. Then what is committed waits in memory for a commit that knows them
   * @param positions of stores that are copies of topics
   * @throws IllegalStateError if changes were not handed out by {@link drainChangelog} before: the changelog would lack them
   */
  commit(changelogOffsets?: ReadonlyMap<string, number>, positions: readonly PartitionPosition[] = []): void {
    const hasChanges = this.#disk !== undefined && this.openBytes > 0;
    for (const [name, { managed, builder }] of this.#stores) {
      if (builder.changelog === undefined || !managed.transaction.hasUnlogged) continue;
      throw new IllegalStateError(
        `Task ${this.deps.taskId}: store ${name} has changes that are not in its changelog. Drain the changelog before the commit.`,
      );
    }
    for (const { managed } of this.#stores.values()) managed.transaction.commit();
    if (changelogOffsets !== undefined) this.#isPlaced = true;
    else if (hasChanges) this.#isPlaced = false;
    for (const [name, offset] of changelogOffsets ?? []) this.#entry(name).flusher.setOffset(name, offset);
    for (const { store, partition, offset } of positions) {
      this.#entry(store).flusher.setOffset(partitionEntry(store, partition), offset);
    }
    this.#bytesAtLastDrain = 0;
    this.flushIfDue();
  }

  /** Drops everything since the last commit. */
  abort(): void {
    this.iterators.closeAll();
    for (const { managed } of this.#stores.values()) managed.transaction.abort();
    this.#bytesAtLastDrain = 0;
  }

  /** Writes committed changes if enough of them wait, or long enough. To be called now and then, e.g. once per poll. */
  flushIfDue(): void {
    this.#memory.flush();
    if (this.#isPlaced && this.#disk?.isDue === true) this.#disk.flush();
  }

  /** Writes committed changes now. */
  flush(): void {
    this.#memory.flush();
    if (this.#isPlaced) this.#disk?.flush();
  }

  /** Entries a store holds, expired ones included until a flush has deleted them. */
  approximateEntries(name: string): number {
    return this.#entry(name).buffer.approximateEntries();
  }

  /** Bytes in engines and buffers. */
  approximateBytes(): number {
    return this.openBytes + this.#memory.approximateBytes() + (this.#disk?.approximateBytes() ?? 0);
  }

  /**
   * Closes the stores and engines. The open transaction is dropped.
   *
   * @param isClean false: committed changes that wait for a flush are dropped too (they are in the changelog)
   */
  close(isClean: boolean): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.abort();
    try {
      if (isClean) {
        this.flush();
        this.#disk?.engine.sync();
      }
    } finally {
      for (const { managed } of this.#stores.values()) managed.close();
      this.#memory.engine.close();
      this.#disk?.engine.close();
    }
  }

  #open(builder: StoreBuilder, flusher: EngineFlusher): void {
    const { name } = builder;
    if (this.#stores.has(name)) {
      throw new StateStoreError('STORE_INVALID_OPTION', `Task ${this.deps.taskId} has two stores named ${name}.`);
    }
    flusher.checkFingerprint(name, builder.fingerprint);
    const engineStore = flusher.engine.openStore(name);
    const progress: StoreProgress | undefined = flusher.progress(name);
    const buffer = new StoreBuffer(name, engineStore, progress);
    const managed = builder.build({
      buffer,
      isPersistent: flusher.engine.isPersistent,
      iterators: this.iterators,
      context: this.deps.context,
      cacheBudget: this.deps.cacheBudget,
      changelogTopic: this.deps.changelogTopic(name),
    });
    flusher.add(buffer);
    this.#stores.set(name, { builder, managed, buffer, engineStore, flusher });
  }

  #entry(name: string): StoreEntry {
    const entry = this.#stores.get(name);
    if (entry !== undefined) return entry;
    const known = [...this.#stores.keys()].join(', ') || 'none';
    throw new StateStoreError(
      'STORE_NOT_FOUND',
      `Task ${this.deps.taskId} has no store ${name} (it has: ${known}). Connect the store to the processor that uses it.`,
    );
  }
}

/** Name under which a position is kept; a store's name has no slash. */
function partitionEntry(store: string, partition: number): string {
  return `${store}/${partition}`;
}
