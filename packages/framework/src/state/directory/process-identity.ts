import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Names one process so that another one can tell whether it still lives. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Names one run of the machine; Linux only. */
  readonly bootId?: string;
  /** Tells processes with the same pid apart; Linux only. Clock ticks since boot. */
  readonly startTicks?: string;
}

/** This process. */
export function currentProcess(): ProcessIdentity {
  const bootId = readBootId();
  const startTicks = readStartTicks(process.pid);
  return {
    pid: process.pid,
    host: hostname(),
    ...(bootId !== undefined && { bootId }),
    ...(startTicks !== undefined && { startTicks }),
  };
}

/** Whether a process lives; `unknown` if it was started on another host. */
export function processLives(
  identity: ProcessIdentity,
  observer: ProcessIdentity = currentProcess(),
): boolean | 'unknown' {
  if (identity.host !== observer.host) return 'unknown';
  if (identity.bootId !== undefined && observer.bootId !== undefined && identity.bootId !== observer.bootId)
    return false;
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    // EPERM: it lives, but belongs to someone else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const startTicks = readStartTicks(identity.pid);
  return startTicks === undefined || identity.startTicks === undefined || startTicks === identity.startTicks;
}

/** Reads what {@link currentProcess} gave from JSON. Undefined: it is not that. */
export function parseProcessIdentity(text: string): ProcessIdentity | undefined {
  try {
    const parsed = JSON.parse(text) as Partial<ProcessIdentity> | null;
    if (parsed === null || typeof parsed.pid !== 'number' || typeof parsed.host !== 'string') return undefined;
    return parsed as ProcessIdentity;
  } catch {
    return undefined;
  }
}

/** Names the machine's current run; undefined where the system does not tell. */
export function readBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return undefined;
  }
}

function readStartTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Fields follow the command name, which is in parentheses and may contain anything; the start time is field 22.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
