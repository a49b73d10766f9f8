import { isUtf8 } from 'node:buffer';

/** Most bytes of a record that an error message shows. */
const PREVIEW_BYTES = 48;

/** Most characters of a value that an error message shows. */
const PREVIEW_CHARS = 80;

/** Short readable form of bytes for a message: quoted text if they are printable UTF-8, hexadecimal if not; bounded. */
export function previewBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return '(empty)';
  const isCut = bytes.length > PREVIEW_BYTES;
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, PREVIEW_BYTES));
  const suffix = isCut ? `... (${bytes.length} bytes)` : '';
  // A cut may fall inside a character: then the last 1 to 3 bytes do not count.
  for (let cut = 0; cut <= (isCut ? 3 : 0); cut += 1) {
    const part = head.subarray(0, head.length - cut);
    if (isUtf8(part)) {
      const text = part.toString('utf8');
      if (isPrintable(text)) return JSON.stringify(text) + suffix;
      break;
    }
  }
  return `0x${head.toString('hex')}${suffix}`;
}

/** Short readable form of any value for a message: its type, and its text where that says more; bounded. */
export function previewValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (value instanceof Uint8Array) return `bytes ${previewBytes(value)}`;
  switch (typeof value) {
    case 'string':
      return `string ${bounded(JSON.stringify(value.slice(0, PREVIEW_CHARS + 1)))}`;
    case 'number':
    case 'boolean':
      return `${typeof value} ${String(value)}`;
    case 'bigint':
      return `bigint ${bounded(`${value}n`)}`;
    case 'object':
      return `${Array.isArray(value) ? `array of ${value.length}` : (value.constructor?.name ?? 'object')} ${objectText(value)}`;
    default:
      return typeof value;
  }
}

function objectText(value: object): string {
  try {
    return bounded(JSON.stringify(value) ?? '');
  } catch {
    return '(no JSON form)';
  }
}

function bounded(text: string): string {
  return text.length > PREVIEW_CHARS ? `${text.slice(0, PREVIEW_CHARS)}...` : text;
}

function isPrintable(text: string): boolean {
  return !/[^\P{C}\t\n\r]/u.test(text);
}
