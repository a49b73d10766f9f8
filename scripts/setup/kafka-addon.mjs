// Makes the native Kafka client load: prebuilt binary, else the user's cache, else a build of our own.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { dropFromCache, restoreFromCache, saveToCache } from './addon-cache.mjs';
import { runQuietly, tryQuietly } from './child.mjs';
import { installPackages, isDebian, isRoot, missingPackages } from './debian.mjs';
import { binOf, logPath, root } from './paths.mjs';
import { say, SetupError } from './report.mjs';

const NAME = '@confluentinc/kafka-javascript';
const BUILD_PACKAGES = [
  'build-essential',
  'python3',
  'libcurl4-openssl-dev',
  'zlib1g-dev',
  'libssl-dev',
  'libzstd-dev',
  'libsasl2-dev',
  'liblz4-dev',
];
const DOWNLOAD_TIMEOUT_MS = 20_000;

const folder = join(root, 'node_modules', NAME);

/** Loads the addon in a process of its own: a binary that does not fit may crash. */
export function tryToLoad() {
  const loading = spawnSync(process.execPath, ['-e', `require(${JSON.stringify(folder)})`], { encoding: 'utf8' });
  if (loading.status === 0) return { loads: true, reason: '' };
  const reason = loading.stderr.split('\n').find((line) => line.includes('Error: ')) ?? `ended with ${loading.signal}`;
  return { loads: false, reason: reason.trim() };
}

async function downloadPrebuilt() {
  const logFile = logPath('kafka-addon-download');
  say('fetching the prebuilt Kafka addon');
  const { ok, reason } = await tryQuietly(
    process.execPath,
    [binOf('@mapbox/node-pre-gyp', 'bin/node-pre-gyp'), 'install'],
    { title: 'fetching the Kafka addon', logFile, cwd: folder, timeoutMs: DOWNLOAD_TIMEOUT_MS },
  );
  if (ok && tryToLoad().loads) return true;
  rmSync(join(folder, 'build'), { recursive: true, force: true });
  say(`no prebuilt Kafka addon to be had here: ${ok ? 'it does not load' : reason}`);
  return false;
}

function byHandMessage(missing) {
  const build = `CKJS_LINKING=dynamic npm rebuild ${NAME}`;
  const lines = [`The Kafka addon (${NAME}) does not load, and its prebuilt binary could not be downloaded.`];
  if (isDebian()) {
    lines.push('Build it with these commands, then run this one again:');
    if (missing.length > 0) lines.push('  sudo apt-get update', `  sudo apt-get install -y ${missing.join(' ')}`);
  } else {
    lines.push(
      'Either allow the download (github.com, the releases of confluentinc/confluent-kafka-javascript) or build it:',
      '  install a C++20 compiler, make, python3 and the development files of libcurl, zlib, OpenSSL, zstd, SASL2 and lz4, then',
    );
  }
  lines.push(`  ${build}`);
  return lines.join('\n');
}

async function build() {
  // Node.js packages of distributions bring their headers along; without them node-gyp downloads some.
  const prefix = dirname(dirname(process.execPath));
  const env = {
    CKJS_LINKING: 'dynamic',
    // librdkafka's own build starts as many compilers as it wants; flags from outside break its make files.
    MAKEFLAGS: '',
    PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
  };
  if (existsSync(join(prefix, 'include', 'node', 'node.h'))) env.npm_config_nodedir = prefix;
  say('building the Kafka addon from its source: about two minutes on two cores');
  await runQuietly(
    process.execPath,
    [binOf('@mapbox/node-pre-gyp', 'bin/node-pre-gyp'), 'install', '--build-from-source'],
    { title: 'building the Kafka addon', logFile: logPath('kafka-addon-build'), cwd: folder, env },
  );
}

/** @returns {Promise<string>} what was done */
export async function ensureKafkaAddon() {
  if (tryToLoad().loads) return 'Kafka addon loads';
  if (restoreFromCache(folder)) {
    if (tryToLoad().loads) return 'Kafka addon taken from the cache folder of an earlier build';
    dropFromCache(folder);
  }
  if (await downloadPrebuilt()) return 'Kafka addon downloaded';
  const missing = isDebian() ? missingPackages(BUILD_PACKAGES) : [];
  if (!isDebian() || (missing.length > 0 && !isRoot())) throw new SetupError(byHandMessage(missing));
  if (missing.length > 0) await installPackages(missing);
  await build();
  const { loads, reason } = tryToLoad();
  if (!loads) {
    throw new SetupError(
      `The Kafka addon was built but does not load: ${reason}. Log: ${logPath('kafka-addon-build')}`,
    );
  }
  saveToCache(folder);
  return 'Kafka addon built';
}
