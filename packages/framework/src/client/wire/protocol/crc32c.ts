import { createRequire } from 'node:module';

/*
 * CRC-32C (Castagnoli), which record batches carry. Eight tables ("slicing by 8", Intel 2006) let it take eight bytes a
 * step.
 */

const polynomial = 0x82f63b78;
const tables = makeTables();

function makeTables(): Int32Array {
  const all = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    all[byte] = crc;
  }
  for (let slice = 1; slice < 8; slice++) {
    for (let byte = 0; byte < 256; byte++) {
      const previous = all[(slice - 1) * 256 + byte] ?? 0;
      all[slice * 256 + byte] = (previous >>> 8) ^ (all[previous & 0xff] ?? 0);
    }
  }
  return all;
}

/** The way of {@link crc32c} that works everywhere. */
export function crc32cOfTables(bytes: Uint8Array): number {
  const t = tables;
  let crc = -1;
  let at = 0;
  for (const end = bytes.length - 7; at < end; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      t[1792 + (crc & 0xff)]! ^
      t[1536 + ((crc >>> 8) & 0xff)]! ^
      t[1280 + ((crc >>> 16) & 0xff)]! ^
      t[1024 + (crc >>> 24)]! ^
      t[768 + bytes[at + 4]!]! ^
      t[512 + bytes[at + 5]!]! ^
      t[256 + bytes[at + 6]!]! ^
      t[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) crc = t[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Below this, the call into the addon costs more than the tables, bytes. */
const nativeFromBytes = 192;

type Crc32c = (bytes: Uint8Array) => number;

/** The addon with the processor's own instruction, where a binary fits; it may also have been left out on purpose. */
function loadNative(): Crc32c | undefined {
  try {
    const { crc32c } = createRequire(import.meta.url)('@node-rs/crc32') as { readonly crc32c: Crc32c };
    // The check value of CRC-32C: what computes another one is of no use.
    return crc32c(Buffer.from('123456789')) === 0xe3069283 ? crc32c : undefined;
  } catch {
    return undefined;
  }
}

const native = loadNative();

/** CRC-32C of the bytes, unsigned: by the processor where the optional addon is there, by tables elsewhere. */
export function crc32c(bytes: Uint8Array): number {
  return native === undefined || bytes.length < nativeFromBytes ? crc32cOfTables(bytes) : native(bytes);
}
