/* `npm run lock-jars`: fetches all jars anew and writes jars.lock.json. Run it after a change in pom.xml. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDirectory, type JarLock, type LockedDistribution } from './jar-lock.js';
import { downloadWithMaven } from './maven.js';

const packageRoot = new URL('../', import.meta.url);

async function lock(profile: keyof JarLock, version: string): Promise<LockedDistribution> {
  const stagingDirectory = await mkdtemp(join(tmpdir(), 'millrace-lock-'));
  try {
    const outputDirectory = join(stagingDirectory, 'files');
    await downloadWithMaven({ profile, outputDirectory, stagingDirectory, onProgress: console.log });
    return { version, files: await lockDirectory(outputDirectory) };
  } finally {
    await rm(stagingDirectory, { recursive: true, force: true });
  }
}

const pom = await readFile(new URL('pom.xml', packageRoot), 'utf8');
const versionOf = (property: string): string => {
  const version = new RegExp(`<${property}>([^<]+)</${property}>`).exec(pom)?.[1];
  if (version === undefined) throw new Error(`pom.xml has no property ${property}`);
  return version;
};
const jarLock: JarLock = {
  kafka: await lock('kafka', versionOf('kafka.version')),
  'schema-registry': await lock('schema-registry', versionOf('apicurio.version')),
};
await writeFile(new URL('jars.lock.json', packageRoot), JSON.stringify(jarLock, null, 1) + '\n');
console.log(`wrote jars.lock.json: ${jarLock.kafka.files.length} + ${jarLock['schema-registry'].files.length} files`);
