import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { requireFreeSpace } from './directories.js';
import { withInstallLock } from './install-lock.js';
import { findDamaged, type JarLock, type LockedDistribution } from './jar-lock.js';
import { LocalKafkaError } from './local-kafka-error.js';
import { downloadWithMaven, type ProgressListener } from './maven.js';

/** Fetches the files of one distribution into an empty folder. Replaced in tests. */
export type Download = typeof downloadWithMaven;

export interface JarCacheOptions {
  readonly cacheDirectory: string;
  readonly onProgress: ProgressListener;
  readonly download?: Download;
}

/** A distribution in the cache, every file checked. */
export interface CachedDistribution {
  readonly version: string;
  readonly directory: string;
  /** Absolute paths of its jars. */
  readonly jars: readonly string[];
  /** True if something had to be fetched now. */
  readonly isNew: boolean;
}

/**
 * Makes sure that all files of a distribution are in the cache and are what the lock says; fetches what is missing and
 * replaces what is damaged, one atomic rename a file. Any number of processes may call it at once.
 *
 * @throws LocalKafkaError `MAVEN_MISSING`, `DOWNLOAD_FAILED`, `DISK_FULL`
 */
export async function ensureDistribution(
  profile: keyof JarLock,
  locked: LockedDistribution,
  options: JarCacheOptions,
): Promise<CachedDistribution> {
  const directory = join(options.cacheDirectory, profile, locked.version);
  let isNew = false;
  if ((await findDamaged(directory, locked.files)).length > 0) {
    await mkdir(dirname(directory), { recursive: true });
    await withInstallLock(
      `${directory}.lock`,
      (holder) => options.onProgress(`waiting for process ${holder}, which is fetching the same files`),
      async () => {
        // Again, under the lock: another process may have done it meanwhile.
        const damaged = await findDamaged(directory, locked.files);
        if (damaged.length === 0) return;
        await install(profile, locked, directory, damaged.length, options);
        isNew = true;
      },
    );
  }
  const jars = locked.files.filter((file) => file.path.endsWith('.jar')).map((file) => join(directory, file.path));
  return { version: locked.version, directory, jars, isNew };
}

async function install(
  profile: keyof JarLock,
  locked: LockedDistribution,
  directory: string,
  damagedCount: number,
  options: JarCacheOptions,
): Promise<void> {
  const { onProgress, download = downloadWithMaven } = options;
  const bytes = locked.files.reduce((sum, file) => sum + file.bytes, 0);
  const megabytes = Math.ceil(bytes / 2 ** 20);
  await requireFreeSpace(dirname(directory), 3 * megabytes, `Fetching the ${profile} jars`);
  onProgress(
    `${damagedCount === locked.files.length ? 'fetching' : `replacing ${damagedCount} missing or damaged files of`} ` +
      `${profile} ${locked.version} (${locked.files.length} files, ${megabytes} MB) with Maven into ${directory}`,
  );
  const staging = await mkdtemp(`${directory}.staging-`);
  try {
    const outputDirectory = join(staging, 'files');
    await download({ profile, outputDirectory, stagingDirectory: staging, onProgress });
    await checkDownload(profile, outputDirectory, locked);
    for (const file of await findDamaged(directory, locked.files)) {
      const target = join(directory, file.path);
      await mkdir(dirname(target), { recursive: true });
      await rename(join(outputDirectory, file.path), target);
    }
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Maven takes what its local repository holds; a file damaged there would go on being damaged here. */
async function checkDownload(profile: string, outputDirectory: string, locked: LockedDistribution): Promise<void> {
  const wrong = await findDamaged(outputDirectory, locked.files);
  if (wrong.length === 0) return;
  const names = wrong.map((file) => file.path).join(', ');
  throw new LocalKafkaError(
    'DOWNLOAD_FAILED',
    `Maven delivered ${profile} ${locked.version}, but these files are missing or not what jars.lock.json says: ${names}. ` +
      'Delete them from the local Maven repository (~/.m2/repository) and start again.',
  );
}
