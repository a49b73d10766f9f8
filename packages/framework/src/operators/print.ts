import { inspect } from 'node:util';
import type { Processor } from '../processor/processor.js';
import type { StreamRecord } from '../processor/record.js';

/** Where lines go; `process.stdout` fits. */
export interface TextWriter {
  write(text: string): unknown;
}

/** Writes one line `[label]: key, value` per record, as Kafka Streams' `print` does. */
export class PrintProcessor<K, V> implements Processor<K, V, never, never> {
  constructor(
    private readonly label: string,
    private readonly writer: TextWriter,
    private readonly format: (value: V, key: K) => string = defaultFormat,
  ) {}

  process(record: StreamRecord<K, V>): void {
    this.writer.write(`[${this.label}]: ${this.format(record.value, record.key)}\n`);
  }
}

function defaultFormat(value: unknown, key: unknown): string {
  return `${text(key)}, ${text(value)}`;
}

/** Strings as they are, everything else on one line as Node would show it. */
function text(data: unknown): string {
  return typeof data === 'string' ? data : inspect(data, { breakLength: Infinity, depth: 6 });
}
