import { closeSync, openSync, readSync } from 'node:fs';

/** Where LMDB keeps its stamp and data version, and the page size, in each of the two meta pages a file begins with. */
const STAMP_OFFSET = 24;
const PAGE_SIZE_OFFSET = 48;

/**
 * What must not change in an LMDB file while the library stays the same: stamp, data version and page size, as text.
 * Undefined: this is not an LMDB file. Asked before LMDB opens a file, because LMDB's addon does not survive a file that
 * is not one.
 */
export function readDataHeader(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const first = read(file, 0);
    if (first === undefined) return undefined;
    const pageSize = first.readUInt32LE(PAGE_SIZE_OFFSET);
    if (pageSize < 512 || pageSize > 65_536) return undefined;
    const second = read(file, pageSize);
    const stamp = stampOf(first);
    return second !== undefined && stampOf(second) === stamp ? `${stamp}-${pageSize}` : undefined;
  } finally {
    closeSync(file);
  }
}

function read(file: number, offset: number): Buffer | undefined {
  const page = Buffer.alloc(PAGE_SIZE_OFFSET + 4);
  return readSync(file, page, 0, page.length, offset) === page.length ? page : undefined;
}

function stampOf(page: Buffer): string {
  return page.toString('hex', STAMP_OFFSET, STAMP_OFFSET + 8);
}
