import { IllegalStateError } from '../errors/errors.js';
import { FixedKeyRecord, type FixedKeyProcessor, type FixedKeyProcessorContext } from '../processor/fixed-key.js';
import type { Processor } from '../processor/processor.js';
import type {
  Cancellable,
  CapturedInput,
  ProcessorContext,
  PunctuationType,
  Punctuator,
  RecordMetadata,
} from '../processor/processor-context.js';
import type { StreamRecord } from '../processor/record.js';
import type { StateStore } from '../state/stores/state-store.js';

/** Runs a {@link FixedKeyProcessor} as a processor: hands it records that keep their key, and forwards no others. */
export class FixedKeyAdapter<K, V, VOut> implements Processor<K, V, K, VOut> {
  constructor(private readonly processor: FixedKeyProcessor<K, V, VOut>) {}

  init(context: ProcessorContext<K, VOut>): void | Promise<void> {
    return this.processor.init?.(new FixedKeyContext(context));
  }

  process(record: StreamRecord<K, V>): void | Promise<void> {
    return this.processor.process(new FixedKeyRecord(record.key, record.value, record.timestamp, record.headers));
  }

  forwardReady(): void | Promise<void> {
    return this.processor.forwardReady?.();
  }

  drain(): void | Promise<void> {
    return this.processor.drain?.();
  }

  close(): void {
    this.processor.close?.();
  }
}

class FixedKeyContext<K, VOut> implements FixedKeyProcessorContext<K, VOut> {
  constructor(private readonly context: ProcessorContext<K, VOut>) {}

  get applicationId() {
    return this.context.applicationId;
  }

  get taskId() {
    return this.context.taskId;
  }

  get nodeName() {
    return this.context.nodeName;
  }

  get logger() {
    return this.context.logger;
  }

  forward<V extends VOut>(record: FixedKeyRecord<K, V>, childName?: string): void | Promise<void> {
    if (!(record instanceof FixedKeyRecord)) {
      throw new IllegalStateError(
        `Node '${this.nodeName}' forwards a record that it made itself. processValues() forwards only the records it was ` +
          `given, and those derived from them with withValue(), withTimestamp() and withHeaders(). Use process() to change keys.`,
        { node: this.nodeName },
      );
    }
    return this.context.forward(record, childName);
  }

  captureInput(): CapturedInput | undefined {
    return this.context.captureInput();
  }

  withInput(input: CapturedInput | undefined, action: () => void | Promise<void>): void | Promise<void> {
    return this.context.withInput(input, action);
  }

  recordMetadata(): RecordMetadata | undefined {
    return this.context.recordMetadata();
  }

  schedule(intervalMs: number, type: PunctuationType, punctuator: Punctuator): Cancellable {
    return this.context.schedule(intervalMs, type, punctuator);
  }

  getStateStore<S extends StateStore>(name: string): S {
    return this.context.getStateStore(name);
  }

  skipRecord(reason: string): void {
    this.context.skipRecord(reason);
  }

  commit(): void {
    this.context.commit();
  }

  currentStreamTimeMs(): number {
    return this.context.currentStreamTimeMs();
  }

  currentSystemTimeMs(): number {
    return this.context.currentSystemTimeMs();
  }
}
