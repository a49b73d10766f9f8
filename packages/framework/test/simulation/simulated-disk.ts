import type { ByteString } from '../../dist/state/engine/byte-string.js';
import type { EngineStore, StateEngine, StoreWrite } from '../../dist/state/engine/engine.js';
import { MemoryEngine } from '../../dist/state/engine/memory-engine.js';
import type { StateStorage, TaskStorage } from '../../dist/state/directory/state-storage.js';
import { StateStoreError } from '../../dist/errors/errors.js';

/** A process dies in the middle of a write. */
export class ProcessDied extends Error {}

/** A dead process, of which a ghost is left here, wants to use its disk. */
export class DiskOfTheDeadError extends Error {}

/** The process that uses a disk at the moment, as far as the disk needs to know it. */
export interface DiskUser {
  readonly identity: string;
  readonly isAlive: () => boolean;
  /** Called around each write; throws if the process dies there. */
  readonly onWrite: (taskId: string, when: 'before' | 'after') => void;
}

/** What the disk holds of one task. */
export class TaskFiles {
  readonly engine = new MemoryEngine();
  readonly stores = new Set<string>();
  user: DiskUser | undefined;

  /** A copy that may be changed freely. */
  copy(): StateEngine {
    const copy = new MemoryEngine();
    const writes = [...this.stores].map((store): StoreWrite => {
      const entries = this.engine.openStore(store).scan(undefined, undefined, false, Infinity);
      return { store, changes: entries.map(({ key, value }): [ByteString, ByteString] => [key, value]) };
    });
    copy.write(writes, this.engine.metadataEntries(''));
    return copy;
  }
}

/**
 * A disk that exists only in the simulation. It outlives the processes that use it and holds what their engines have
 * written, all of a write or nothing, as LMDB does; a dead process writes no more, and its locks are free.
 */
export class SimulatedDisk {
  readonly tasks = new Map<string, TaskFiles>();
  #fingerprint: string | undefined;
  readonly #slots = new Map<number, DiskUser>();

  constructor(readonly name: string) {}

  /** Tasks that this process has open. */
  tasksOf(identity: string): string[] {
    return [...this.tasks]
      .filter(([, { user }]) => user?.identity === identity && user.isAlive())
      .map(([taskId]) => taskId);
  }

  /** A process's view of the disk. */
  open(user: DiskUser): StateStorage {
    let slot = 0;
    while (this.#slots.get(slot)?.isAlive() === true) slot++;
    this.#slots.set(slot, user);
    const fingerprint = {
      get: () => this.#fingerprint,
      set: (value: string) => (this.#fingerprint = value),
    };
    return {
      get fingerprint(): string | undefined {
        return fingerprint.get();
      },
      set fingerprint(value: string) {
        fingerprint.set(value);
      },
      processId: `${this.name}-${slot}`,
      storageId: this.name,
      slot,
      openTask: (taskId) => this.#openTask(taskId, user),
      removeUnused: () => [],
      touch: () => undefined,
      close: () => {
        if (this.#slots.get(slot) === user) this.#slots.delete(slot);
      },
    };
  }

  #openTask(taskId: string, user: DiskUser): TaskStorage {
    const files = this.tasks.get(taskId) ?? new TaskFiles();
    if (files.user?.isAlive() === true) {
      throw new StateStoreError('STATE_DIRECTORY_LOCKED', `Task ${taskId} is used by ${files.user.identity}.`);
    }
    const status = this.tasks.has(taskId) ? 'kept' : 'new';
    this.tasks.set(taskId, files);
    files.user = user;
    const engine = new SimulatedEngine(taskId, files, user);
    return {
      engine,
      get fingerprint(): string | undefined {
        return engine.metadata('fingerprint');
      },
      set fingerprint(value: string) {
        engine.write([], new Map([['fingerprint', value]]));
      },
      status,
      damage: undefined,
      touch: () => undefined,
      close: () => {
        if (files.user === user) files.user = undefined;
      },
    };
  }
}

/** The engine of one task of one process: its writes are points at which the process may die. */
class SimulatedEngine implements StateEngine {
  readonly kind = 'lmdb';
  readonly isPersistent = true;
  #isClosed = false;

  constructor(
    private readonly taskId: string,
    private readonly files: TaskFiles,
    private readonly user: DiskUser,
  ) {}

  openStore(name: string): EngineStore {
    this.#assertUsable();
    this.files.stores.add(name);
    const entries = this.files.engine.openStore(name);
    // Without `put`: like LMDB it takes nothing but whole writes, with the offsets that belong to them.
    return {
      get: (key) => entries.get(key),
      scan: (from, to, isReverse, limit) => entries.scan(from, to, isReverse, limit),
      approximateEntries: () => entries.approximateEntries(),
    };
  }

  write(writes: readonly StoreWrite[], metadata: ReadonlyMap<string, string | null>): readonly string[] {
    this.#assertUsable();
    this.user.onWrite(this.taskId, 'before');
    const unfinished = this.files.engine.write(writes, metadata);
    this.user.onWrite(this.taskId, 'after');
    return unfinished;
  }

  metadata(key: string): string | undefined {
    return this.files.engine.metadata(key);
  }

  metadataEntries(prefix: string): ReadonlyMap<string, string> {
    return this.files.engine.metadataEntries(prefix);
  }

  approximateBytes(): number {
    return this.files.engine.approximateBytes();
  }

  sync(): void {
    // Writes are never lost here: that the machine itself stops is the wiped disk.
  }

  close(): void {
    this.#isClosed = true;
  }

  #assertUsable(): void {
    if (!this.user.isAlive()) throw new DiskOfTheDeadError(`${this.user.identity} is dead`);
    if (!this.#isClosed && this.files.user === this.user) return;
    throw new StateStoreError('STATE_ENGINE_FAILED', `State of task ${this.taskId} is used after it was closed.`);
  }
}
