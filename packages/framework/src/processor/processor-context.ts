import type { RecordHeaders } from '../client/records.js';
import type { StateStore } from '../state/stores/state-store.js';
import type { Logger } from '../telemetry/logger.js';
import type { StreamRecord } from './record.js';

/** Identity of a task: subtopology and partition; `toString()` is `<subtopology>_<partition>`. */
export class TaskId {
  constructor(
    readonly subtopology: number,
    readonly partition: number,
  ) {}

  toString(): string {
    return `${this.subtopology}_${this.partition}`;
  }
}

/** Where the record being processed came from. */
export interface RecordMetadata {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/**
 * `stream-time` fires when the task's stream time passes the next tick; `wall-clock` when the clock does, records or
 * not. A tick that was missed several times fires once.
 */
export type PunctuationType = 'stream-time' | 'wall-clock';

/** `timestamp` is the stream time or the clock's time, ms. */
export type Punctuator = (timestamp: number) => void | Promise<void>;

export interface Cancellable {
  cancel(): void;
}

/** The input record that a processor works on; opaque, to be given back to {@link ProcessorContext.withInput}. */
export interface CapturedInput {
  readonly metadata: RecordMetadata;
  readonly headers: RecordHeaders;
}

/** What a processor can do and know. Each processor of each task has its own. */
export interface ProcessorContext<KForward = unknown, VForward = unknown> {
  readonly applicationId: string;
  readonly taskId: TaskId;
  /** Name of this processor's node. */
  readonly nodeName: string;
  /** Logger whose lines carry task and node. */
  readonly logger: Logger;
  /**
   * Hands a record to all children, or to the named one. Returns a promise only if something downstream works
   * asynchronously; the task waits for it in any case, so ignoring it loses nothing.
   */
  forward<K extends KForward, V extends VForward>(record: StreamRecord<K, V>, childName?: string): void | Promise<void>;
  /**
   * For processors that forward later: keeps hold of the input record, so that what is forwarded then still counts as
   * its result (metadata, errors, dead letters). Undefined inside a punctuator.
   */
  captureInput(): CapturedInput | undefined;
  /** Runs `action` as if the captured input were the one being processed. */
  withInput(input: CapturedInput | undefined, action: () => void | Promise<void>): void | Promise<void>;
  /** Undefined inside a punctuator. */
  recordMetadata(): RecordMetadata | undefined;
  /** First fires one interval after now (stream time: at the first record). @param intervalMs at least 1 */
  schedule(intervalMs: number, type: PunctuationType, punctuator: Punctuator): Cancellable;
  /**
   * A store that this processor was connected to, or a global one (read only). Ask once, in `init`.
   * @throws StateStoreError `STORE_NOT_FOUND`
   */
  getStateStore<S extends StateStore>(name: string): S;
  /**
   * Counts the record in hand as dropped, for a reason such as `its key is null`. Logged as a warning, ever more rarely
   * for the same reason.
   */
  skipRecord(reason: string): void;
  /** Asks for a commit as soon as the current record is done. */
  commit(): void;
  /** Largest timestamp that this task has seen, or -1. */
  currentStreamTimeMs(): number;
  /** The clock's time. */
  currentSystemTimeMs(): number;
}
