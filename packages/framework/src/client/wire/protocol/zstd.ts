import * as zlib from 'node:zlib';
import { UnpackedTooLarge } from './unpack-errors.js';
import { walkZstdFrames, type ZstdFrame } from './zstd-frames.js';
import { loadZstdLibrary, unpackZstdByLibrary } from './zstd-library.js';

type NativeUnpack = (
  packed: Buffer,
  options: { readonly maxOutputLength: number; readonly chunkSize?: number },
) => Buffer;

/** Node.js has it from 22.15 on. */
const native = (zlib as { readonly zstdDecompressSync?: NativeUnpack }).zstdDecompressSync;

/** Makes {@link unpackZstd} ready. At once where Node.js can unpack Zstandard itself. */
export async function loadZstd(): Promise<void> {
  if (native === undefined) await loadZstdLibrary();
}

/** Unpacks Zstandard frames (RFC 8878), with Node.js itself where it can. {@link loadZstd} comes first. */
export function unpackZstd(packed: Buffer, maxBytes: number): Buffer {
  return unpackZstdBy(native, packed, maxBytes);
}

/** {@link unpackZstd} with or without Node.js' own decoder. */
export function unpackZstdBy(decoder: NativeUnpack | undefined, packed: Buffer, maxBytes: number): Buffer {
  const frames = walkZstdFrames(packed);
  let maxLength = 0;
  for (const frame of frames) maxLength += frame.maxLength;
  if (maxLength > maxBytes) throw new UnpackedTooLarge();
  const parts =
    decoder === undefined
      ? unpackZstdByLibrary(packed, frames)
      : frames.map((frame) => unpackNatively(decoder, packed, frame));
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

/** Node.js stops after the first frame, and does not object to one that is cut; the walk over the frames does. */
function unpackNatively(decoder: NativeUnpack, packed: Buffer, { start, end, maxLength, hasSize }: ZstdFrame): Buffer {
  // With a known size the result comes in one piece.
  const chunk = hasSize ? { chunkSize: maxLength + 64 } : {};
  return decoder(packed.subarray(start, end), { maxOutputLength: maxLength, ...chunk });
}
