import type { Clock } from '../../time/clock.js';
import type { StateEngine } from '../engine/engine.js';
import { ProcessId } from './process-id.js';
import { StateDirectory, usable } from './state-directory.js';
import type { TaskDirectoryStatus } from './task-directory.js';

/** Persistent state of one task, opened for this process alone. */
export interface TaskStorage {
  readonly engine: StateEngine;
  readonly status: TaskDirectoryStatus;
  /** Why it was rebuilt. */
  readonly damage: string | undefined;
  /** Fingerprint of the stores that wrote it, as it was set; a text of any kind. */
  get fingerprint(): string | undefined;
  set fingerprint(value: string);
  /** Says that the process still uses it. */
  touch(): void;
  /** @param isClean true: everything was flushed and synced */
  close(isClean: boolean): void;
}

/** Where one process keeps what outlives it: files on this machine, or in the simulation a disk that is made up. */
export interface StateStorage {
  /** Names this process; kept over its restarts, and no other living process has it. */
  readonly processId: string;
  /** Names the storage: processes that share it see the same. */
  readonly storageId: string;
  /** Fingerprint of the topology whose state it keeps, as it was set; a text of any kind. */
  get fingerprint(): string | undefined;
  set fingerprint(value: string);
  /** Which of the processes that share the storage at the moment this is, from 0. */
  readonly slot: number;
  /** @throws StateStoreError `STATE_DIRECTORY_LOCKED` while another process has the task's state open */
  openTask(taskId: string): TaskStorage;
  /** Deletes the state of tasks that nobody has used for this time. @returns those tasks */
  removeUnused(unusedMs: number): readonly string[];
  /** Says that the process still uses its id. */
  touch(): void;
  close(): void;
}

/** Opens a process's storage; called at the start of a client whose topology has persistent stores. */
export type OpenStateStorage = (stateDir: string, applicationId: string, clock: Clock) => StateStorage;

/** Keeps state in the files below `stateDir`. @throws StateStoreError `STATE_DIRECTORY_FAILED` */
export function openFileStorage(stateDir: string, applicationId: string, clock: Clock): StateStorage {
  const directory = new StateDirectory(stateDir, applicationId, clock);
  const processId = usable(directory.path, () => ProcessId.acquire(directory.path, clock.now()));
  return {
    processId: processId.id,
    storageId: usable(directory.path, () => directory.id),
    get fingerprint(): string | undefined {
      return directory.fingerprint;
    },
    set fingerprint(value: string) {
      directory.fingerprint = value;
    },
    slot: processId.slot,
    openTask: (taskId) => directory.openTask(taskId),
    removeUnused: (unusedMs) => directory.removeUnused(unusedMs),
    touch: () => processId.touch(clock.now()),
    close: () => processId.release(),
  };
}
