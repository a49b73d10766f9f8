import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StateStoreError } from '../../errors/errors.js';
import type { Clock } from '../../time/clock.js';
import type { StateEngine } from '../engine/engine.js';
import { LmdbEngine } from '../engine/lmdb/lmdb-engine.js';
import { readDataHeader } from './data-header.js';
import { DirectoryLock, LOCK_FILE } from './directory-lock.js';
import { readBootId } from './process-identity.js';
import { readStateFile, STATE_FILE, STATE_FORMAT, writeStateFile, type StateFile } from './state-file.js';

export const DATA_FILE = 'stores.mdb';

/**
 * LMDB has no checksums: a damaged page is met when it is read, and kills the process. After so many deaths in a row, each
 * within {@link EARLY_MS} of opening the files, they are taken for the cause.
 */
const MOST_EARLY_DEATHS = 5;
const EARLY_MS = 60_000;

export interface TaskDirectoryDeps {
  /** The directory, `<stateDir>/<applicationId>/<taskId>`. */
  readonly path: string;
  readonly applicationId: string;
  readonly taskId: string;
  readonly clock: Clock;
  /** Names the machine's current run; undefined: unknown. @default the system's answer */
  readonly bootId?: string | undefined;
}

/** `new`: there was nothing. `kept`: the state of an earlier run. `rebuilt`: it was damaged and is empty now. */
export type TaskDirectoryStatus = 'new' | 'kept' | 'rebuilt';

/**
 * The local state of one task, locked for this process, with its engine opened.
 *
 * LMDB does not wait for the disk on Linux: what a write has given to the operating system survives the death of the
 * process. It might not survive the death of the machine, so state that was in use in an earlier run of the machine and
 * not closed cleanly is thrown away and restored from the changelogs.
 */
export class TaskDirectory {
  readonly engine: StateEngine;
  readonly status: TaskDirectoryStatus;
  /** Why it was rebuilt. */
  readonly damage: string | undefined;
  readonly #lock: DirectoryLock;
  readonly #bootId: string | undefined;
  readonly #openedMs: number;
  #earlyDeaths = 0;
  #isClosed = false;

  /**
   * @throws StateStoreError `STATE_DIRECTORY_LOCKED`: another living process uses it; `STATE_DIRECTORY_FOREIGN`: it
   *   belongs to something else; `STATE_FORMAT_UNSUPPORTED`: a newer version wrote it
   */
  constructor(private readonly deps: TaskDirectoryDeps) {
    this.#bootId = 'bootId' in deps ? deps.bootId : readBootId();
    this.#assertOurs();
    mkdirSync(deps.path, { recursive: true });
    this.#lock = DirectoryLock.acquire(deps.path, deps.clock.now());
    try {
      const found = this.#assertOurs();
      this.damage = found === undefined ? undefined : this.#findDamage(found);
      this.status = this.damage !== undefined ? 'rebuilt' : found === undefined ? 'new' : 'kept';
      if (this.status !== 'kept') this.#removeData();
      this.#write('opening');
      // Without a way to notice that the machine was restarted, each write waits for the disk.
      const isDurable = this.#bootId === undefined;
      this.engine = new LmdbEngine({ file: join(deps.path, DATA_FILE), isDurable });
      // Unless it turns out otherwise, this process is one of them.
      this.#earlyDeaths = this.status === 'kept' && isStateFile(found) ? deathsBefore(found) + 1 : 1;
      this.#openedMs = deps.clock.monotonicMs();
      this.#write('open');
    } catch (error) {
      this.#lock.release();
      throw error;
    }
  }

  /** Fingerprint of the topology that wrote the state, as it was set. */
  get fingerprint(): string | undefined {
    const stored = this.engine.metadata('fingerprint');
    return stored === undefined ? undefined : decodeURI(stored);
  }

  set fingerprint(value: string) {
    this.engine.write([], new Map([['fingerprint', encodeURI(value)]]));
  }

  /** See {@link DirectoryLock.touch}. */
  touch(): void {
    const { clock } = this.deps;
    this.#lock.touch(clock.now());
    if (this.#earlyDeaths > 0 && clock.monotonicMs() - this.#openedMs >= EARLY_MS) this.#survived();
  }

  #survived(): void {
    this.#earlyDeaths = 0;
    this.#write('open');
  }

  /**
   * Gives the directory back. Close the `TaskState` first.
   *
   * @param isClean true: everything was flushed and synced; the state is good even if the machine restarts
   */
  close(isClean: boolean): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.engine.close();
    try {
      if (isClean) this.#write('closed');
      else this.#survived();
    } finally {
      this.#lock.release();
    }
  }

  /** Deletes the local state and gives the directory back. Close the `TaskState` first. */
  destroy(): void {
    this.engine.close();
    this.#isClosed = true;
    this.#removeData();
    rmSync(join(this.deps.path, STATE_FILE), { force: true });
    this.#lock.release();
  }

  /** Undefined: empty. Fails if the directory belongs to something else. */
  #assertOurs(): StateFile | 'damaged' | undefined {
    const { path, applicationId, taskId } = this.deps;
    const found = readStateFile(path);
    if (found === undefined) {
      const strangers = list(path).filter((name) => !name.startsWith(LOCK_FILE) && !name.startsWith(STATE_FILE));
      if (strangers.length === 0) return undefined;
      if (strangers.every((name) => name.startsWith(DATA_FILE))) return 'damaged';
      throw new StateStoreError(
        'STATE_DIRECTORY_FOREIGN',
        `${path} holds files that Millrace did not write (${strangers.slice(0, 3).join(', ')}). Choose another stateDir, or move them away.`,
      );
    }
    if (found === 'damaged') return found;
    if (found.applicationId !== applicationId || found.taskId !== taskId) {
      throw new StateStoreError(
        'STATE_DIRECTORY_FOREIGN',
        `${path} holds the state of task ${found.taskId} of application ${found.applicationId}, not of task ${taskId} of ${applicationId}. Choose another stateDir.`,
      );
    }
    if (found.format > STATE_FORMAT) {
      throw new StateStoreError(
        'STATE_FORMAT_UNSUPPORTED',
        `${path} has state format ${found.format}; this version of Millrace knows formats up to ${STATE_FORMAT}. Go back to the newer version, or delete the directory to restore from the changelogs.`,
      );
    }
    return found;
  }

  #findDamage(found: StateFile | 'damaged'): string | undefined {
    if (found === 'damaged') return `${STATE_FILE} cannot be read`;
    const data = join(this.deps.path, DATA_FILE);
    const size = sizeOf(data);
    if (size === undefined) return `${DATA_FILE} is missing`;
    if (size < found.dataBytes) return `${DATA_FILE} is cut off: ${size} of at least ${found.dataBytes} bytes`;
    if (readDataHeader(data) !== found.dataHeader) return `${DATA_FILE} does not begin as an LMDB file does`;
    if (found.phase === 'opening') return 'the last process that opened it died while doing so';
    const isOtherRun = found.bootId !== null && found.bootId !== this.#bootId;
    if (found.phase === 'open' && isOtherRun) return 'the machine stopped while it was in use';
    const deaths = deathsBefore(found);
    if (deaths >= MOST_EARLY_DEATHS) return `${deaths} processes in a row died within a minute of opening it`;
    return undefined;
  }

  #write(phase: StateFile['phase']): void {
    const { path, applicationId, taskId, clock } = this.deps;
    writeStateFile(path, {
      format: STATE_FORMAT,
      applicationId,
      taskId,
      phase,
      bootId: this.#bootId ?? null,
      dataBytes: sizeOf(join(path, DATA_FILE)) ?? 0,
      dataHeader: readDataHeader(join(path, DATA_FILE)) ?? null,
      usedAtMs: clock.now(),
      ...(phase !== 'closed' && { earlyDeaths: this.#earlyDeaths }),
    });
  }

  #removeData(): void {
    for (const name of list(this.deps.path)) {
      if (name.startsWith(DATA_FILE)) rmSync(join(this.deps.path, name), { force: true });
    }
  }
}

function isStateFile(found: StateFile | 'damaged' | undefined): found is StateFile {
  return found !== undefined && found !== 'damaged';
}

function deathsBefore({ phase, earlyDeaths = 0 }: StateFile): number {
  return phase === 'open' ? earlyDeaths : 0;
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function sizeOf(path: string): number | undefined {
  try {
    return statSync(path).size;
  } catch {
    return undefined;
  }
}
