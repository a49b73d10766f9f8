// Installs the npm dependencies exactly as package-lock.json has them.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietly } from './child.mjs';
import { logPath, root } from './paths.mjs';
import { say } from './report.mjs';

const stampFile = join(root, 'node_modules', '.millrace-installed');
const lockFile = join(root, 'package-lock.json');

function lockHash() {
  return createHash('sha256').update(readFileSync(lockFile)).digest('hex');
}

/**
 * True if npm's own record of what lies in node_modules has every package of the lock file in its version: then somebody
 * installed by hand, and there is nothing to do.
 */
function matchesLock() {
  const recordFile = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(recordFile)) return false;
  const installed = JSON.parse(readFileSync(recordFile, 'utf8')).packages;
  const locked = JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  return Object.entries(locked).every(([path, entry]) => {
    if (!path.includes('node_modules/') || entry.optional === true || entry.peer === true) return true;
    const found = installed[path];
    return found !== undefined && found.version === entry.version && existsSync(join(root, path));
  });
}

/** @returns {Promise<string>} what was done */
export async function installDependencies() {
  const hash = lockHash();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === hash) return 'dependencies are installed';
  if (matchesLock()) {
    writeFileSync(stampFile, hash);
    return 'dependencies are installed as package-lock.json asks';
  }
  say('installing dependencies from package-lock.json: npm ci --ignore-scripts');
  await runQuietly(
    process.platform === 'win32' ? 'npm.cmd' : 'npm',
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund'],
    {
      title: 'installing dependencies',
      logFile: logPath('npm-ci'),
    },
  );
  writeFileSync(stampFile, hash);
  return 'dependencies installed';
}
