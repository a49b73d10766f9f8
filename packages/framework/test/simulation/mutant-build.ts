import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Change, Mutant } from './mutants.js';

/** Folder of the framework package: this file runs from `dist-test/simulation`. */
const packageFolder = fileURLToPath(new URL('../../', import.meta.url));

/** The changed code. @throws Error if the place to change is not there, or there twice */
export function changed(mutant: string, source: string, { file, find, replace }: Change): string {
  const words = find.split(/\s+/).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const place = new RegExp(words.join('\\s+'), 'g');
  const count = [...source.matchAll(place)].length;
  if (count !== 1) {
    throw new Error(
      `Mutant ${mutant}: ${file} has its place ${count} times. The code has changed; adapt the mutant to it:\n  ${find}`,
    );
  }
  return source.replace(place, () => replace);
}

/** Files of a mutant that differ from the original, below `dist`. */
export function changedFiles(mutant: Mutant): Map<string, string> {
  const files = new Map<string, string>();
  for (const change of mutant.changes) {
    const source = files.get(change.file) ?? readFileSync(join(packageFolder, 'dist', change.file), 'utf8');
    files.set(change.file, changed(mutant.name, source, change));
  }
  return files;
}

/** A copy of the compiled framework and simulation with the mutant's mistake in it. @returns the simulation's program */
export function buildMutant(mutant: Mutant, folder: string): string {
  const files = changedFiles(mutant);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'dist-test'), { recursive: true });
  cpSync(join(packageFolder, 'package.json'), join(folder, 'package.json'));
  cpSync(join(packageFolder, 'dist'), join(folder, 'dist'), { recursive: true });
  cpSync(join(packageFolder, 'dist-test', 'simulation'), join(folder, 'dist-test', 'simulation'), { recursive: true });
  for (const [file, source] of files) writeFileSync(join(folder, 'dist', file), source);
  return join(folder, 'dist-test', 'simulation', 'main.js');
}

/** Where mutants are built: below the repository, so that they find its packages. */
export const mutantsFolder = join(packageFolder, '..', '..', '.cache', 'mutants');
