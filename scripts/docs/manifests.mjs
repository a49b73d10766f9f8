import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow } from '../setup/projects.mjs';
import { root } from '../setup/paths.mjs';

/** All package.json files of the repository: folder and content. */
export function manifests() {
  return filesBelow(root)
    .filter((file) => file.endsWith('/package.json'))
    .map((file) => ({ folder: join(file, '..'), manifest: JSON.parse(readFileSync(file, 'utf8')) }));
}

/** Names of everything that any of them depends on, workspaces left out. */
export function allDependencies() {
  const kinds = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'];
  const own = new Set(manifests().map(({ manifest }) => manifest.name));
  const names = manifests().flatMap(({ manifest }) => kinds.flatMap((kind) => Object.keys(manifest[kind] ?? {})));
  return [...new Set(names)].filter((name) => !own.has(name)).sort();
}
