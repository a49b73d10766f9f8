import type { RecordHeaders } from '../records.js';
import type { NativeHeader } from './addon.js';

/** What the addon turns into a null header value: a Buffer without memory behind it. */
const nullValue = Buffer.alloc(0);
/** An empty value that stays one: a Buffer of no bytes, but with memory behind it. */
const emptyBytes = Buffer.alloc(8).subarray(0, 0);

/** Key or value as the addon's `produce` takes it: it would send a Buffer without memory behind it as null. */
export function toNativeBytes(bytes: Buffer | null): Buffer | null {
  return bytes?.length === 0 ? emptyBytes : bytes;
}

/**
 * Headers as the addon's `produce` takes them: one object of exactly one property each (it ignores the others). A value
 * that is neither Buffer nor string would make it throw and send the record all the same.
 */
export function toNativeHeaders(headers: RecordHeaders): NativeHeader[] {
  return headers.map(({ key, value }) => ({ [key]: toNativeBytes(value) ?? nullValue }));
}
