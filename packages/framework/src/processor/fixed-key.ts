import { IllegalStateError } from '../errors/errors.js';
import type { RecordHeaders } from '../client/records.js';
import type { StoreBuilder } from '../state/stores/store-builder.js';
import type { ProcessorContext } from './processor-context.js';
import { StreamRecord } from './record.js';

/**
 * A record whose key must stay as it is. Only Millrace makes one, so that a processor that can forward nothing else
 * cannot change the key, and no repartitioning is needed after it.
 */
export class FixedKeyRecord<K, V> extends StreamRecord<K, V> {
  /** Makes the class nominal: a plain record is not one. */
  declare private readonly brand: 'FixedKeyRecord';

  /** @throws IllegalStateError always */
  override withKey(): never {
    throw new IllegalStateError('processValues() must not change the key of a record. Use process() to change it.');
  }

  override withValue<NV>(value: NV): FixedKeyRecord<K, NV> {
    return new FixedKeyRecord(this.key, value, this.timestamp, this.headers);
  }

  override withTimestamp(timestamp: number): FixedKeyRecord<K, V> {
    return new FixedKeyRecord(this.key, this.value, timestamp, this.headers);
  }

  override withHeaders(headers: RecordHeaders): FixedKeyRecord<K, V> {
    return new FixedKeyRecord(this.key, this.value, this.timestamp, headers);
  }
}

/** The context of a {@link FixedKeyProcessor}: forwards records it was given, and those derived from them. */
export interface FixedKeyProcessorContext<K = unknown, VForward = unknown> extends Omit<
  ProcessorContext<K, VForward>,
  'forward'
> {
  /** @throws IllegalStateError if the record is not one that the processor was given, or derived from one */
  forward<V extends VForward>(record: FixedKeyRecord<K, V>, childName?: string): void | Promise<void>;
}

/** A processor that may change values, timestamps and headers, never keys. Otherwise like `Processor`. */
export interface FixedKeyProcessor<K = unknown, VIn = unknown, VOut = unknown> {
  init?(context: FixedKeyProcessorContext<K, VOut>): void | Promise<void>;
  process(record: FixedKeyRecord<K, VIn>): void | Promise<void>;
  forwardReady?(): void | Promise<void>;
  drain?(): void | Promise<void>;
  close?(): void;
}

/** Makes a new processor for each task. Never hand out the same instance twice. */
export interface FixedKeyProcessorSupplier<K = unknown, VIn = unknown, VOut = unknown> {
  (): FixedKeyProcessor<K, VIn, VOut>;
  /** As in `ProcessorSupplier`. */
  readonly stores?: readonly StoreBuilder[] | undefined;
}
