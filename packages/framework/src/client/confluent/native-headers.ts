import type { RecordHeaders } from '../records.js';
import type { NativeHeader } from './addon.js';

/** What the addon turns into a null header value: a Buffer without memory behind it. */
const nullValue = Buffer.alloc(0);

/**
 * Headers as the addon's `produce` takes them: one object of exactly one property each (it ignores the others). A value
 * that is neither Buffer nor string would make it throw and send the record all the same.
 */
export function toNativeHeaders(headers: RecordHeaders): NativeHeader[] {
  return headers.map(({ key, value }) => ({ [key]: value === null ? nullValue : value.length === 0 ? '' : value }));
}
