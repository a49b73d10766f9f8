/** The bytes would unpack to more than is allowed. */
export class UnpackedTooLarge extends Error {}

/** The packed bytes are not what a compressor writes. */
export class DamagedPacking extends Error {}

const sharedBytes = 0x10_0000;
let shared: Buffer | undefined;

/**
 * Where a decoder writes if it only knows the most that may come out. Small ones share one buffer, of which
 * {@link takeUnpacked} copies what was written; the next call uses it again.
 */
export function unpackBuffer(bytes: number): Buffer {
  if (bytes > sharedBytes) return Buffer.allocUnsafeSlow(bytes);
  return (shared ??= Buffer.allocUnsafeSlow(sharedBytes));
}

/** What was written to an {@link unpackBuffer}, in memory that is not much larger than that. */
export function takeUnpacked(buffer: Buffer, length: number): Buffer {
  const written = buffer.subarray(0, length);
  return buffer === shared || length < buffer.length / 2 ? Buffer.from(written) : written;
}
