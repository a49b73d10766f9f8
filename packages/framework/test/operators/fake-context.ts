import assert from 'node:assert/strict';
import {
  TaskId,
  type CapturedInput,
  type Cancellable,
  type Logger,
  type ProcessorContext,
  type RecordMetadata,
  type StreamRecord,
} from '../../dist/index.js';

/** A context that keeps what is forwarded; `answer` is what `forward` returns. */
export class FakeContext implements ProcessorContext {
  readonly applicationId = 'fake';
  readonly taskId = new TaskId(0, 0);
  readonly nodeName = 'node';
  readonly forwarded: { readonly record: StreamRecord<unknown, unknown>; readonly child: string | undefined }[] = [];

  constructor(private readonly answer: () => void | Promise<void> = () => undefined) {}

  get logger(): Logger {
    return assert.fail('nothing is logged');
  }

  forward(record: StreamRecord<unknown, unknown>, child?: string): void | Promise<void> {
    this.forwarded.push({ record, child });
    return this.answer();
  }

  captureInput(): CapturedInput | undefined {
    return undefined;
  }

  withInput(_input: CapturedInput | undefined, action: () => void | Promise<void>): void | Promise<void> {
    return action();
  }

  recordMetadata(): RecordMetadata | undefined {
    return undefined;
  }

  schedule(): Cancellable {
    return { cancel: () => undefined };
  }

  getStateStore(name: string): never {
    throw new Error(`this fake has no store '${name}'`);
  }

  skipRecord(reason: string): void {
    assert.fail(`a record was skipped because ${reason}`);
  }

  commit(): void {}

  currentStreamTimeMs(): number {
    return -1;
  }

  currentSystemTimeMs(): number {
    return 0;
  }
}
