/**
 * Bytes as a JavaScript string: one character per byte (latin1). Inside the state layer keys and values have this form,
 * because such strings compare in byte order with `<`, serve as `Map` keys, live compactly on the heap and pin no
 * larger buffer, unlike slices of Node's buffer pool or of a fetch response.
 */
export type ByteString = string;

/** The bytes of a buffer, copied. */
export function toByteString(bytes: Uint8Array): ByteString {
  const buffer = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer.toString('latin1', 0, bytes.length);
}

/** Whether each character is ASCII: then text in UTF-8 and its byte string are the same. */
export function isAscii(text: string): boolean {
  return Buffer.byteLength(text, 'utf8') === text.length;
}

/** A new buffer with these bytes. */
export function toBuffer(bytes: ByteString): Buffer {
  return Buffer.from(bytes, 'latin1');
}

/** The smallest byte string greater than `key`; as an exclusive upper bound it makes a range include `key`. */
export function successor(key: ByteString): ByteString {
  return key + '\u0000';
}

/** Exclusive upper bound of all byte strings that start with `prefix`; undefined: there is none (all 0xff, or empty). */
export function prefixEnd(prefix: ByteString): ByteString | undefined {
  let last = prefix.length - 1;
  while (last >= 0 && prefix.charCodeAt(last) === 0xff) last--;
  if (last < 0) return undefined;
  return prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1);
}

/** 8-byte big-endian encoding of a non-negative integer up to 2^53 - 1. */
export function encodeInt64(value: number): ByteString {
  const high = Math.floor(value / 0x1_0000_0000);
  const low = value >>> 0;
  return String.fromCharCode(
    high >>> 24,
    (high >>> 16) & 0xff,
    (high >>> 8) & 0xff,
    high & 0xff,
    low >>> 24,
    (low >>> 16) & 0xff,
    (low >>> 8) & 0xff,
    low & 0xff,
  );
}

/** Reverse of {@link encodeInt64} at an offset of a longer byte string. */
export function decodeInt64(bytes: ByteString, offset: number): number {
  return decodeUint32(bytes, offset) * 0x1_0000_0000 + decodeUint32(bytes, offset + 4);
}

/** 4-byte big-endian encoding. */
export function encodeUint32(value: number): ByteString {
  return String.fromCharCode(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

/** Reverse of {@link encodeUint32} at an offset of a longer byte string. */
export function decodeUint32(bytes: ByteString, offset: number): number {
  return (
    ((bytes.charCodeAt(offset) << 24) |
      (bytes.charCodeAt(offset + 1) << 16) |
      (bytes.charCodeAt(offset + 2) << 8) |
      bytes.charCodeAt(offset + 3)) >>>
    0
  );
}
