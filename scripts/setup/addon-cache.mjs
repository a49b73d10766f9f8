// Keeps the built Kafka addon in the user's cache folder, so that a second clone need not build it again.
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { userCache } from './paths.mjs';

// The addon finds its libraries by a path relative to itself ($ORIGIN/../deps), so the folders move together.
const FILES = ['Release/confluent-kafka-javascript.node', 'deps/librdkafka.so.1', 'deps/librdkafka++.so.1'];

/** One folder per addon version, Node.js ABI, platform and C library: what a binary fits. */
export function cacheFolder(addonFolder) {
  const { version } = JSON.parse(readFileSync(join(addonFolder, 'package.json'), 'utf8'));
  const libc = process.report?.getReport().header.glibcVersionRuntime ?? 'none';
  return userCache(
    'kafka-addon',
    `${version}-node${process.versions.modules}-${process.platform}-${process.arch}-glibc${libc}`,
  );
}

/** @returns {boolean} false if the cache has no addon that fits */
export function restoreFromCache(addonFolder) {
  const from = cacheFolder(addonFolder);
  if (!FILES.every((file) => existsSync(join(from, file)))) return false;
  for (const file of FILES) {
    const to = join(addonFolder, 'build', file);
    mkdirSync(dirname(to), { recursive: true });
    cpSync(join(from, file), to);
  }
  return true;
}

/** Removes what {@link restoreFromCache} brought, after it turned out not to load. */
export function dropFromCache(addonFolder) {
  rmSync(cacheFolder(addonFolder), { recursive: true, force: true });
  rmSync(join(addonFolder, 'build'), { recursive: true, force: true });
}

/** Copies the build; whole or not at all, since another clone may read the cache meanwhile. */
export function saveToCache(addonFolder) {
  const to = cacheFolder(addonFolder);
  const part = `${to}.${process.pid}.part`;
  for (const file of FILES) {
    mkdirSync(dirname(join(part, file)), { recursive: true });
    cpSync(join(addonFolder, 'build', file), join(part, file), { dereference: true });
  }
  rmSync(to, { recursive: true, force: true });
  try {
    renameSync(part, to);
  } catch (error) {
    // Another clone was faster: its copy is as good.
    rmSync(part, { recursive: true, force: true });
    if (!existsSync(to)) throw error;
  }
}
