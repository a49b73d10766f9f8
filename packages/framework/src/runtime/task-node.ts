import type { RecordHeaders } from '../client/records.js';
import { KafkaError, ProcessingError, SerdeError, TaskMigratedError } from '../errors/errors.js';
import { StreamsError } from '../errors/streams-error.js';
import type { Punctuator } from '../processor/processor-context.js';
import { DeferredProcessingError } from '../processor/deferred-processing-error.js';
import type { Processor } from '../processor/processor.js';
import type { StreamRecord } from '../processor/record.js';
import type { Serializer } from '../serde/serde.js';
import type { ProcessorNode, SinkNode } from '../topology/topology-nodes.js';
import type { TaskServices } from './task-services.js';

type Step = StreamRecord<unknown, unknown>;
type Method = 'process' | 'drain' | 'forwardReady';

/** A node of one task's processor topology, ready to run. */
export interface TaskNode {
  readonly name: string;
  process(record: Step): void | Promise<void>;
}

/** Hands a record to several nodes in order; from the first that works asynchronously on, each waits for the one before. */
export function forwardTo(children: readonly TaskNode[], record: Step): void | Promise<void> {
  let pending: Promise<void> | undefined;
  for (const child of children) {
    if (pending === undefined) {
      const result = child.process(record);
      if (result !== undefined) pending = result;
    } else {
      pending = pending.then(() => child.process(record));
    }
  }
  return pending;
}

/** Runs a user's or operator's {@link Processor} and gives what it throws to the processing handler. */
export class ProcessorTaskNode implements TaskNode {
  readonly name: string;

  constructor(
    node: ProcessorNode,
    readonly processor: Processor,
    private readonly services: TaskServices,
  ) {
    this.name = node.name;
  }

  process(record: Step): void | Promise<void> {
    return this.run('process', record, 1);
  }

  /** Finishes, or forwards what is ready of, the work that the processor does on its own account. */
  settle(method: 'drain' | 'forwardReady'): void | Promise<void> {
    return this.processor[method] === undefined ? undefined : this.run(method, undefined, 1);
  }

  private run(method: Method, record: Step | undefined, attempt: number): void | Promise<void> {
    let result: void | Promise<void>;
    try {
      result = record === undefined ? this.processor[method as 'drain']?.() : this.processor.process(record);
    } catch (error) {
      return this.answer(error, record, attempt, () => this.goOn(error, method, record, attempt));
    }
    if (result === undefined || result === null || typeof result.then !== 'function') return undefined;
    return this.services.track(
      result.then(undefined, (error: unknown) =>
        this.answer(error, record, attempt, () => this.goOn(error, method, record, attempt)),
      ),
    );
  }

  /** After a failure of an earlier record the record in hand is not processed again: it was taken already. */
  private goOn(error: unknown, method: Method, record: Step | undefined, attempt: number): void | Promise<void> {
    if (!(error instanceof DeferredProcessingError)) return this.run(method, record, attempt + 1);
    return this.run(method === 'process' ? 'forwardReady' : method, undefined, attempt + 1);
  }

  /** Fires a punctuator of this processor; what it throws goes to the processing handler too (KIP-1033). */
  async punctuate(punctuator: Punctuator, timestamp: number, attempt = 1): Promise<void> {
    try {
      await punctuator(timestamp);
    } catch (error) {
      await this.answer(error, undefined, attempt, () => this.punctuate(punctuator, timestamp, attempt + 1));
    }
  }

  private answer(
    error: unknown,
    record: Step | undefined,
    attempt: number,
    again: () => void | Promise<void>,
  ): void | Promise<void> {
    const { services } = this;
    // What a node further down has already given to its handler passes through unchanged.
    if (services.isRaised(error)) throw error;
    const failed = services.failedInput();
    const position = services.position(this.name, failed);
    const failure =
      error instanceof ProcessingError
        ? error
        : new ProcessingError(`${this.name} threw: ${textOf(error)}`, { cause: error, ...position });
    const deferred = error instanceof DeferredProcessingError ? error : undefined;
    const tries = deferred?.attempt ?? attempt;
    const answer = services.processingHandler(failure, deferred?.record ?? record, tries);
    switch (answer) {
      case 'retry':
        deferred?.retry();
        return services.track(services.backoff(tries).then(again));
      case 'fail':
        throw services.raise(failure);
      case 'continue':
      case 'dead-letter': {
        services.dropped(failure, answer);
        const written = answer === 'dead-letter' ? services.deadLetter(failure, failed) : undefined;
        // The processor only stopped at an earlier record: the records behind it wait for it to go on.
        if (deferred === undefined) return written;
        return written === undefined ? again() : written.then(again);
      }
    }
  }
}

/** Serialises and sends. What cannot be serialised goes to the production handler. */
export class SinkTaskNode implements TaskNode {
  readonly name: string;

  constructor(
    private readonly node: SinkNode,
    /** The fixed topic with the application's prefix, if it has one. */
    private readonly topic: string | undefined,
    private readonly services: TaskServices,
  ) {
    this.name = node.name;
  }

  process(record: Step): void | Promise<void> {
    const result = this.send(record);
    return result === undefined ? undefined : this.services.track(result);
  }

  private send(record: Step): void | Promise<void> {
    const { services } = this;
    let step: 'topic' | 'key' | 'value' | 'partition' = 'topic';
    let topic = this.topic;
    let key: Buffer | null;
    let value: Buffer | null;
    let partition: number | undefined;
    try {
      topic ??= (this.node.topic as Exclude<SinkNode['topic'], string>)(record, services.recordMetadata());
      step = 'key';
      key = bytesOf(this.node.keySerializer, topic, record.key, record.headers);
      step = 'value';
      value = bytesOf(this.node.valueSerializer, topic, record.value, record.headers);
      if (this.node.partitioner !== undefined) {
        step = 'partition';
        const count = services.collector.partitionCount(topic);
        if (typeof count !== 'number') return count.then(() => this.send(record));
        partition = this.node.partitioner(topic, record.key, record.value, count);
      }
    } catch (error) {
      return this.answer(error, step, topic);
    }
    try {
      return services.collector.send(topic, partition, key, value, record.timestamp, record.headers);
    } catch (error) {
      // Not this record's fault: the transaction has failed, or the producer.
      if (isOfTransaction(error)) throw services.raise(error);
      return this.answer(error, step, topic);
    }
  }

  private answer(error: unknown, step: string, topic: string | undefined): void | Promise<void> {
    const { services } = this;
    const failed = services.failedInput();
    const failure =
      StreamsError.is(error) && !(error instanceof SerdeError)
        ? error
        : new SerdeError(
            error instanceof SerdeError && error.code === 'WRONG_TYPE' ? 'WRONG_TYPE' : 'SERIALIZATION_FAILED',
            `${this.name}: the ${step} of an output record${topic === undefined ? '' : ` to '${topic}'`} failed: ${textOf(error)}`,
            { cause: error, ...services.position(this.name, failed) },
          );
    const answer = services.productionHandler(failure, undefined, 1);
    // Serialising the same object again gives the same failure, so 'retry' is no answer here.
    if (answer === 'fail' || answer === 'retry') throw services.raise(failure);
    services.dropped(failure, answer);
    return answer === 'dead-letter' ? services.deadLetter(failure, failed) : undefined;
  }
}

function isOfTransaction(error: unknown): error is Error {
  return error instanceof TaskMigratedError || (error instanceof KafkaError && error.requiresAbort);
}

function bytesOf(serializer: Serializer<unknown>, topic: string, data: unknown, headers: RecordHeaders): Buffer | null {
  return data === null || data === undefined ? null : serializer.serialize(topic, data, headers);
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
