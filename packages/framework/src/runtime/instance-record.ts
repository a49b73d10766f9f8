import { parseFingerprint, type TopologyFingerprint } from './topology-fingerprint.js';

/** A task that an instance has. */
export interface InstanceTask {
  /** `<subtopology>_<partition>` */
  readonly id: string;
  readonly phase: 'assigned' | 'restoring' | 'running';
  /** Changelog offsets that its stores lack; null: not known yet. */
  readonly lag: number | null;
}

/** A standby that an instance has. */
export type InstanceStandby = Pick<InstanceTask, 'id' | 'lag'>;

/** What changes about an instance while it runs. */
export interface InstanceStatus {
  readonly tasks: readonly InstanceTask[];
  readonly standbys: readonly InstanceStandby[];
}

/** What does not. */
export interface InstanceIdentity {
  /** The process id that the instance keeps in its state directory. */
  readonly id: string;
  /** `host:port` of the option `applicationServer`. */
  readonly endpoint: string | null;
  /** When its client was made, wall-clock time, ms. */
  readonly startedAtMs: number;
  /** Names the state directory: instances that share one find each other's state there and need no standby of it. */
  readonly stateDirectory: string;
  readonly topology: TopologyFingerprint;
}

/**
 * One instance as it stands in the topic `<application id>-instances`: the record's key is the id, its value this object
 * as JSON. A null value: the instance has stopped. Readers ignore fields that they do not know.
 */
export interface InstanceRecord extends InstanceIdentity, InstanceStatus {
  /** Raised by changes that older readers could misunderstand. */
  readonly format: number;
  /** Wall-clock time of the instance, ms. */
  readonly publishedAtMs: number;
}

export const INSTANCE_FORMAT = 1;

/** Undefined: the bytes are not such a record, or one of a later format. */
export function parseInstanceRecord(bytes: Buffer): InstanceRecord | undefined {
  let parsed: Partial<InstanceRecord> | null;
  try {
    parsed = JSON.parse(bytes.toString()) as Partial<InstanceRecord> | null;
  } catch {
    return undefined;
  }
  if (parsed === null || parsed.format !== INSTANCE_FORMAT) return undefined;
  const { id, stateDirectory, startedAtMs, publishedAtMs, tasks, standbys, topology } = parsed;
  const isWhole =
    typeof id === 'string' &&
    typeof stateDirectory === 'string' &&
    typeof startedAtMs === 'number' &&
    typeof publishedAtMs === 'number' &&
    Array.isArray(tasks) &&
    Array.isArray(standbys) &&
    parseFingerprint(JSON.stringify(topology)) !== undefined;
  return isWhole ? (parsed as InstanceRecord) : undefined;
}
