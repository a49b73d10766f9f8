import { StateStoreError } from '../errors/errors.js';
import type { Clock } from '../time/clock.js';
import type { StoreBuffer, StoreProgress } from './buffer/store-buffer.js';
import type { EngineStore, StateEngine } from './engine/engine.js';
import type { ResolvedFlushOptions } from './state-options.js';

/** Entries deleted at once when a store is emptied. */
const CLEAR_CHUNK = 10_000;

/**
 * Writes the committed changes of several stores to their engine, each time all of them together with the changelog
 * offsets they correspond to. So the engine is never ahead of the changelog and never half written, only behind.
 */
export class EngineFlusher {
  readonly #buffers = new Map<string, StoreBuffer>();
  /** What goes into the next write beside the stores' entries. */
  readonly #pendingOffsets = new Map<string, number>();
  readonly #pendingFingerprints = new Map<string, string>();
  #lastFlushMs: number;

  constructor(
    readonly engine: StateEngine,
    private readonly clock: Clock,
    private readonly options: ResolvedFlushOptions,
  ) {
    this.#lastFlushMs = clock.monotonicMs();
  }

  add(buffer: StoreBuffer): void {
    this.#buffers.set(buffer.name, buffer);
  }

  offset(store: string): number | undefined {
    const pending = this.#pendingOffsets.get(store);
    if (pending !== undefined) return pending;
    const stored = this.engine.metadata(`offset:${store}`);
    return stored === undefined ? undefined : Number(stored);
  }

  setOffset(store: string, offset: number): void {
    this.#pendingOffsets.set(store, offset);
  }

  progress(store: string): StoreProgress | undefined {
    const stored = this.engine.metadata(`progress:${store}`);
    if (stored === undefined) return undefined;
    const [observedTimeMs = -1, sequence = 0] = stored.split(',').map(Number);
    return { observedTimeMs, sequence };
  }

  /** @throws StateStoreError `STATE_INCOMPATIBLE` */
  checkFingerprint(store: string, fingerprint: string): void {
    const stored = this.engine.metadata(`store:${store}`);
    if (stored === undefined) this.#pendingFingerprints.set(store, fingerprint);
    else if (stored !== toAscii(fingerprint)) {
      throw new StateStoreError(
        'STATE_INCOMPATIBLE',
        `Local state of store ${store} was written as ${stored}, but the topology now says ${toAscii(fingerprint)}. ` +
          'Give the changed store a new name, or reset the application and delete its state directory.',
      );
    }
  }

  /** Whether there is something that the engine lacks. */
  get hasUnflushed(): boolean {
    if (this.#pendingOffsets.size > 0) return true;
    for (const buffer of this.#buffers.values()) if (buffer.hasUnflushed) return true;
    return false;
  }

  /** Whether enough waits for the engine, the open transaction's changes counted in, or long enough. */
  get isDue(): boolean {
    if (!this.hasUnflushed) return false;
    let bytes = 0;
    for (const buffer of this.#buffers.values()) bytes += buffer.committedBytes + buffer.openBytes;
    const waitedMs = this.clock.monotonicMs() - this.#lastFlushMs;
    return bytes >= this.options.flushBytes || waitedMs >= this.options.flushIntervalMs;
  }

  flush(): void {
    this.#lastFlushMs = this.clock.monotonicMs();
    const writes = [];
    const metadata = this.#metadata();
    const flushed: StoreBuffer[] = [];
    for (const buffer of this.#buffers.values()) {
      const pending = buffer.pendingWrite();
      if (pending === undefined) continue;
      writes.push(pending.write);
      flushed.push(buffer);
      const { progress } = pending;
      if (progress) metadata.set(`progress:${buffer.name}`, `${progress.observedTimeMs},${progress.sequence}`);
    }
    if (writes.length === 0 && metadata.size === 0) return;
    const unfinished = this.engine.write(writes, metadata);
    this.#pendingOffsets.clear();
    this.#pendingFingerprints.clear();
    for (const buffer of flushed) buffer.flushed(unfinished.includes(buffer.name));
  }

  /** Deletes all entries, the progress and the offset of a store; the offset first, so that a crash leaves no wrong one. */
  clear(name: string, store: EngineStore): void {
    // Offsets by partition have the store's name and a slash in front.
    const isOfStore = (entry: string): boolean => entry === name || entry.startsWith(`${name}/`);
    for (const entry of [...this.#pendingOffsets.keys()]) if (isOfStore(entry)) this.#pendingOffsets.delete(entry);
    const stored = [...this.engine.metadataEntries(`offset:${name}`).keys()];
    const gone = stored.filter((entry) => isOfStore(entry.slice('offset:'.length)));
    this.engine.write([], new Map([...gone, `progress:${name}`].map((entry) => [entry, null])));
    for (;;) {
      const entries = store.scan(undefined, undefined, false, CLEAR_CHUNK);
      if (entries.length === 0) break;
      this.engine.write([{ store: name, changes: entries.map(({ key }) => [key, null] as const) }], new Map());
    }
    this.#buffers.get(name)?.reset();
  }

  approximateBytes(): number {
    let bytes = this.engine.approximateBytes();
    for (const buffer of this.#buffers.values()) bytes += buffer.committedBytes;
    return bytes;
  }

  #metadata(): Map<string, string | null> {
    const metadata = new Map<string, string | null>();
    for (const [store, offset] of this.#pendingOffsets) metadata.set(`offset:${store}`, String(offset));
    for (const [store, fingerprint] of this.#pendingFingerprints) {
      metadata.set(`store:${store}`, toAscii(fingerprint));
    }
    return metadata;
  }
}

/** Metadata is stored one byte per character; serde names are free text. */
function toAscii(text: string): string {
  return encodeURI(text);
}
