import type { ProcessorContext } from './processor-context.js';
import type { StoreBuilder } from '../state/stores/store-builder.js';
import type { StreamRecord } from './record.js';

/**
 * One step of a topology. One instance per task, made by its {@link ProcessorSupplier}; it never sees two records at
 * once. A method that returns a promise is awaited before the task takes its next record; methods that return nothing
 * cost no promise.
 */
export interface Processor<KIn = unknown, VIn = unknown, KOut = unknown, VOut = unknown> {
  /** Called once before the first record. Keep the context; schedule punctuators here. */
  init?(context: ProcessorContext<KOut, VOut>): void | Promise<void>;
  process(record: StreamRecord<KIn, VIn>): void | Promise<void>;
  /**
   * Called between batches, when the task has no record in hand. A
   * processor that works asynchronously on its own account forwards here what is finished, and does not wait for the
   * rest. It throws a `DeferredProcessingError` if one of its earlier records failed.
   */
  forwardReady?(): void | Promise<void>;
  /**
   * Awaited before each commit, parents before children: a processor that works asynchronously on its own account
   * finishes what it has taken and forwards it here. Throws like `forwardReady`; calling it again goes on.
   */
  drain?(): void | Promise<void>;
  /** Called once when the task closes, also after an error. Do not forward here. */
  close?(): void;
}

/** Makes a new processor for each task. Never hand out the same instance twice. */
export interface ProcessorSupplier<KIn = unknown, VIn = unknown, KOut = unknown, VOut = unknown> {
  (): Processor<KIn, VIn, KOut, VOut>;
  /**
   * Stores that its processors use: they are added to the topology and connected (KIP-401). Suppliers may share one, if
   * each names the same builder.
   */
  readonly stores?: readonly StoreBuilder[] | undefined;
}
