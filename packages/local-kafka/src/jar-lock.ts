import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** One file as it must be. */
export interface LockedFile {
  /** Path below the distribution's folder, with `/`. */
  readonly path: string;
  readonly bytes: number;
  /** SHA-256, hex. */
  readonly sha256: string;
}

/** All files of one distribution. */
export interface LockedDistribution {
  readonly version: string;
  readonly files: readonly LockedFile[];
}

/** jars.lock.json: what Maven must have fetched, byte for byte. */
export interface JarLock {
  readonly kafka: LockedDistribution;
  readonly 'schema-registry': LockedDistribution;
}

const LOCK_FILE = new URL('../jars.lock.json', import.meta.url);

/** Reads the jars.lock.json of this package. */
export async function readJarLock(): Promise<JarLock> {
  return JSON.parse(await readFile(LOCK_FILE, 'utf8')) as JarLock;
}

/** Files that are missing in `directory`, or differ from the lock in size or content. Other files are not looked at. */
export async function findDamaged(directory: string, files: readonly LockedFile[]): Promise<LockedFile[]> {
  const damaged: LockedFile[] = [];
  // One file after the other: the hash is bound by the processor, not by the disk.
  for (const file of files) {
    if (!(await isIntact(join(directory, file.path), file))) damaged.push(file);
  }
  return damaged;
}

/** Describes all files below `directory`, sorted by path. */
export async function lockDirectory(directory: string): Promise<LockedFile[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'));
  const files: LockedFile[] = [];
  for (const path of paths.sort()) files.push(await lockFile(directory, path));
  return files;
}

/** Describes one file as it is now. */
export async function lockFile(directory: string, path: string): Promise<LockedFile> {
  const { size } = await stat(join(directory, path));
  return { path, bytes: size, sha256: await sha256(join(directory, path)) };
}

async function isIntact(path: string, expected: LockedFile): Promise<boolean> {
  try {
    const { size } = await stat(path);
    return size === expected.bytes && (await sha256(path)) === expected.sha256;
  } catch {
    return false;
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}
