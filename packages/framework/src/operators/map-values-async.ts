import { ProcessingError } from '../errors/errors.js';
import { StreamsError } from '../errors/streams-error.js';
import { ContextualProcessor } from '../processor/contextual-processor.js';
import { DeferredProcessingError } from '../processor/deferred-processing-error.js';
import type { RecordMetadata } from '../processor/processor-context.js';
import type { StreamRecord } from '../processor/record.js';
import { isPromiseLike, type ValueMapper } from './functions.js';

type Outcome<VOut> =
  | { readonly state: 'running' }
  | { readonly state: 'done'; readonly value: VOut }
  | { readonly state: 'failed'; readonly cause: unknown };

const RUNNING = { state: 'running' } as const;

/** A record that was taken and not yet forwarded. They form a list in the order of arrival. */
interface Entry<K, V, VOut> {
  readonly record: StreamRecord<K, V>;
  readonly metadata: RecordMetadata | undefined;
  outcome: Outcome<VOut>;
  next: Entry<K, V, VOut> | undefined;
}

/**
 * Maps values by promises, up to `maxInFlight` at once, and forwards the results in the order of the records.
 *
 * Nothing is forwarded from a promise callback, because the loop owns all state, nor from `process`: an error downstream
 * would then hit the wrong record. Finished results wait for `forwardReady` or `drain`, which the task calls when it has
 * no record in hand; there a failed record is reported, in its turn.
 */
export class MapValuesAsyncProcessor<K, V, VOut> extends ContextualProcessor<K, V, K, VOut> {
  #first: Entry<K, V, VOut> | undefined;
  #last: Entry<K, V, VOut> | undefined;
  #running = 0;
  #onSettled: (() => void) | undefined;
  #isClosed = false;

  constructor(
    private readonly mapper: ValueMapper<K, V, VOut>,
    private readonly maxInFlight: number,
  ) {
    super();
  }

  override process(record: StreamRecord<K, V>): void | Promise<void> {
    const metadata = this.context.recordMetadata();
    const entry: Entry<K, V, VOut> = { record, metadata, outcome: RUNNING, next: undefined };
    // A mapper that throws at once fails the record in hand: it has not been taken.
    this.#start(entry);
    if (this.#first === undefined && entry.outcome.state === 'done') {
      return this.context.forward(record.withValue(entry.outcome.value));
    }
    if (this.#last === undefined) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    if (this.#running >= this.maxInFlight) return this.#nextSettled();
  }

  forwardReady(): void | Promise<void> {
    for (let entry = this.#first; entry !== undefined; entry = this.#first) {
      if (entry.outcome.state === 'running') return;
      const forwarded = this.#forwardFirst(entry);
      if (forwarded !== undefined) return forwarded.then(() => this.forwardReady());
    }
  }

  drain(): void | Promise<void> {
    if (this.#first !== undefined) return this.#drainAll();
  }

  close(): void {
    this.#isClosed = true;
    this.#first = this.#last = undefined;
    this.#onSettled?.();
  }

  async #drainAll(): Promise<void> {
    for (;;) {
      await this.forwardReady();
      if (this.#first === undefined) return;
      await this.#nextSettled();
    }
  }

  #start(entry: Entry<K, V, VOut>): void {
    const { record } = entry;
    const result = this.mapper(record.value, record.key, record);
    if (!isPromiseLike(result)) {
      entry.outcome = { state: 'done', value: result };
      return;
    }
    this.#running++;
    result.then(
      (value) => this.#settle(entry, { state: 'done', value }),
      (cause: unknown) => this.#settle(entry, { state: 'failed', cause }),
    );
  }

  #settle(entry: Entry<K, V, VOut>, outcome: Outcome<VOut>): void {
    this.#running--;
    entry.outcome = outcome;
    this.#onSettled?.();
  }

  #nextSettled(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onSettled = () => {
        this.#onSettled = undefined;
        resolve();
      };
    });
  }

  /** Takes the entry from the head of the list, then forwards its result or raises its failure. */
  #forwardFirst(entry: Entry<K, V, VOut>): void | Promise<void> {
    this.#first = entry.next;
    if (this.#first === undefined) this.#last = undefined;
    const { outcome } = entry;
    if (outcome.state === 'failed') throw this.#failure(entry, outcome.cause);
    if (outcome.state === 'running') return;
    try {
      const forwarded = this.context.forward(entry.record.withValue(outcome.value), undefined, entry.metadata);
      if (forwarded === undefined) return;
      return forwarded.catch((cause: unknown) => {
        throw this.#downstreamFailure(entry, cause);
      });
    } catch (cause) {
      throw this.#downstreamFailure(entry, cause);
    }
  }

  /** What user code downstream threw is this record's failure; a failing client or a migrated task is not. */
  #downstreamFailure(entry: Entry<K, V, VOut>, cause: unknown): unknown {
    if (cause instanceof ProcessingError) return this.#failure(entry, cause.cause ?? cause, cause.position.node);
    return StreamsError.is(cause) ? cause : this.#failure(entry, cause);
  }

  #failure(entry: Entry<K, V, VOut>, cause: unknown, node = this.context.nodeName): DeferredProcessingError {
    const { metadata, record } = entry;
    const place = metadata === undefined ? '' : ` of ${metadata.topic}-${metadata.partition}@${metadata.offset}`;
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new DeferredProcessingError(
      `Node '${node}' failed on the record${place}: ${reason}`,
      { record, retry: () => this.#putBack(entry) },
      { ...metadata, cause, node, task: this.context.taskId.toString() },
    );
  }

  #putBack(entry: Entry<K, V, VOut>): void {
    entry.next = this.#first;
    this.#first = entry;
    this.#last ??= entry;
    if (entry.outcome.state !== 'failed') return;
    entry.outcome = RUNNING;
    try {
      this.#start(entry);
    } catch (cause) {
      entry.outcome = { state: 'failed', cause };
    }
  }
}
