import type { RecordHeaders } from '../client/records.js';
import { IllegalStateError } from '../errors/errors.js';
import type { Processor } from '../processor/processor.js';
import type { ProcessorContext, RecordMetadata, TaskId } from '../processor/processor-context.js';
import { StreamRecord } from '../processor/record.js';
import type { Logger } from '../telemetry/logger.js';
import type { EmitOptions, HandlerContext, HandlerMethod, HandlerResult } from './stream-handler-options.js';

/** Runs a handler method as a processor: one call per record, and what it emits and returns goes to the children. */
export class HandlerProcessor implements Processor {
  private call: HandlerCall | undefined;

  /**
   * @param handler the method, bound to its service
   * @param hasOutput false: the handler has no output topic, what it returns is ignored
   */
  constructor(
    private readonly handler: HandlerMethod,
    private readonly hasOutput: boolean,
  ) {}

  init(context: ProcessorContext): void {
    this.call = new HandlerCall(context, this.hasOutput);
  }

  process(record: StreamRecord<unknown, unknown>): void | Promise<void> {
    const { call } = this;
    if (call === undefined) throw new IllegalStateError('A handler got a record before its task was initialised.');
    call.begin(record);
    let isPending = false;
    try {
      const result = this.handler(record.value, call);
      if (isPromise(result)) {
        isPending = true;
        return this.settle(call, result);
      }
      return call.finish(result);
    } finally {
      if (!isPending) call.end();
    }
  }

  private async settle(call: HandlerCall, result: Promise<HandlerResult>): Promise<void> {
    try {
      await call.finish(await result);
    } finally {
      call.end();
    }
  }
}

/** The context of a handler: the record it has now, and what it has emitted for it. */
class HandlerCall implements HandlerContext {
  private record: StreamRecord<unknown, unknown> | undefined;
  private metadata: RecordMetadata | undefined;
  private emitted: StreamRecord<unknown, unknown>[] = [];

  constructor(
    private readonly context: ProcessorContext,
    private readonly hasOutput: boolean,
  ) {}

  begin(record: StreamRecord<unknown, unknown>): void {
    this.record = record;
    this.metadata = this.context.recordMetadata();
  }

  /** Forwards what was emitted, then what was returned. */
  finish(result: HandlerResult): void | Promise<void> {
    const { record, emitted } = this;
    if (!this.hasOutput || record === undefined) return;
    let pending: Promise<void> | undefined;
    if (emitted.length > 0) {
      this.emitted = [];
      // The children finish in order: they are one sink. A promise comes from the last of them at the earliest.
      for (const output of emitted) pending = this.context.forward(output) ?? pending;
    }
    if (result === null || result === undefined) return pending;
    return this.context.forward(result instanceof StreamRecord ? result : record.withValue(result)) ?? pending;
  }

  end(): void {
    this.record = undefined;
    this.metadata = undefined;
    if (this.emitted.length > 0) this.emitted = [];
  }

  get key(): unknown {
    return this.current().key;
  }

  get timestamp(): number {
    return this.current().timestamp;
  }

  get headers(): RecordHeaders {
    return this.current().headers;
  }

  get topic(): string {
    return this.source().topic;
  }

  get partition(): number {
    return this.source().partition;
  }

  get offset(): number {
    return this.source().offset;
  }

  get taskId(): TaskId {
    return this.context.taskId;
  }

  get logger(): Logger {
    return this.context.logger;
  }

  emit(value: unknown, options: EmitOptions<unknown> = {}): void {
    const { key, timestamp, headers } = this.current();
    if (!this.hasOutput) {
      throw new IllegalStateError(
        `The handler ${this.context.nodeName} has no output topic to emit to. Give its @StreamHandler a 'to'.`,
      );
    }
    this.emitted.push(
      new StreamRecord(
        'key' in options ? options.key : key,
        value,
        options.timestamp ?? timestamp,
        options.headers ?? headers,
      ),
    );
  }

  private current(): StreamRecord<unknown, unknown> {
    return this.record ?? this.isOver();
  }

  private source(): RecordMetadata {
    return this.metadata ?? this.isOver();
  }

  private isOver(): never {
    throw new IllegalStateError(
      `The context of the handler ${this.context.nodeName} was used after the handler was done with its record. ` +
        'Read what you need before, and await what the handler starts.',
    );
  }
}

function isPromise(value: unknown): value is Promise<HandlerResult> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
