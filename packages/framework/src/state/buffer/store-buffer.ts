import { successor, type ByteString } from '../engine/byte-string.js';
import type { EnginePurge, EngineStore, StoreWrite } from '../engine/engine.js';
import { SortedMap } from '../engine/sorted-map.js';
import type { ByteCursor, ByteReader } from './byte-reader.js';
import { MergedCursor, type MergedCursorDeps, type Overlay } from './merged-cursor.js';

/** A change of the open transaction. */
interface OpenChange {
  value: ByteString | null;
  /** Timestamp of the changelog record. */
  timestampMs: number;
  /** Whether the changelog has it already, or never gets it. */
  isLogged: boolean;
}

/** What a store remembers beside its entries. */
export interface StoreProgress {
  /** Largest event time seen, or -1. */
  observedTimeMs: number;
  /** Last sequence number given to an entry of a window store that keeps duplicates. */
  sequence: number;
}

/** Rough cost of a buffered change besides its bytes. */
const CHANGE_OVERHEAD_BYTES = 120;
/** Expired entries deleted in one flush, at least; the rest waits for the next, so that a flush stays short. */
const PURGE_LIMIT = 20_000;
/** Expired entries deleted per change that a flush writes: more than come, so that what waits grows less. */
const PURGED_PER_CHANGE = 2;

/**
 * Write buffer of one store over its engine, in two layers:
 *
 *   open       what the running transaction has written: seen by its task only, dropped by abort()
 *   committed  what earlier transactions have written and the engine does not have yet: seen by interactive reads
 *
 * Reads look at open, committed, engine, in this order. An engine that dies with the process has no transactions: what
 * is committed goes there at once, and the second layer stays empty.
 */
export class StoreBuffer implements ByteReader {
  readonly #open = new SortedMap<OpenChange>();
  readonly #committed = new SortedMap<ByteString | null>();
  readonly #openOverlay: Overlay;
  readonly #committedOverlay: Overlay;
  readonly #cursorDeps: MergedCursorDeps;
  #epoch = 0;
  #version = 0;
  #openBytes = 0;
  #committedBytes = 0;
  #unlogged = 0;
  /** Entries with keys in this range are expired; deleted bit by bit. */
  #purge: { from: ByteString; to: ByteString } | undefined;
  #openPurge: { from: ByteString; to: ByteString } | undefined;
  /** Changes since the last flush, while there is something to purge. */
  #changesBesidePurge = 0;
  #lastReadKey: ByteString | undefined;
  #lastReadValue: ByteString | undefined;
  /** The open change that was asked for last: most keys are read and then written. */
  #lastOpenKey: ByteString | undefined;
  #lastOpenChange: OpenChange | undefined;
  readonly #progress: StoreProgress;
  #committedProgress: StoreProgress;
  #isProgressDirty = false;

  constructor(
    readonly name: string,
    private readonly engine: EngineStore,
    progress: StoreProgress = { observedTimeMs: -1, sequence: 0 },
  ) {
    this.#progress = { ...progress };
    this.#committedProgress = { ...progress };
    this.#openOverlay = overlay(this.#open, (key) => (this.#open.get(key) as OpenChange).value);
    this.#committedOverlay = overlay(this.#committed, (key) => this.#committed.get(key) as ByteString | null);
    this.#cursorDeps = {
      overlays: [this.#openOverlay, this.#committedOverlay],
      engine,
      epoch: () => this.#epoch,
      version: () => this.#version,
    };
  }

  /** Bytes of the open transaction's changes. */
  get openBytes(): number {
    return this.#openBytes;
  }

  /** Bytes of committed changes that wait for a flush. */
  get committedBytes(): number {
    return this.#committedBytes;
  }

  /** Whether there is something that the engine lacks, the open transaction's changes counted in. */
  get hasUnflushed(): boolean {
    return this.#open.size > 0 || this.#committed.size > 0 || this.#purge !== undefined || this.#isProgressDirty;
  }

  /** Whether the open transaction has changes that its changelog lacks. */
  get hasUnlogged(): boolean {
    return this.#unlogged > 0;
  }

  get observedTimeMs(): number {
    return this.#progress.observedTimeMs;
  }

  /** Raises the observed time. Part of the open transaction. */
  observe(timestampMs: number): void {
    if (timestampMs > this.#progress.observedTimeMs) this.#progress.observedTimeMs = timestampMs;
  }

  get sequence(): number {
    return this.#progress.sequence;
  }

  set sequence(value: number) {
    this.#progress.sequence = value;
  }

  get(key: ByteString): ByteString | undefined {
    const change = this.#openChange(key);
    if (change !== undefined) return change.value ?? undefined;
    return this.#getCommitted(key);
  }

  range(from: ByteString | undefined, to: ByteString | undefined, isReverse: boolean): ByteCursor {
    return new MergedCursor(this.#cursorDeps, from, to, isReverse);
  }

  approximateEntries(): number {
    const changes = this.#open.entries();
    return (
      this.#approximateCommitted() +
      netInserts(
        changes,
        ({ value }) => value,
        this.#open.size,
        (key) => this.#getCommitted(key),
      )
    );
  }

  /** What interactive queries see: nothing of the open transaction. */
  committedReader(): ByteReader {
    const cursorDeps: MergedCursorDeps = { ...this.#cursorDeps, overlays: [this.#committedOverlay] };
    const observed = (): number => this.#committedProgress.observedTimeMs;
    return {
      get: (key) => this.#getCommitted(key),
      range: (from, to, isReverse) => new MergedCursor(cursorDeps, from, to, isReverse),
      get observedTimeMs() {
        return observed();
      },
      approximateEntries: () => this.#approximateCommitted(),
    };
  }

  /** Writes into the open transaction. A null value deletes. `isLogged`: the changelog does not get this change. */
  put(key: ByteString, value: ByteString | null, timestampMs: number, isLogged = false): void {
    const old = this.#openChange(key);
    if (old === undefined) {
      this.#open.set(key, { value, timestampMs, isLogged });
      this.#openBytes += CHANGE_OVERHEAD_BYTES + key.length + (value?.length ?? 0);
      if (!isLogged) this.#unlogged++;
      this.#version++;
      return;
    }
    this.#openBytes += (value?.length ?? 0) - (old.value?.length ?? 0);
    if (old.isLogged !== isLogged) this.#unlogged += isLogged ? -1 : 1;
    old.value = value;
    old.timestampMs = timestampMs;
    old.isLogged = isLogged;
  }

  /** Writes what is committed already: a restored record. */
  putRestored(key: ByteString, value: ByteString | null): void {
    this.#changesBesidePurge++;
    if (this.#putNow(key, value)) return;
    // What it replaces is not looked up: counted a little too high, the next flush only comes earlier.
    this.#committedBytes += value?.length ?? 0;
    if (!this.#committed.set(key, value)) return;
    this.#committedBytes += CHANGE_OVERHEAD_BYTES + key.length;
    this.#version++;
  }

  /** Marks a range of keys as expired. Its entries may be seen until a flush has deleted them: readers hide them. */
  purge(from: ByteString, to: ByteString): void {
    this.#openPurge = { from, to };
  }

  /** Hands out each change that the changelog lacks, in the order in which the keys were first changed. */
  drainUnlogged(emit: (key: ByteString, value: ByteString | null, timestampMs: number) => void): void {
    if (this.#unlogged === 0) return;
    for (const [key, change] of this.#open.entries()) {
      if (change.isLogged) continue;
      change.isLogged = true;
      emit(key, change.value, change.timestampMs);
    }
    this.#unlogged = 0;
  }

  /** Ends the open transaction; its changes become visible to everyone and wait for the next flush. */
  commit(): void {
    for (const [key, { value }] of this.#open.entries()) this.#putCommitted(key, value);
    this.#changesBesidePurge += this.#open.size;
    this.#clearOpen();
    if (this.#openPurge !== undefined) {
      this.#purge = this.#openPurge;
      this.#openPurge = undefined;
      this.#dropExpired(this.#purge);
    }
    if (this.#purge === undefined) this.#changesBesidePurge = 0;
    const { observedTimeMs, sequence } = this.#progress;
    const committed = this.#committedProgress;
    if (observedTimeMs !== committed.observedTimeMs || sequence !== committed.sequence) {
      this.#committedProgress = { observedTimeMs, sequence };
      this.#isProgressDirty = true;
    }
  }

  /** Forgets the open transaction. */
  abort(): void {
    this.#clearOpen();
    this.#openPurge = undefined;
    Object.assign(this.#progress, this.#committedProgress);
  }

  /** Committed changes for an engine write, and the progress to keep with them if it changed. */
  pendingWrite(): { write: StoreWrite; progress: StoreProgress | undefined } | undefined {
    const progress = this.#isProgressDirty ? this.#committedProgress : undefined;
    if (this.#committed.size === 0 && this.#purge === undefined && progress === undefined) return undefined;
    const limit = Math.max(PURGE_LIMIT, PURGED_PER_CHANGE * this.#changesBesidePurge);
    const purge: EnginePurge | undefined = this.#purge && { ...this.#purge, limit };
    const changes = this.#committed.map;
    return { write: { store: this.name, changes, ...(purge && { purge }) }, progress };
  }

  /** The engine now has all that {@link pendingWrite} gave out. */
  flushed(hasMoreToPurge: boolean): void {
    this.#committed.clear();
    this.#committedBytes = 0;
    this.#isProgressDirty = false;
    this.#changesBesidePurge = 0;
    if (!hasMoreToPurge) this.#purge = undefined;
    this.#lastReadKey = undefined;
    this.#epoch++;
    this.#version++;
  }

  /** Forgets everything, for a store whose entries were deleted. */
  reset(): void {
    this.#clearOpen();
    this.#openPurge = undefined;
    this.#committedProgress = { observedTimeMs: -1, sequence: 0 };
    Object.assign(this.#progress, this.#committedProgress);
    this.flushed(false);
  }

  #openChange(key: ByteString): OpenChange | undefined {
    if (key === this.#lastOpenKey) return this.#lastOpenChange;
    const change = this.#open.get(key);
    if (change !== undefined) {
      this.#lastOpenKey = key;
      this.#lastOpenChange = change;
    }
    return change;
  }

  #putCommitted(key: ByteString, value: ByteString | null): void {
    if (this.#putNow(key, value)) return;
    const old = this.#committed.get(key);
    this.#committedBytes +=
      old === undefined
        ? CHANGE_OVERHEAD_BYTES + key.length + (value?.length ?? 0)
        : (value?.length ?? 0) - (old?.length ?? 0);
    this.#committed.set(key, value);
    if (old === undefined) this.#version++;
  }

  /** Past the second layer, if the engine can. */
  #putNow(key: ByteString, value: ByteString | null): boolean {
    if (key === this.#lastReadKey) this.#lastReadKey = undefined;
    if (this.engine.put === undefined) return false;
    this.engine.put(key, value);
    this.#epoch++;
    return true;
  }

  #getCommitted(key: ByteString): ByteString | undefined {
    const change = this.#committed.size === 0 ? undefined : this.#committed.get(key);
    if (change !== undefined) return change ?? undefined;
    // A read-modify-write with a cache reads the same key twice in a row.
    if (key === this.#lastReadKey) return this.#lastReadValue;
    const value = this.engine.get(key);
    this.#lastReadKey = key;
    this.#lastReadValue = value;
    return value;
  }

  #clearOpen(): void {
    this.#version++;
    this.#open.clear();
    this.#lastOpenKey = undefined;
    this.#lastOpenChange = undefined;
    this.#openBytes = 0;
    this.#unlogged = 0;
  }

  #dropExpired({ from, to }: { from: ByteString; to: ByteString }): void {
    if (this.#committed.size === 0) return;
    this.#version++;
    for (let key = this.#committed.atOrAfter(from); key !== undefined && key < to;) {
      const next = this.#committed.atOrAfter(successor(key));
      const value = this.#committed.get(key);
      this.#committedBytes -= CHANGE_OVERHEAD_BYTES + key.length + (value?.length ?? 0);
      this.#committed.delete(key);
      key = next;
    }
  }

  #approximateCommitted(): number {
    const { engine } = this;
    const changes = this.#committed.entries();
    const net = netInserts(
      changes,
      (value) => value,
      this.#committed.size,
      (key) => engine.get(key),
    );
    return Math.max(0, engine.approximateEntries() + net);
  }
}

/** By how many entries a layer of changes enlarges what lies below it; above 10,000 changes from a part of them. */
function netInserts<T>(
  changes: Iterable<readonly [ByteString, T]>,
  valueOf: (change: T) => ByteString | null,
  size: number,
  below: (key: ByteString) => ByteString | undefined,
): number {
  let net = 0;
  let looked = 0;
  for (const [key, change] of changes) {
    net += (valueOf(change) === null ? 0 : 1) - (below(key) === undefined ? 0 : 1);
    if (++looked === 10_000) break;
  }
  return looked === 0 ? 0 : Math.round((net * size) / looked);
}

function overlay(map: Omit<Overlay, 'valueAt'>, valueAt: (key: ByteString) => ByteString | null): Overlay {
  return {
    get size() {
      return map.size;
    },
    has: (key) => map.has(key),
    atOrAfter: (key) => map.atOrAfter(key),
    before: (key) => map.before(key),
    valueAt,
  };
}
