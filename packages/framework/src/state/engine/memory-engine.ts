import type { ByteString } from './byte-string.js';
import type { ByteEntry, EnginePurge, EngineStore, StateEngine, StoreWrite } from './engine.js';
import { SortedMap } from './sorted-map.js';

/** Rough cost of an entry besides its bytes: two string headers and its place in the map. */
const ENTRY_OVERHEAD_BYTES = 72;

/** A store in the heap of this process. */
class MemoryStore implements EngineStore {
  readonly #entries = new SortedMap<ByteString>();
  bytes = 0;

  get(key: ByteString): ByteString | undefined {
    return this.#entries.get(key);
  }

  scan(from: ByteString | undefined, to: ByteString | undefined, isReverse: boolean, limit: number): ByteEntry[] {
    const found: ByteEntry[] = [];
    const entries = this.#entries;
    let key = isReverse ? entries.before(to) : entries.atOrAfter(from);
    while (key !== undefined && found.length < limit) {
      if (isReverse ? from !== undefined && key < from : to !== undefined && key >= to) break;
      found.push({ key, value: entries.get(key) as ByteString });
      key = isReverse ? entries.before(key) : entries.atOrAfter(key + '\u0000');
    }
    return found;
  }

  approximateEntries(): number {
    return this.#entries.size;
  }

  put(key: ByteString, value: ByteString | null): void {
    const old = this.#entries.get(key);
    if (old !== undefined) this.bytes -= key.length + old.length + ENTRY_OVERHEAD_BYTES;
    if (value === null) {
      if (old !== undefined) this.#entries.delete(key);
      return;
    }
    this.bytes += key.length + value.length + ENTRY_OVERHEAD_BYTES;
    this.#entries.set(key, value);
  }

  /** Returns whether the limit stopped it. */
  purge({ from, to, limit }: EnginePurge): boolean {
    const old = this.scan(from, to, false, limit);
    for (const { key } of old) this.put(key, null);
    return old.length === limit;
  }
}

/** Keeps a task's stores in memory. Metadata, too: a new process starts from the beginning of the changelogs. */
export class MemoryEngine implements StateEngine {
  readonly kind = 'memory';
  readonly isPersistent = false;
  readonly #stores = new Map<string, MemoryStore>();
  readonly #metadata = new Map<string, string>();

  openStore(name: string): EngineStore {
    return this.#store(name);
  }

  write(writes: readonly StoreWrite[], metadata: ReadonlyMap<string, string | null>): readonly string[] {
    const unfinished: string[] = [];
    for (const write of writes) {
      const store = this.#store(write.store);
      for (const [key, value] of write.changes) store.put(key, value);
      if (write.purge !== undefined && store.purge(write.purge)) unfinished.push(write.store);
    }
    for (const [key, value] of metadata) {
      if (value === null) this.#metadata.delete(key);
      else this.#metadata.set(key, value);
    }
    return unfinished;
  }

  metadata(key: string): string | undefined {
    return this.#metadata.get(key);
  }

  metadataEntries(prefix: string): ReadonlyMap<string, string> {
    return new Map([...this.#metadata].filter(([key]) => key.startsWith(prefix)));
  }

  approximateBytes(): number {
    let bytes = 0;
    for (const store of this.#stores.values()) bytes += store.bytes;
    return bytes;
  }

  sync(): void {
    // Nothing outlives the process.
  }

  close(): void {
    this.#stores.clear();
    this.#metadata.clear();
  }

  #store(name: string): MemoryStore {
    let store = this.#stores.get(name);
    if (store === undefined) {
      store = new MemoryStore();
      this.#stores.set(name, store);
    }
    return store;
  }
}
