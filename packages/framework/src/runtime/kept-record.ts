import { NO_HEADERS, type ConsumedRecord, type RecordHeaders } from '../client/records.js';

/**
 * An input record that is kept beyond its processing. Key and value of a fetched record are views, and would keep alive
 * everything that was fetched with it; here they are latin1 strings, which take their own size and nothing more.
 */
export class KeptRecord implements ConsumedRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly #key: string | null;
  readonly #value: string | null;
  readonly #headers: readonly { readonly key: string; readonly value: string | null }[] | undefined;

  constructor({ offset, timestamp, key, value, headers }: ConsumedRecord) {
    this.offset = offset;
    this.timestamp = timestamp;
    this.#key = textOf(key);
    this.#value = textOf(value);
    if (headers.length === 0) return;
    this.#headers = headers.map((header) => ({ key: header.key, value: textOf(header.value) }));
  }

  get key(): Buffer | null {
    return bytesOf(this.#key);
  }

  get value(): Buffer | null {
    return bytesOf(this.#value);
  }

  get headers(): RecordHeaders {
    return this.#headers?.map(({ key, value }) => ({ key, value: bytesOf(value) })) ?? NO_HEADERS;
  }
}

function textOf(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString('latin1');
}

function bytesOf(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text, 'latin1');
}
