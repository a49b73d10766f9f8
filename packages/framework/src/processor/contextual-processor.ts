import type { Processor } from './processor.js';
import type { ProcessorContext } from './processor-context.js';
import type { StreamRecord } from './record.js';

/**
 * A processor that keeps its context.
 *
 * @example
 * class Trim extends ContextualProcessor<string, string, string, string> {
 *   process(record: StreamRecord<string, string>) {
 *     return this.context.forward(record.withValue(record.value.trim()));
 *   }
 * }
 */
export abstract class ContextualProcessor<
  KIn = unknown,
  VIn = unknown,
  KOut = unknown,
  VOut = unknown,
> implements Processor<KIn, VIn, KOut, VOut> {
  /** Set by `init`; not to be used before. */
  protected context!: ProcessorContext<KOut, VOut>;

  init(context: ProcessorContext<KOut, VOut>): void | Promise<void> {
    this.context = context;
  }

  abstract process(record: StreamRecord<KIn, VIn>): void | Promise<void>;
}
