import type { ZSTDDecoder } from 'zstddec';
import { DamagedPacking, UnsupportedCodec } from './unpack-errors.js';
import type { ZstdFrame } from './zstd-frames.js';

let decoder: ZSTDDecoder | undefined;

/** Loads the WebAssembly that {@link unpackZstdByLibrary} needs; later calls do nothing. */
export async function loadZstdLibrary(): Promise<void> {
  if (decoder !== undefined) return;
  const library = await import('zstddec');
  const loading = new library.ZSTDDecoder();
  await loading.init();
  decoder = loading;
}

/**
 * Unpacks frames that were walked over. The memory of the WebAssembly grows to the largest frame, packed and unpacked, and
 * stays so.
 */
export function unpackZstdByLibrary(packed: Buffer, frames: readonly ZstdFrame[]): Buffer[] {
  const library = decoder;
  if (library === undefined)
    throw new UnsupportedCodec('the Zstandard decoder is not loaded. Connect the fetcher first.');
  return frames.map(({ start, end, maxLength }) => {
    const part = library.decode(packed.subarray(start, end), maxLength);
    // The library does not tell of an error: nothing comes out. Frames without content are not here.
    if (part.length === 0) throw new DamagedPacking('the decoder refuses a Zstandard frame');
    return Buffer.from(part.buffer, part.byteOffset, part.length);
  });
}
