import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { manifests } from '../docs/manifests.mjs';
import { binOf, root } from '../setup/paths.mjs';

/** Files that git tracks or would track. */
function ownFiles() {
  return execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => file !== '' && existsSync(join(root, file)));
}

describe('repository', () => {
  it('should hold no path of a machine and no host of a package registry', () => {
    // Put together here, so that this file does not match itself.
    const forbidden = [
      ['registry', 'npmjs', 'org'].join('\\.'),
      ['repo1?', 'maven', '(apache\\.)?org'].join('\\.'),
      ['files\\.pythonhosted', 'org'].join('\\.'),
      ['proxy', 'golang', 'org'].join('\\.'),
      ['deb', 'debian', 'org'].join('\\.'),
      `(^|[^\\w.-])/${'work'}/`,
      `/${'tmp'}/(wt|m2)\\b`,
      `(^|[^\\w.-])/${'root'}/`,
      `(^|[^\\w.-])/${'home'}/\\w+/`,
    ].map((pattern) => new RegExp(pattern, 'm'));
    const found = ownFiles().flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      return forbidden.filter((pattern) => pattern.test(text)).map((pattern) => `${file}: ${pattern.source}`);
    });
    assert.deepEqual(found, []);
  });

  it('should have a lock file that knows the binaries of every platform', () => {
    const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    const paths = Object.keys(packages);
    const missing = paths.flatMap((path) =>
      Object.keys(packages[path].optionalDependencies ?? {}).filter(
        (name) => !paths.some((other) => other.endsWith(`node_modules/${name}`)),
      ),
    );
    assert.deepEqual(missing, []);
  });
});

describe('packages', () => {
  const published = manifests().filter(({ manifest }) => manifest.private !== true);

  it('should be listed by lerna', () => {
    const output = execFileSync(
      process.execPath,
      [binOf('lerna', 'dist/cli.js'), 'ls', '--json', '--loglevel', 'silent'],
      {
        cwd: root,
        encoding: 'utf8',
        env: { ...process.env, NX_DAEMON: 'false' },
      },
    );
    const listed = JSON.parse(output).map(({ name }) => name);
    assert.deepEqual(listed.sort(), published.map(({ manifest }) => manifest.name).sort());
  });

  it('should say what is published, under which licence and for which Node.js', () => {
    const incomplete = published
      .filter(({ manifest }) => {
        const { license, type, files, engines, description } = manifest;
        return (
          license !== 'Apache-2.0' || type !== 'module' || !files?.includes('dist') || !engines?.node || !description
        );
      })
      .map(({ manifest }) => manifest.name);
    assert.deepEqual(incomplete, []);
  });

  it('should export compiled files that exist', () => {
    const missing = published.flatMap(({ folder, manifest }) =>
      Object.values(manifest.exports)
        .flatMap((target) => Object.values(target))
        .filter((file) => !existsSync(join(folder, file)))
        .map((file) => `${manifest.name}: ${file}`),
    );
    assert.deepEqual(missing, []);
  });
});
