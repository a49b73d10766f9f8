import { createHash, randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withInstallLock } from './install-lock.js';
import { findDamaged, lockFile, type LockedFile } from './jar-lock.js';
import type { CachedDistribution } from './jar-cache.js';
import type { Java } from './java.js';
import type { ProgressListener } from './maven.js';

/*
 * A class data archive (JEP 350) holds the broker's classes parsed and verified, which saves about a second of each start.
 * The JVM writes it when a broker that was started with a flag ends, so one broker is started and stopped for it after the
 * jars have been fetched. It fits one build of Java and these very jar files; the JVM ignores it silently otherwise.
 */

/** Starts a broker with these JVM flags, waits until it is ready, and stops it. */
export type TrainingRun = (jvmFlags: readonly string[]) => Promise<void>;

interface ArchiveIndex {
  readonly file: LockedFile;
}

/** JVM flags that use the archive, which is made first if need be. None if it cannot be made: it is only about speed. */
export async function ensureClassArchive(
  java: Java,
  kafka: CachedDistribution,
  onProgress: ProgressListener,
  train: TrainingRun,
): Promise<readonly string[]> {
  const javaId = createHash('sha256').update(`${java.command}\n${java.build}`).digest('hex').slice(0, 12);
  const index = join(kafka.directory, `classes-${javaId}.json`);
  const readFlags = async (): Promise<string[] | undefined> => {
    const file = kafka.isNew ? undefined : await readIndex(kafka.directory, index);
    return file === undefined ? undefined : [`-XX:SharedArchiveFile=${join(kafka.directory, file.path)}`];
  };
  const present = await readFlags();
  if (present !== undefined) return present;
  return withInstallLock(
    `${index}.lock`,
    (holder) => onProgress(`waiting for process ${holder}, which is preparing the same Kafka`),
    async () => {
      const meanwhile = await readFlags();
      if (meanwhile !== undefined) return meanwhile;
      onProgress('preparing faster starts (once): starting and stopping a broker');
      const path = `classes-${javaId}-${randomUUID()}.jsa`;
      try {
        await train([`-XX:ArchiveClassesAtExit=${join(kafka.directory, path)}`]);
        await writeIndex(kafka.directory, index, path);
      } catch (error) {
        onProgress(`no faster starts: ${error instanceof Error ? error.message : String(error)}`);
        await rm(join(kafka.directory, path), { force: true });
        return [];
      }
      return [`-XX:SharedArchiveFile=${join(kafka.directory, path)}`];
    },
  );
}

async function writeIndex(directory: string, index: string, path: string): Promise<void> {
  const previous = await readFile(index, 'utf8').catch(() => undefined);
  await writeFile(`${index}.new`, JSON.stringify({ file: await lockFile(directory, path) } satisfies ArchiveIndex));
  await rename(`${index}.new`, index);
  if (previous === undefined) return;
  // Running brokers that map the old file keep it until they end.
  await rm(join(directory, (JSON.parse(previous) as ArchiveIndex).file.path), { force: true }).catch(() => undefined);
}

/** A damaged archive could crash the JVM, which checks little of it, so it is checked here. */
async function readIndex(directory: string, index: string): Promise<LockedFile | undefined> {
  try {
    const { file } = JSON.parse(await readFile(index, 'utf8')) as ArchiveIndex;
    return (await findDamaged(directory, [file])).length === 0 ? file : undefined;
  } catch {
    return undefined;
  }
}
