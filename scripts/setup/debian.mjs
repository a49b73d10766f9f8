// System packages on Debian and Ubuntu.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { runQuietly } from './child.mjs';
import { logPath } from './paths.mjs';
import { say } from './report.mjs';

/** True on Debian, Ubuntu and what descends from them. */
export function isDebian() {
  if (!existsSync('/etc/os-release') || !existsSync('/usr/bin/apt-get')) return false;
  const fields = Object.fromEntries(
    readFileSync('/etc/os-release', 'utf8')
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1).replaceAll('"', '')]),
  );
  return [fields.ID, ...(fields.ID_LIKE ?? '').split(' ')].some((id) => id === 'debian' || id === 'ubuntu');
}

export function isRoot() {
  return process.getuid?.() === 0;
}

/** Those of `packages` that dpkg does not have as installed. */
export function missingPackages(packages) {
  return packages.filter((name) => {
    const query = spawnSync('dpkg-query', ['-W', '-f=${Status}', name], { encoding: 'utf8' });
    return query.status !== 0 || !query.stdout.includes('install ok installed');
  });
}

/** `apt-get install`, as root. */
export async function installPackages(packages) {
  say(`installing system packages: apt-get install ${packages.join(' ')}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await runQuietly('apt-get', ['update'], { title: 'reading package lists', logFile: logPath('apt-update'), env });
  await runQuietly('apt-get', ['install', '-y', '--no-install-recommends', ...packages], {
    title: 'installing system packages',
    logFile: logPath('apt-install'),
    env,
  });
}
