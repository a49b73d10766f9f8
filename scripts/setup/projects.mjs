// The TypeScript projects of the repository, and which compiled file belongs to which source.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { root } from './paths.mjs';

/**
 * @typedef {object} Project
 * @property {string} folder where its tsconfig.json lies
 * @property {string} rootDir sources, absolute
 * @property {string} outDir compiled files, absolute
 * @property {string[]} include source folders, absolute
 */

/** All files below `folder`, absolute. Folders that are built or installed are left out. */
export function filesBelow(folder, skip = ['node_modules', 'dist', 'dist-test', '.git', '.cache']) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return skip.includes(entry.name) ? [] : filesBelow(path, skip);
    return [path];
  });
}

function readProject(folder) {
  const config = JSON.parse(readFileSync(join(folder, 'tsconfig.json'), 'utf8'));
  const { rootDir, outDir } = config.compilerOptions;
  return {
    folder,
    rootDir: resolve(folder, rootDir),
    outDir: resolve(folder, outDir),
    include: config.include.map((path) => resolve(folder, path)),
  };
}

/** The projects that the root tsconfig.json references. @returns {Project[]} */
export function projects() {
  const { references } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
  return references.map(({ path }) => readProject(join(root, path)));
}

/** TypeScript sources of a project, declaration files left out. */
export function sourcesOf(project) {
  return project.include
    .flatMap((folder) => filesBelow(folder))
    .filter((file) => /\.m?ts$/.test(file) && !file.endsWith('.d.ts'));
}

/** The JavaScript file into which `source` is compiled. */
export function outputOf(project, source) {
  return join(project.outDir, relative(project.rootDir, source)).replace(/\.(m?)ts$/, '.$1js');
}

/** Compiled files that no longer have a source, e.g. after a rename. */
export function staleOutputsOf(project) {
  const expected = new Set(sourcesOf(project).map((source) => outputOf(project, source)));
  return filesBelow(project.outDir, []).filter((file) => {
    const output = file.replace(/\.map$/, '').replace(/\.d\.(m?)ts$/, '.$1js');
    return /\.m?js$/.test(output) && !expected.has(output);
  });
}

/** Where `tsc -b` records what it has compiled: beside the project's folder of sources, per TypeScript's rules. */
export function buildInfoOf(project) {
  const path = relative(project.rootDir, project.folder);
  return join(project.outDir, path, 'tsconfig.tsbuildinfo');
}
