import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../setup/paths.mjs';
import { buildInfoOf, projects } from '../setup/projects.mjs';

/** Removes what the build made. Dependencies and caches stay. */
export function clean() {
  for (const project of projects()) {
    rmSync(project.outDir, { recursive: true, force: true });
    rmSync(buildInfoOf(project), { force: true });
  }
  rmSync(join(root, '.cache'), { recursive: true, force: true });
  console.log('Removed compiled files and logs.');
  return 0;
}
