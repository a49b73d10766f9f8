import { ContextualProcessor } from '../processor/contextual-processor.js';
import { DeferredProcessingError } from '../processor/deferred-processing-error.js';
import type { CapturedInput } from '../processor/processor-context.js';
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
  readonly input: CapturedInput | undefined;
  outcome: Outcome<VOut>;
  attempt: number;
  next: Entry<K, V, VOut> | undefined;
}

/**
 * Maps values by promises, and forwards the results in the order of the records. Holds at most `maxInFlight` records,
 * finished ones that wait for an earlier one included.
 *
 * Nothing is forwarded from a promise callback, because the loop owns all state: finished results go on from `process`
 * when there is no room, from `forwardReady` or from `drain`, each as the result of the input record it came from.
 */
export class MapValuesAsyncProcessor<K, V, VOut> extends ContextualProcessor<K, V, K, VOut> {
  #first: Entry<K, V, VOut> | undefined;
  #last: Entry<K, V, VOut> | undefined;
  #size = 0;
  #onSettled: (() => void) | undefined;
  #isClosed = false;

  constructor(
    private readonly mapper: ValueMapper<K, V, VOut>,
    private readonly maxInFlight: number,
  ) {
    super();
  }

  override process(record: StreamRecord<K, V>): void | Promise<void> {
    const input = this.context.captureInput();
    const entry: Entry<K, V, VOut> = { record, input, outcome: RUNNING, attempt: 1, next: undefined };
    // A mapper that throws at once fails the record in hand: it has not been taken.
    this.#start(entry);
    if (this.#first === undefined && entry.outcome.state === 'done') {
      return this.context.forward(record.withValue(entry.outcome.value));
    }
    if (this.#last === undefined) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    this.#size++;
    if (this.#size >= this.maxInFlight) return this.#shrinkTo(this.maxInFlight - 1);
  }

  forwardReady(): void | Promise<void> {
    for (let entry = this.#first; entry !== undefined; entry = this.#first) {
      if (entry.outcome.state === 'running') return;
      const forwarded = this.#forwardFirst(entry);
      if (forwarded !== undefined) return forwarded.then(() => this.forwardReady());
    }
  }

  drain(): void | Promise<void> {
    if (this.#first !== undefined) return this.#shrinkTo(0);
  }

  close(): void {
    this.#isClosed = true;
    this.#first = this.#last = undefined;
    this.#size = 0;
    this.#onSettled?.();
  }

  async #shrinkTo(size: number): Promise<void> {
    for (;;) {
      const forwarded = this.forwardReady();
      if (forwarded !== undefined) await forwarded;
      if (this.#size <= size) return;
      // It may have settled while the results before it went on: then there is nothing left to wait for.
      if (this.#first?.outcome.state === 'running') await this.#nextSettled();
    }
  }

  #start(entry: Entry<K, V, VOut>): void {
    const { record } = entry;
    const result = this.mapper(record.value, record.key, record);
    if (!isPromiseLike(result)) {
      entry.outcome = { state: 'done', value: result };
      return;
    }
    const settle = (outcome: Outcome<VOut>): void => {
      entry.outcome = outcome;
      this.#onSettled?.();
    };
    result.then(
      (value) => settle({ state: 'done', value }),
      (cause: unknown) => settle({ state: 'failed', cause }),
    );
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
    this.#size--;
    return this.context.withInput(entry.input, () => {
      const { outcome } = entry;
      if (outcome.state === 'failed') throw this.#failure(entry, outcome.cause);
      if (outcome.state === 'done') return this.context.forward(entry.record.withValue(outcome.value));
    });
  }

  #failure(entry: Entry<K, V, VOut>, cause: unknown): DeferredProcessingError {
    const { input, record } = entry;
    const { nodeName, taskId } = this.context;
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new DeferredProcessingError(
      `${nodeName} threw: ${reason}`,
      { record, retry: () => this.#putBack(entry), attempt: entry.attempt },
      { ...input?.metadata, cause, node: nodeName, task: taskId.toString() },
    );
  }

  #putBack(entry: Entry<K, V, VOut>): void {
    entry.next = this.#first;
    this.#first = entry;
    this.#last ??= entry;
    this.#size++;
    entry.outcome = RUNNING;
    entry.attempt++;
    try {
      this.#start(entry);
    } catch (cause) {
      entry.outcome = { state: 'failed', cause };
    }
  }
}
