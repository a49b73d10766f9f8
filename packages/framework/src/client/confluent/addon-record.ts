import { NO_HEADERS, type ConsumedRecord, type RecordHeader, type RecordHeaders } from '../records.js';
import type { NativeHeader, NativeRecord } from './addon.js';

/**
 * A record of the addon in the shape of the port. The headers are turned around on first use only: most records have
 * none, or nobody looks.
 *
 * The addon delivers a null header value as an empty one; that cannot be told apart here.
 */
export class AddonRecord implements ConsumedRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  private native: readonly NativeHeader[] | undefined;
  private converted: RecordHeaders | undefined;

  constructor(record: NativeRecord) {
    this.offset = record.offset;
    this.timestamp = record.timestamp;
    this.key = record.key;
    this.value = record.value;
    this.native = record.headers;
  }

  get headers(): RecordHeaders {
    if (this.native === undefined) return this.converted ?? NO_HEADERS;
    this.converted = this.native.map(toHeader);
    this.native = undefined;
    return this.converted;
  }
}

function toHeader(header: NativeHeader): RecordHeader {
  for (const key in header) {
    const value = header[key];
    return { key, value: typeof value === 'string' ? Buffer.from(value) : (value ?? null) };
  }
  // A header whose name is the empty string has no enumerable property in some versions of the addon.
  return { key: '', value: null };
}
