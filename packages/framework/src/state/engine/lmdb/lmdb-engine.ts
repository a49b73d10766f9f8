import { statSync } from 'node:fs';
import { open, TransactionFlags, type Database, type RootDatabase, type RootDatabaseOptions } from 'lmdb';
import { StateStoreError } from '../../../errors/errors.js';
import { toByteString, type ByteString } from '../byte-string.js';
import type { EngineStore, StateEngine, StoreWrite } from '../engine.js';
import { LmdbStore } from './lmdb-store.js';

export interface LmdbEngineOptions {
  /** The data file. LMDB adds `<file>-lock` beside it. */
  readonly file: string;
  /**
   * True: each write waits for the disk. False: the operating system writes when it likes, which is safe when the
   * process dies but not when the machine does; the owner must notice that and rebuild.
   */
  readonly isDurable: boolean;
  /** Most stores in one environment. @default 256 */
  readonly maxStores?: number;
}

/** Flags of `transactionSync`: abortable, committed before it returns. */
const SYNCHRONOUS_ABORTABLE: TransactionFlags = TransactionFlags.ABORTABLE | TransactionFlags.SYNCHRONOUS_COMMIT;

/** Address space reserved at first; LMDB enlarges it. Not the size of the file. */
const INITIAL_MAP_BYTES = 256 * 1024 * 1024;

/** Reused for each value: LMDB copies it before `put` returns, because writes only happen inside a write transaction. */
let scratch = Buffer.allocUnsafeSlow(64 * 1024);

/** Bytes as strings straight from and into LMDB's memory, without a Buffer per key and value. */
const byteStringKeys = {
  writeKey(key: ByteString, target: Buffer, position: number): number {
    return position + target.write(key, position, 'latin1');
  },
  readKey(source: Buffer, start: number, end: number): ByteString {
    return source.toString('latin1', start, end);
  },
};

const byteStringValues = {
  encode(value: ByteString): Buffer {
    if (value.length > scratch.length) scratch = Buffer.allocUnsafeSlow(value.length * 2);
    return scratch.subarray(0, scratch.write(value, 0, 'latin1'));
  },
  decode(source: Uint8Array): ByteString {
    return toByteString(source);
  },
};

/**
 * All stores of one task in one LMDB environment (https://www.npmjs.com/package/lmdb): B+trees in a memory-mapped file,
 * copy on write, so that a process that dies at any moment leaves the state of the last finished {@link write}.
 */
export class LmdbEngine implements StateEngine {
  readonly kind = 'lmdb';
  readonly isPersistent = true;
  readonly #root: RootDatabase<ByteString, ByteString>;
  readonly #meta: Database<ByteString, ByteString>;
  readonly #stores = new Map<string, LmdbStore>();
  #isClosed = false;

  /** @throws StateStoreError `STATE_ENGINE_FAILED` if the file cannot be opened or is not an LMDB file. */
  constructor(private readonly options: LmdbEngineOptions) {
    const rootOptions: RootDatabaseOptions & { path: string; noSubdir: boolean } = {
      path: options.file,
      noSubdir: true,
      maxDbs: (options.maxStores ?? 256) + 1,
      mapSize: INITIAL_MAP_BYTES,
      noSync: !options.isDurable,
      overlappingSync: false,
      encoder: byteStringValues,
    };
    this.#root = this.#guard('open', () => open<ByteString, ByteString>(rootOptions));
    try {
      this.#meta = this.#database('meta');
    } catch (error) {
      void this.#root.close();
      throw error;
    }
  }

  openStore(name: string): EngineStore {
    return this.#store(name);
  }

  write(writes: readonly StoreWrite[], metadata: ReadonlyMap<string, string | null>): readonly string[] {
    // Databases are made in transactions of their own.
    const stores = writes.map(({ store }) => this.#store(store));
    const unfinished: string[] = [];
    this.#guard('write', () =>
      this.#root.transactionSync(() => {
        writes.forEach((write, index) => {
          const store = stores[index] as LmdbStore;
          store.apply(write.changes);
          if (write.purge !== undefined && store.purge(write.purge)) unfinished.push(write.store);
        });
        for (const [key, value] of metadata) {
          if (value === null) this.#meta.removeSync(key);
          else this.#meta.putSync(key, value);
        }
      }, SYNCHRONOUS_ABORTABLE),
    );
    return unfinished;
  }

  metadata(key: string): string | undefined {
    return this.#guard('read', () => this.#meta.get(key));
  }

  metadataEntries(prefix: string): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    this.#guard('read', () => {
      for (const { key, value } of this.#meta.getRange({ start: prefix, end: prefix + '\u00ff' }))
        found.set(key, value);
    });
    return found;
  }

  approximateBytes(): number {
    return statSync(this.options.file).size;
  }

  sync(): void {
    // The declared type lacks the method's synchronous form.
    const root = this.#root as unknown as { env: { sync(): void } };
    this.#guard('sync', () => {
      root.env.sync();
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stores.clear();
    // Only synchronous transactions are used, so the file is closed when this call returns; the promise is a formality.
    void this.#root.close();
  }

  #store(name: string): LmdbStore {
    let store = this.#stores.get(name);
    if (store === undefined) {
      store = new LmdbStore(this.#database(`store:${name}`));
      this.#stores.set(name, store);
    }
    return store;
  }

  #database(name: string): Database<ByteString, ByteString> {
    if (this.#isClosed) throw new StateStoreError('STORE_CLOSED', `The state in ${this.options.file} is closed.`);
    const databaseOptions = { name, keyEncoder: byteStringKeys, encoder: byteStringValues };
    return this.#guard('open', () => this.#root.openDB<ByteString, ByteString>(databaseOptions));
  }

  #guard<T>(action: string, work: () => T): T {
    try {
      return work();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StateStoreError(
        'STATE_ENGINE_FAILED',
        `LMDB could not ${action} ${this.options.file}: ${reason}. Check that the disk has space and the file belongs to this user.`,
        { cause },
      );
    }
  }
}
