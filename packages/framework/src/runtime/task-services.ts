import type { ConsumedRecord, RecordHeaders } from '../client/records.js';
import { StreamsError, type ErrorPosition } from '../errors/streams-error.js';
import type { CapturedInput, RecordMetadata, TaskId } from '../processor/processor-context.js';
import type { Logger } from '../telemetry/logger.js';
import type { Clock } from '../time/clock.js';
import { KeptRecord } from './kept-record.js';
import type { FailedRecord, ProcessingHandler, ProductionHandler } from './handlers.js';
import type { TaskOutput } from './record-collector.js';
import type { StreamCounters } from './stream-counters.js';

/** The input record that is being worked on, with its place. */
export class InputRecord implements CapturedInput {
  #metadata: RecordMetadata | undefined;
  #raw: ConsumedRecord;

  constructor(
    raw: ConsumedRecord,
    readonly topic: string,
    readonly partition: number,
  ) {
    this.#raw = raw;
  }

  get raw(): ConsumedRecord {
    return this.#raw;
  }

  /** Copies the record's bytes, so that it may be held after its processing: see {@link KeptRecord}. */
  keep(): this {
    if (!(this.#raw instanceof KeptRecord)) this.#raw = new KeptRecord(this.#raw);
    return this;
  }

  get metadata(): RecordMetadata {
    this.#metadata ??= { topic: this.topic, partition: this.partition, offset: this.raw.offset };
    return this.#metadata;
  }

  get headers(): RecordHeaders {
    return this.raw.headers;
  }

  get failed(): FailedRecord {
    const { offset, timestamp, key, value, headers } = this.raw;
    return { topic: this.topic, partition: this.partition, offset, timestamp, key, value, headers };
  }
}

export interface TaskServicesDeps {
  readonly taskId: TaskId;
  readonly collector: TaskOutput;
  readonly processingHandler: ProcessingHandler;
  readonly productionHandler: ProductionHandler;
  readonly counters: StreamCounters;
  readonly clock: Clock;
  readonly logger: Logger;
}

const MAX_BACKOFF_MS = 5_000;

/**
 * What the nodes of one task share: the input record being processed, the promises that the task must wait for, and
 * the errors that a handler has already answered with 'fail'.
 */
export class TaskServices {
  readonly collector: TaskOutput;
  readonly processingHandler: ProcessingHandler;
  readonly productionHandler: ProductionHandler;
  /** Undefined inside a punctuator. Set field by field: no allocation per record unless somebody asks. */
  raw: ConsumedRecord | undefined;
  topic = '';
  partition = 0;
  readonly #skips = new Map<string, number>();
  #captured: InputRecord | undefined;
  #pending: Promise<void>[] = [];
  #failure: Error | undefined;

  constructor(private readonly deps: TaskServicesDeps) {
    this.collector = deps.collector;
    this.processingHandler = deps.processingHandler;
    this.productionHandler = deps.productionHandler;
  }

  /** Makes a record the input being processed. */
  enter(raw: ConsumedRecord | undefined, topic: string, partition: number): void {
    this.raw = raw;
    this.topic = topic;
    this.partition = partition;
    this.#captured = undefined;
  }

  /** The input record, to be held after its processing: by a cache, or by work that goes on meanwhile. */
  keepInput(): InputRecord | undefined {
    return this.captureInput()?.keep();
  }

  /** The input record, to be let go with it. */
  captureInput(): InputRecord | undefined {
    if (this.raw === undefined) return undefined;
    this.#captured ??= new InputRecord(this.raw, this.topic, this.partition);
    return this.#captured;
  }

  recordMetadata(): RecordMetadata | undefined {
    return this.captureInput()?.metadata;
  }

  /** Runs an action with another input record; goes back to the present one afterwards. */
  withInput(input: CapturedInput | undefined, action: () => void | Promise<void>): void | Promise<void> {
    const { raw, topic, partition } = this;
    const captured = this.#captured;
    const restore = (): void => {
      this.enter(raw, topic, partition);
      this.#captured = captured;
    };
    if (input instanceof InputRecord) {
      this.enter(input.raw, input.topic, input.partition);
      this.#captured = input;
    } else {
      this.enter(undefined, '', 0);
    }
    let result: void | Promise<void>;
    try {
      result = action();
    } catch (error) {
      // Nodes further up, which answer this error, look at the same input: it is put back only after they have.
      this.#failedInput = input instanceof InputRecord ? input : undefined;
      restore();
      throw error;
    }
    if (result === undefined) restore();
    // The task waits for it too: until then, nothing else may run with the present input.
    else return this.track(result.finally(restore));
  }

  #failedInput: InputRecord | undefined;

  /** The input that an error belongs to: the one it was thrown under, or the present one. */
  failedInput(): InputRecord | undefined {
    const input = this.#failedInput ?? this.captureInput();
    this.#failedInput = undefined;
    return input;
  }

  position(node: string, input: InputRecord | undefined): ErrorPosition {
    const task = this.deps.taskId.toString();
    return input === undefined ? { node, task } : { node, task, ...input.metadata };
  }

  /** Registers asynchronous work; the task waits for it before its next record and before a commit. */
  track(work: Promise<void>): Promise<void> {
    this.#pending.push(work);
    // The task looks at the outcome in `settled()`; without a listener of its own Node would report it as unhandled.
    work.catch(() => undefined);
    return work;
  }

  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  /** Waits for all registered work, also what it registers. @throws the first failure */
  async settled(): Promise<void> {
    while (this.#pending.length > 0) {
      const pending = this.#pending;
      this.#pending = [];
      for (const outcome of await Promise.allSettled(pending)) {
        if (outcome.status === 'rejected') throw this.#failure ?? outcome.reason;
      }
    }
    this.throwIfFailed();
  }

  /** Remembers an error answered with 'fail', so that user code that swallows it cannot make the task go on. */
  raise(error: Error): Error {
    this.#failure ??= error;
    return error;
  }

  isRaised(error: unknown): boolean {
    return this.#failure !== undefined && error === this.#failure;
  }

  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  backoff(attempt: number): Promise<void> {
    return this.deps.clock.sleep(Math.min(MAX_BACKOFF_MS, 100 * 2 ** (attempt - 1)));
  }

  /** Counts and logs a record that a handler let go. */
  dropped(error: Error, answer: string): void {
    this.deps.counters.droppedRecords++;
    // One line each, without the stack: a bad file may drop many. The dead letter has the stack.
    this.deps.logger.warn({ answer, ...this.#placeOf(error) }, `Record dropped (${answer}): ${error.message}`);
  }

  #placeOf(error: Error): ErrorPosition {
    return StreamsError.is(error) ? error.position : {};
  }

  /** Counts a record that a node has no use for. The log has the first of each node and reason, the 10th, the 100th... */
  skipped(node: string, reason: string): void {
    this.deps.counters.droppedRecords++;
    const text = `${node} skips a record because ${reason}`;
    const count = (this.#skips.get(text) ?? 0) + 1;
    this.#skips.set(text, count);
    if (Number.isInteger(Math.log10(count))) {
      this.deps.logger.warn({ ...this.position(node, this.captureInput()), count }, text);
    }
  }

  deadLetter(error: Error, input: InputRecord | undefined): void | Promise<void> {
    if (input === undefined) {
      throw this.raise(error);
    }
    this.deps.counters.deadLetters++;
    let result: void | Promise<void>;
    try {
      result = this.collector.deadLetter(input.failed, error);
    } catch (failure) {
      throw this.raise(failure instanceof Error ? failure : error);
    }
    return result === undefined ? undefined : this.track(result);
  }
}
